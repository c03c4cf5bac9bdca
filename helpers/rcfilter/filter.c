/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard hands to the processes that serve: its end. */
#include "config.h"

#include "rcfilter/filter.h"
#include "rcfilter/control.h"
#include "rcfilter/keep.h"
#include "rcfilter/table.h"
#include "common/timeline.h"

#include <unistd.h>

void filter_end(struct filter *filter, bool starts_aside)
{
	if (starts_aside && !filter->board->off && keep_run(filter) < 0)
		timeline_mark(filter->timeline, "rc.forsaken", NULL);
	/* Without its last lines nothing but `initfs services` has less to say. */
	if (table_write(&filter->scripts.catalog, filter->board->records, filter->state) < 0)
		timeline_mark(filter->timeline, "rc.no-table", NULL);
	(void)unlinkat(filter->state, CONTROL_SOCKET, 0);
	timeline_mark(filter->timeline, "rc.gone", NULL);
}
