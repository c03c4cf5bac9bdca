/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of a view that are something else on the disk: the merge has joined a log with one that was there,
 * or has given a file another name, or a directory that was there keeps its own mode. It says so, before
 * the preparation. All of it while the gate is closed.
 */
#ifndef INITFS_HOLD_INSTEAD_H
#define INITFS_HOLD_INSTEAD_H

#include "hold/view.h"

/* The view's object of that number is the one that fd shows; fd stays the caller's. 0 or -errno. */
int instead_note(struct view *view, ino_t ino, int fd);

/*
 * What a node with those attributes is on the disk: a descriptor (O_PATH), owned by the caller. -ENOENT:
 * nobody has said anything. -ESTALE: it is of another type.
 */
int instead_open(const struct view *view, const struct stat *st);

/* Forgets all. */
void instead_free(struct view *view);

/* Does everybody who has the object of that number open for writing append? Where nobody has: yes. */
bool instead_is_appended(struct view *view, ino_t ino);

#endif
