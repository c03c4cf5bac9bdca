/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot reads, as text. */
#include "config.h"

#include "readahead/list.h"
#include "common/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "initfs-readahead 1";

int list_add(struct list *list, const char *path, const struct range *range)
{
	struct range *added;

	if (!is_clean_path(path) || strchr(path, '\n'))
		return 0;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct range *more = reallocarray(list->ranges, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->ranges = more;
		list->room = room;
	}
	added = &list->ranges[list->count];
	*added = *range;
	added->path = strdup(path);
	if (!added->path)
		return -ENOMEM;
	list->count++;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Who does not know the places of a file system has an inode for all ranges of a file. */
static bool is_same_place(const struct range *a, const struct range *b)
{
	return a->place == b->place && a->offset == b->offset && a->length == b->length;
}

static int compare(const void *left, const void *right)
{
	const struct range *a = left;
	const struct range *b = right;

	if (a->place != b->place)
		return compare_numbers(a->place, b->place);
	if (a->offset != b->offset)
		return compare_numbers(a->offset, b->offset);
	if (a->length != b->length)
		return compare_numbers(a->length, b->length);
	return strcmp(a->path, b->path);
}

void list_sort(struct list *list)
{
	size_t from, to = 0;

	if (!list->count)
		return;
	qsort(list->ranges, list->count, sizeof(*list->ranges), compare);
	for (from = 1; from < list->count; from++) {
		if (is_same_place(&list->ranges[from], &list->ranges[to]))
			free(list->ranges[from].path);
		else
			list->ranges[++to] = list->ranges[from];
	}
	list->count = to + 1;
}

void list_write(const struct list *list, FILE *stream)
{
	size_t i;

	(void)fprintf(stream, "%s\n", head);
	for (i = 0; i < list->count; i++)
		(void)fprintf(stream, "%llu %llu %s\n", (unsigned long long)list->ranges[i].offset,
			      (unsigned long long)list->ranges[i].length, list->ranges[i].path);
}

/* Returns what is wrong with a line, or NULL; ret_range's path points into it. */
static const char *parse_line(char *line, struct range *ret_range)
{
	char *offset = strsep(&line, " ");
	char *length = line ? strsep(&line, " ") : NULL;

	if (!line)
		return "is not OFFSET LENGTH PATH";
	*ret_range = (struct range){ .path = line };
	/* Offsets of files are signed. */
	if (parse_number(offset, INT64_MAX, &ret_range->offset) < 0)
		return "has no number as OFFSET";
	if (parse_number(length, INT64_MAX - ret_range->offset, &ret_range->length) < 0 ||
	    !ret_range->length)
		return "has no number above 0 as LENGTH";
	if (!is_clean_path(line) || !line[1])
		return "has no absolute PATH without . and ..";
	return NULL;
}

static int mistake(struct list *list, struct list_mistake *ret_mistake, size_t line,
		   const char *what)
{
	list_free(list);
	*ret_mistake = (struct list_mistake){ .line = line, .what = what };
	return -EINVAL;
}

int list_parse(struct list *list, char *text, struct list_mistake *ret_mistake)
{
	char *line = strsep(&text, "\n");
	size_t number = 1;

	*list = (struct list){ 0 };
	if (strcmp(line, head) != 0)
		return mistake(list, ret_mistake, number, "is not \"initfs-readahead 1\"");
	while (text && *text) {
		struct range range;
		const char *what;
		int r;

		line = strsep(&text, "\n");
		number++;
		if (!text) /* the rest of it is missing, whatever it looks like */
			return mistake(list, ret_mistake, number, "has no end");
		what = parse_line(line, &range);
		if (what)
			return mistake(list, ret_mistake, number, what);
		r = list_add(list, range.path, &range);
		if (r < 0)
			return r;
	}
	return 0;
}

uint64_t list_bytes(const struct list *list)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		bytes += list->ranges[i].length;
	return bytes;
}

void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->ranges[i].path);
	free(list->ranges);
	*list = (struct list){ 0 };
}
