/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the logs that a layer and its disk both have (apart.h), in the staging directory. */
#ifndef INITFS_MERGE_LOGS_H
#define INITFS_MERGE_LOGS_H

#include "merge/apart.h"
#include "merge/copy.h"
#include "merge/place.h"

/* Pure: is that the name of something that is a log, if it looks like one? It is in a directory log. */
bool logs_is_name(const char *directory, const char *path);

/*
 * After the layer was staged: joins logs, as far as that can be done before the seal; under it, all. Then
 * what was staged is noted as ours. Adds to *names what was done. 0 or -errno with the fault.
 */
int logs_stage(struct layer *layer, struct place *place, struct copier *copier, bool is_live,
	       uint64_t *names, struct fault *fault);

#endif
