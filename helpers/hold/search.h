/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding other names of objects, for as long as one preparation takes. */
#ifndef INITFS_HOLD_SEARCH_H
#define INITFS_HOLD_SEARCH_H

#include "hold/view.h"

struct search;

/* Names are noted by us; this asks the overlay itself whether it still has the node under this one. */
bool search_is_true(const struct name *name, const struct stat *node);

/*
 * Opens on the disk (O_PATH, owned by the caller) what another name of the object st of the view leads
 * to there. The first call makes *search, and walks the whole tree for all open files that could be
 * looked for. -ENOENT: it has no name (that is not nested too deeply). Once for each object.
 */
int search_link(struct search **search, struct view *view, const struct stat *st);

/* Frees *search, which may be NULL. */
void search_free(struct search **search);

#endif
