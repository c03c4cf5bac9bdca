/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket answers every request with one packet, and all services come through it. */
#include "config.h"

#include "check.h"
#include "common/packet.h"
#include "rcfilter/control.h"

#include <stdlib.h>

static int offs;

static void on_off(void *data)
{
	offs++;
}

static void test_answers(struct control *control)
{
	char answer[PACKET_MAX];
	static const char *const wrong[] = { "",	"services x", "services -1", "service",
					     "explain", "OFF",	      "off now" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		control_answer(control, wrong[i], answer, sizeof(answer));
		CHECK_STR(answer, "error 22 services, explain NAME or off");
	}
	control_answer(control, "explain nobody", answer, sizeof(answer));
	CHECK_STR(answer, "error 2 there is no such start script");
	control_answer(control, "explain name0000", answer, sizeof(answer));
	CHECK_STR(answer, "ok name0000 was not asked to start");
	CHECK_INT(offs, 0);
	control_answer(control, "off", answer, sizeof(answer));
	CHECK_STR(answer, "ok");
	CHECK_INT(offs, 1);
}

/* Packets are small, services many. */
static void test_services(struct control *control, size_t total)
{
	char request[64] = "services";
	char answer[PACKET_MAX];
	unsigned int next = 0;
	size_t seen = 0;
	int packets = 0;

	do {
		const char *line;

		memset(answer, '#', sizeof(answer));
		control_answer(control, request, answer, sizeof(answer) - 1);
		CHECK(strlen(answer) < sizeof(answer) - 1);
		CHECK_INT(sscanf(answer, "ok next=%u\n", &next), 1);
		for (line = answer; (line = strchr(line, '\n')) && line[1]; line++)
			seen++;
		(void)snprintf(request, sizeof(request), "services %u", next);
	} while (next && ++packets < 1000);
	CHECK_INT(seen, total);
	CHECK(packets > 1);
}

static bool always(const struct service *service)
{
	return true;
}

/* Of one that has started it is told whether its program can be seen. */
static void test_running(struct control *control)
{
	char answer[PACKET_MAX];

	record_begin(&control->board->records[7], 1, SECOND);
	record_end(&control->board->records[7], 0, 2 * SECOND);
	control_answer(control, "services 7", answer, sizeof(answer));
	CHECK(strstr(answer, "name0007\tran\t0\t1.000\t1.000\t2.000\t-\t-\t"));
	control->is_running = always;
	control_answer(control, "services 7", answer, sizeof(answer));
	CHECK(strstr(answer, "name0007\trunning\t0\t"));
	CHECK(strstr(answer, "name0008\tidle\t0\t"));
}

int main(void)
{
	struct catalog catalog = { 0 };
	struct board *board = board_make();
	struct control control = { .catalog = &catalog, .board = board, .off = on_off };
	char name[32];
	int i;

	for (i = 0; i < 300; i++) {
		struct catalog_text script = { .name = name, .text = "" };

		(void)snprintf(name, sizeof(name), "name%04d", i);
		CHECK_INT(catalog_add(&catalog, &script), 0);
	}
	test_answers(&control);
	test_services(&control, 300);
	test_running(&control);
	catalog_free(&catalog);
	return check_result();
}
