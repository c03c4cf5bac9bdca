/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No request on the rc filter's control socket is left without one answer that fits in a packet,
 * whatever the services are called and the records say; and only "off" turns the filter off.
 * Built and run by test-parsers.sh.
 */
#include "config.h"

#include "common/packet.h"
#include "rcfilter/control.h"
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>

#define SERVICES_MAX 64
#define RECORD_BYTES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int offs;

static void on_off(void *data)
{
	offs++;
}

/* One service for each RECORD_BYTES: its state, reason, culprit, code and times; long names, too. */
static void add_service(struct catalog *catalog, struct board *board, const uint8_t *data)
{
	struct record *record = &board->records[catalog->count];
	struct catalog_text script = { .text = "# Required-Start: $network" };
	char name[512];
	size_t length = data[5] % 2 ? data[5] : 1U + data[5] % 8;

	memset(name, 'a' + data[5] % 26, length);
	(void)snprintf(name + length, sizeof(name) - length, "%zu", catalog->count);
	script.name = name;
	script.size = strlen(script.text);
	if (catalog_add(catalog, &script) < 0)
		abort();
	*record = (struct record){
		.state = data[0] % STATES,
		.why = data[1] % WHYS,
		.culprit = data[2] == 255 ? CATALOG_NONE : data[2],
		.code = (int8_t)data[3],
		.asked = (uint64_t)data[4] << (data[5] % 56),
		.held = data[4],
		.back = data[1] & 0x80,
	};
	free(catalog->list[catalog->count - 1].needs_network);
	catalog->list[catalog->count - 1].needs_network = strdup("$network");
}

/* The length of the answer, which is one line of "error" or a packet of "ok". */
static size_t ask(struct control *control, const char *request, char *ret_answer)
{
	int before = offs;

	memset(ret_answer, '#', PACKET_MAX);
	control_answer(control, request, ret_answer, PACKET_MAX - 1);
	if (!memchr(ret_answer, '\0', PACKET_MAX - 1))
		abort();
	if (strncmp(ret_answer, "ok", 2) != 0 && strncmp(ret_answer, "error ", 6) != 0)
		abort();
	if (offs != before + (strcmp(request, "off") == 0))
		abort();
	return strlen(ret_answer);
}

/* Who asks on from where an answer ended comes to the end. */
static void read_all(struct control *control, char *answer)
{
	char request[32] = "services";
	unsigned int next = 0;
	unsigned int last;

	do {
		last = next;
		(void)ask(control, request, answer);
		if (sscanf(answer, "ok next=%u\n", &next) != 1 || (next && next <= last))
			abort();
		(void)snprintf(request, sizeof(request), "services %u", next);
	} while (next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct board board;
	struct catalog catalog = { 0 };
	struct control control = { .catalog = &catalog, .board = &board, .off = on_off };
	size_t count = size ? data[0] % SERVICES_MAX : 0;
	char *answer = malloc(PACKET_MAX);
	char *text;
	char *rest;
	char *line;

	if (!size || !answer) {
		free(answer);
		return 0;
	}
	memset(board.records, 0, sizeof(board.records));
	for (; count && size > RECORD_BYTES; count--, data += RECORD_BYTES, size -= RECORD_BYTES)
		add_service(&catalog, &board, data + 1);
	text = rest = fuzz_text(data, size);
	while ((line = strsep(&rest, "\n")))
		(void)ask(&control, line, answer);
	read_all(&control, answer);
	free(text);
	free(answer);
	catalog_free(&catalog);
	return 0;
}
