/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runlevel that init says it is in. */
#include "config.h"

#include "common/utmp.h"

#include <string.h>
#include <utmp.h>

char runlevel_in_utmp(const void *records, size_t size)
{
	char runlevel = '\0';
	size_t at;

	for (at = 0; at + sizeof(struct utmp) <= size; at += sizeof(struct utmp)) {
		struct utmp record;

		memcpy(&record, (const char *)records + at, sizeof(record));
		/* init packs the runlevel and the one before into the field for a pid */
		if (record.ut_type == RUN_LVL)
			runlevel = (char)(record.ut_pid & 0xff);
	}
	return runlevel;
}

bool is_going_down(char runlevel)
{
	return runlevel && strchr("016", runlevel);
}
