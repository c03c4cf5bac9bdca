/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that somebody is bound to. */
#include "config.h"

#include "merge/sockets.h"
#include "common/fd.h"
#include "common/parse.h"
#include "common/timeline.h"

#include <stdio.h>
#include <string.h>

#define PROC_NET_UNIX "/proc/net/unix"
/* The columns before the path: number, references, protocol, flags, type, state, inode. */
#define COLUMNS 7
/* SS_CONNECTED: what accept(2) returned carries the listener's path too. */
#define CONNECTED "03"

const char *sockets_path(char *line)
{
	const char *state = NULL;
	int column;

	for (column = 1; column <= COLUMNS; column++) {
		char *end = line + strcspn(line, " ");

		if (column == COLUMNS - 1)
			state = line;
		if (*end)
			*end++ = '\0';
		line = end + strspn(end, " ");
	}
	if (*line != '/' || !state || strcmp(state, CONNECTED) == 0)
		return NULL;
	return line;
}

void sockets_report(const char *directory, int timeline)
{
	auto_fclose FILE *file = fopen(PROC_NET_UNIX, "re");
	auto_free char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		const char *path;

		line[strcspn(line, "\n")] = '\0';
		path = sockets_path(line);
		if (path && is_at_or_below(path, directory))
			timeline_mark(timeline, "merge.socket", "path", path, NULL);
	}
}
