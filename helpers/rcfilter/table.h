/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services as lines of text, for initfs(8): name, state, code, asked, begun, ended, held (seconds
 * of CLOCK_BOOTTIME, "-": never), "back" or "-", and a sentence, by tabs.
 */
#ifndef INITFS_TABLE_H
#define INITFS_TABLE_H

#include "rcfilter/board.h"
#include "rcfilter/catalog.h"

/* What is left of a filter that has ended: its last lines, below /run/initfs. */
#define TABLE_FILE "rcfilter.services"

/* How many services have a place on the board. */
size_t table_count(const struct catalog *catalog);

/*
 * The line of a service, with its newline; 0 where it does not fit. is_running (may be NULL) says of
 * one whose script has ended well whether its program can be seen.
 */
size_t table_line(const struct catalog *catalog, const struct record *records, size_t service,
		  bool (*is_running)(const struct service *service), char *text, size_t size);

/* Writes all lines to TABLE_FILE below state. 0 or -errno. */
int table_write(const struct catalog *catalog, const struct record *records, int state);

#endif
