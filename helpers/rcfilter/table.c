/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services as lines of text. */
#include "config.h"

#include "rcfilter/table.h"
#include "rcfilter/evidence.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static void put_time(char *text, size_t size, uint64_t time)
{
	if (time)
		(void)snprintf(text, size, "%llu.%03llu", (unsigned long long)(time / SECOND),
			       (unsigned long long)(time % SECOND / MSEC));
	else
		(void)snprintf(text, size, "-");
}

size_t table_count(const struct catalog *catalog)
{
	return catalog->count < BOARD_MAX ? catalog->count : BOARD_MAX;
}

size_t table_line(const struct catalog *catalog, const struct record *records, size_t service,
		  bool (*is_running)(const struct service *service), char *text, size_t size)
{
	const struct record *record = &records[service];
	const struct service *s = &catalog->list[service];
	const uint64_t times[] = { record->asked, record->begun, record->ended, record->held };
	bool runs = record->state == STATE_RAN && is_running && is_running(s);
	char word[4][32];
	char sentence[512];
	size_t i;
	int n;

	for (i = 0; i < 4; i++)
		put_time(word[i], sizeof(word[i]), times[i]);
	(void)explain(catalog, records, service, sentence, sizeof(sentence));
	n = snprintf(text, size, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", s->name,
		     runs ? "running" : state_name(record->state), record->code, word[0], word[1],
		     word[2], word[3], record->back ? "back" : "-", sentence);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

int table_write(const struct catalog *catalog, const struct record *records, int state)
{
	auto_close int fd = openat(state, TABLE_FILE "~",
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	char text[LINE_MAX_BYTES];
	size_t i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < table_count(catalog); i++) {
		size_t length =
			table_line(catalog, records, i, evidence_is_there, text, sizeof(text));

		if (length && write(fd, text, length) != (ssize_t)length)
			return -EIO;
	}
	return renameat(state, TABLE_FILE "~", state, TABLE_FILE) < 0 ? -errno : 0;
}
