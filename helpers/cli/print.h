/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of an answer on stdout. */
#ifndef INITFS_CLI_PRINT_H
#define INITFS_CLI_PRINT_H

#include <stdint.h>

/* Text that came from the machine (a path, a reason): what a terminal would obey is a '?'. */
void print_text(const char *text);

/* "1.5 MiB" */
void print_size(uint64_t bytes);

/* "12.345 s" */
void print_seconds(uint64_t usec);

#endif
