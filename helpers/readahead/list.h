/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot reads, as text. Pure.
 *
 *	initfs-readahead 1
 *	OFFSET LENGTH PATH	(bytes; a line for each range, in the order of the disk)
 */
#ifndef INITFS_READAHEAD_LIST_H
#define INITFS_READAHEAD_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Below the root; on the disk, as what it names. */
#define LIST_PATH "var/lib/initfs/readahead"

struct range {
	char *path; /* absolute, clean, without a newline; owned by the list */
	uint64_t offset;
	uint64_t length; /* not 0 */
	uint64_t place; /* on the disk; known only to who records */
};

struct list {
	struct range *ranges;
	size_t count;
	size_t room;
};

/* Why a text is no list; the words are a constant. */
struct list_mistake {
	size_t line;
	const char *what;
};

/*
 * Adds a range of path, of which it makes a copy. A path that a line cannot hold is left out.
 * Returns 0 or -ENOMEM.
 */
int list_add(struct list *list, const char *path, const struct range *range);

/* By their places. What is there by several names (hard links) stays by one. */
void list_sort(struct list *list);

/* Writes the text. Errors are the stream's. */
void list_write(const struct list *list, FILE *stream);

/*
 * Takes a text apart, which it changes. Everything is taken or nothing: returns 0, -ENOMEM, or
 * -EINVAL with the mistake, after which the list is empty. list_free() is due in any case.
 */
int list_parse(struct list *list, char *text, struct list_mistake *ret_mistake);

uint64_t list_bytes(const struct list *list);

void list_free(struct list *list);

#endif
