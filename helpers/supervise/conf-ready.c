/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of Ready= in an early.d file. */
#include "config.h"

#include "supervise/conf-ready.h"
#include "common/parse.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BLANK " \t\r"
#define NOTIFY_FD_MAX 9 /* what every sh can be told to redirect */

/* How a program shows that it is ready, and whether a path or descriptor follows behind a colon. */
static const struct {
	const char *word;
	enum entry_ready ready;
	bool has_more;
} readies[] = {
	{ "started", ENTRY_READY_STARTED, false }, { "pidfile", ENTRY_READY_PIDFILE, false },
	{ "socket", ENTRY_READY_SOCKET, true },	   { "path", ENTRY_READY_PATH, true },
	{ "x11", ENTRY_READY_X11, true },	   { "notify", ENTRY_READY_NOTIFY, true },
	{ "line", ENTRY_READY_LINE, true },
};

static const char *read_ready_more(struct entry *entry, enum entry_ready ready, char *more)
{
	uint64_t fd = 0;
	char *line = ready == ENTRY_READY_LINE ? strpbrk(more, BLANK) : NULL;

	if (ready == ENTRY_READY_NOTIFY && (parse_number(more, NOTIFY_FD_MAX, &fd) < 0 || fd < 3))
		return "a descriptor, 3 to 9, behind the colon";
	if (ready == ENTRY_READY_LINE && !line)
		return "a path and a piece of a line behind the colon";
	if (line)
		*line++ = '\0';
	if (ready != ENTRY_READY_NOTIFY && !is_clean_path(more))
		return "an absolute path behind the colon";
	entry->ready = ready;
	entry->ready_path = ready == ENTRY_READY_NOTIFY ? NULL : more;
	entry->ready_line = line ? line + strspn(line, BLANK) : NULL;
	entry->notify_fd = (int)fd;
	return NULL;
}

const char *conf_read_ready(struct entry *entry, char *value)
{
	char *more = strchr(value, ':');
	unsigned int i;

	if (more)
		*more++ = '\0';
	for (i = 0; i < sizeof(readies) / sizeof(readies[0]); i++) {
		if (strcmp(value, readies[i].word) != 0 || readies[i].has_more != (more != NULL))
			continue;
		if (more)
			return read_ready_more(entry, readies[i].ready, more);
		entry->ready = readies[i].ready;
		return NULL;
	}
	return "started, pidfile, socket:PATH, path:PATH, x11:PATH, notify:FD or line:PATH TEXT";
}
