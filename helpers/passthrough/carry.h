/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted below a directory, taken along when the mount that it stands on is replaced by
 * another one of the same tree: detaching a mount detaches everything below it as well.
 */
#ifndef INITFS_CARRY_H
#define INITFS_CARRY_H

#include <stddef.h>

struct carried {
	char *path; /* where it was mounted; owned */
	int clone; /* a detached copy of it and of what is mounted on it; owned */
};

struct carry {
	struct carried *list;
	size_t count;
	char lost[256]; /* the first mount that could not be taken along, or "" */
};

/*
 * Copies the mounts directly below path (mount points that path is a parent directory of). Does
 * not fail: a mount that cannot be reached, because the path to it leads through a server that is
 * dead, is named in ->lost. The guard's own views are left out: they are replaced, too. carry_free it
 * in any case.
 */
struct guard;
void carry_collect(struct carry *carry, const char *path, const struct guard *guard);

/* Attaches the copies at the same paths. 0, or -errno where ->lost names one that is missing. */
int carry_attach(struct carry *carry);

void carry_free(struct carry *carry);

#endif
