/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a merge is going to do, in words: one line for each change, for --dry-run and --verbose. */
#ifndef INITFS_MERGE_DESCRIBE_H
#define INITFS_MERGE_DESCRIBE_H

#include "merge/layer.h"

#include <stdio.h>

/* create, replace, delete or update (a directory's attributes), and the path below the layer. */
void describe_layer(FILE *to, const struct layer *layer);

#endif
