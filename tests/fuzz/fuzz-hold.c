/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No request on the control socket, layers file or series of locks makes
 * initfs-hold do anything but answer: each request once, and with a seal that ends with its owner.
 */
#include "config.h"

#include "hold/layers.h"
#include "hold/ranges.h"

/* Its requests are carried out by a function that nobody else may call. */
#include "hold/control.c" /* NOLINT(bugprone-suspicious-include) */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines are requests of two peers in turn, to a process that holds nothing. */
static void try_control(char *text)
{
	static struct hold hold;
	struct control control = { .hold = &hold, .sealer = -1 };
	char reply[PACKET_MAX];
	char *line;
	int place, i;

	gate_init(&hold.gate);
	for (i = 0; i < CONNECTIONS; i++)
		control.peers[i] = -EBADF;
	for (place = 0; (line = strsep(&text, "\n")); place = !place) {
		reply[0] = '\0';
		requests_carry_out(&control, place, line, -EBADF, reply);
		if (strncmp(reply, "ok", 2) != 0 && strncmp(reply, "error ", 6) != 0)
			abort();
	}
	for (place = 0; place < 2; place++)
		hang_up(&control, place);
	if (control.sealer >= 0 || hold.gate.is_closed)
		abort();
}

/* Four bytes are a lock. A model of the first 16 bytes says what each of them must be. */
static void try_ranges(const uint8_t *data, size_t size)
{
	static const int types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
	struct range *ranges = NULL;
	int model[16];
	size_t i;

	for (i = 0; i < 16; i++)
		model[i] = F_UNLCK;
	for (; size >= 3; data += 3, size -= 3) {
		int64_t start = data[0] % 16, end = start + data[1] % 8;
		int type = types[data[2] % 3];

		if (ranges_set(&ranges, start, end, type) < 0)
			abort();
		for (i = (size_t)start; i < 16 && i <= (size_t)end; i++)
			model[i] = type;
		for (i = 0; i < 16; i++) {
			const struct range *found =
				ranges_conflict(ranges, (int64_t)i, (int64_t)i, F_WRLCK);

			if ((found ? found->type : F_UNLCK) != model[i])
				abort();
		}
	}
	ranges_free(&ranges);
}

static void try_lines(char *text)
{
	struct layers layers;
	char *copy = strdup(text);

	if (!copy)
		abort();
	(void)layers_parse(&layers, copy);
	layers_free(&layers);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data, size);
	if (data[0] % 3 == 0)
		try_control(text);
	else if (data[0] % 3 == 1)
		try_lines(text);
	else
		try_ranges(data + 1, size - 1);
	free(text);
	return 0;
}
