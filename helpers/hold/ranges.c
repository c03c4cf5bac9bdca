/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The byte ranges that one owner has locked in one file. */
#include "config.h"

#include "hold/ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Takes start…end out of all ranges. spare is used for the one range that may fall in two. */
static void cut(struct range **slot, int64_t start, int64_t end, struct range **spare)
{
	while (*slot && (*slot)->start <= end) {
		struct range *range = *slot;

		if (range->end < start) {
			slot = &range->next;
		} else if (range->start < start && range->end > end) {
			**spare = (struct range){ range->next, end + 1, range->end, range->type };
			range->next = *spare;
			range->end = start - 1;
			*spare = NULL;
			return;
		} else if (range->start < start) {
			range->end = start - 1;
			slot = &range->next;
		} else if (range->end > end) {
			range->start = end + 1;
			return;
		} else {
			*slot = range->next;
			free(range);
		}
	}
}

/* Puts range where it belongs and joins it with neighbours of its type. */
static void insert(struct range **slot, struct range *range)
{
	struct range *before = NULL;

	while (*slot && (*slot)->start < range->start) {
		before = *slot;
		slot = &before->next;
	}
	range->next = *slot;
	*slot = range;
	if (range->next && range->next->type == range->type && range->end != RANGE_END &&
	    range->next->start == range->end + 1) {
		struct range *after = range->next;

		range->end = after->end;
		range->next = after->next;
		free(after);
	}
	if (before && before->type == range->type && before->end + 1 == range->start) {
		before->end = range->end;
		before->next = range->next;
		free(range);
	}
}

int ranges_set(struct range **ranges, int64_t start, int64_t end, int type)
{
	struct range *spare = malloc(sizeof(*spare));
	struct range *range = malloc(sizeof(*range));

	if (!spare || !range) {
		free(spare);
		free(range);
		return -ENOMEM;
	}
	cut(ranges, start, end, &spare);
	free(spare);
	if (type == F_UNLCK) {
		free(range);
		return 0;
	}
	*range = (struct range){ NULL, start, end, type };
	insert(ranges, range);
	return 0;
}

const struct range *ranges_conflict(const struct range *ranges, int64_t start, int64_t end,
				    int type)
{
	for (; ranges && ranges->start <= end; ranges = ranges->next)
		if (ranges->end >= start && (type == F_WRLCK || ranges->type == F_WRLCK))
			return ranges;
	return NULL;
}

void ranges_free(struct range **ranges)
{
	while (*ranges) {
		struct range *range = *ranges;

		*ranges = range->next;
		free(range);
	}
}
