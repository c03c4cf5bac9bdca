/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline of a boot as a list of events. */
#include "config.h"

#include "cli/record.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A boot writes some hundred lines; this is a hundred times that. */
#define RECORD_MAX (4 * 1024 * 1024)

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		count++;
	return count;
}

int record_parse(struct record *ret_record, char *text)
{
	struct record record = { .text = text };
	char *line = text;

	record.lines = calloc(count_lines(text) + 1, sizeof(record.lines[0]));
	if (!record.lines) {
		free(text);
		return -ENOMEM;
	}
	while (*line) {
		struct record_line *next = &record.lines[record.count++];
		char *end = line + strcspn(line, "\n");
		bool is_last = !*end;

		*end = '\0';
		next->is_event = timeline_parse(line, &next->event) == 0;
		if (!next->is_event)
			next->event = (struct timeline_event){ .event = line };
		line = is_last ? end : end + 1;
	}
	*ret_record = record;
	return 0;
}

int record_read(struct record *ret_record, const char *path, struct fault *fault)
{
	char *text = NULL;
	ssize_t length = file_read(AT_FDCWD, path, RECORD_MAX, &text);
	int r;

	*ret_record = (struct record){ 0 };
	if (length < 0)
		return fault_at(fault, (int)length, "read the timeline", path);
	r = record_parse(ret_record, text);
	return r < 0 ? fault_at(fault, r, "read the timeline", path) : 0;
}

void record_free(struct record *record)
{
	free(record->lines);
	free(record->text);
	*record = (struct record){ 0 };
}
