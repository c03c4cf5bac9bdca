/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order. */
#include "config.h"

#include "rcfilter/order.h"

#include <stdlib.h>
#include <string.h>

/*
 * Edges may be a thousand deep, our stack may not: both walks go round until nothing changes. A
 * system has a few hundred scripts.
 */
void order_closure(const struct catalog *catalog, size_t service, bool *reached)
{
	bool changed = true;
	size_t i;
	size_t k;

	reached[service] = true;
	while (changed) {
		changed = false;
		for (i = 0; i < catalog->count; i++)
			for (k = 0; reached[i] && k < catalog->list[i].edges; k++)
				if (!reached[catalog->list[i].edge[k].to]) {
					reached[catalog->list[i].edge[k].to] = true;
					changed = true;
				}
	}
}

static bool is_ready(const struct catalog *catalog, size_t service, const bool *waiting)
{
	const struct service *s = &catalog->list[service];
	size_t i;

	for (i = 0; i < s->edges; i++)
		if (s->edge[i].to != service && waiting[s->edge[i].to])
			return false;
	return true;
}

size_t order_services(const struct catalog *catalog, const bool *wanted, size_t *order)
{
	bool *waiting = calloc(catalog->count + 1, sizeof(*waiting));
	size_t count = 0;
	size_t i;

	if (!waiting)
		return 0;
	memcpy(waiting, wanted, catalog->count * sizeof(*waiting));
	for (;;) {
		size_t next = CATALOG_NONE;
		size_t first = CATALOG_NONE;

		for (i = 0; i < catalog->count && next == CATALOG_NONE; i++) {
			if (!waiting[i])
				continue;
			if (first == CATALOG_NONE)
				first = i;
			if (is_ready(catalog, i, waiting))
				next = i;
		}
		if (first == CATALOG_NONE)
			break;
		if (next == CATALOG_NONE)
			next = first; /* a circle: cut here */
		waiting[next] = false;
		order[count++] = next;
	}
	free(waiting);
	return count;
}
