/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of an overlay, as mountinfo has them. Pure. */
#ifndef INITFS_MERGE_OVERLAYOPT_H
#define INITFS_MERGE_OVERLAYOPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies the value of the option key ("upperdir=") to value. *at starts as options and moves on, so
 * that repeated calls find each; false when there is none any more. overlayfs writes a comma or a
 * backslash in a path as \, and \\.
 */
bool overlayopt_next(const char **at, const char *key, char *value, size_t size);

#endif
