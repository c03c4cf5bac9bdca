/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted inside of a protected directory, and where it goes: a clone of each mount is
 * attached to the disk directory underneath, so that it is there when the view above is taken away.
 * A directory of sockets below /run/initfs/sockets stays where it is: each socket in it becomes a
 * symbolic link on the disk, so that no mount of ours has to stay.
 */
#ifndef INITFS_MERGE_CARRY_H
#define INITFS_MERGE_CARRY_H

#include "common/fault.h"
#include "merge/layer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARRY_MAX 64 /* mounts directly in protected directories */

struct carried {
	uint64_t id; /* of the mount, as mountinfo numbers it */
	const struct layer *layer;
	char *path; /* below the layer's directory, owned */
	int mount; /* O_PATH of its root */
	char *sockets; /* where the sockets really are, owned; NULL for a mount that is cloned */
	int clone; /* attached to the disk; -EBADF until then */
};

struct carry {
	struct carried list[CARRY_MAX];
	size_t count;
};

/*
 * Finds the mounts and opens them. Before the seal: a path through the view waits behind it. 0 or
 * -errno with the fault; carry_free is due in any case.
 */
int carry_find(struct carry *carry, const struct layer *layers, size_t count, struct fault *fault);

/* Under the seal: are these still all that there are? 0, or -EAGAIN with the fault. */
int carry_check(const struct carry *carry, const struct layer *layers, size_t count,
		struct fault *fault);

/*
 * Opens (O_PATH, owned by the caller) the same place on the root's own mount: a clone of a mount
 * cannot be mounted on, and a path would lead into the view.
 */
int carry_underneath(int root, int place);

/*
 * Under the seal, after publishing: attaches the clones, makes the symbolic links. root is a
 * directory of the root's own mount. On failure carry_undo takes back what could be done.
 */
int carry_attach(struct carry *carry, int root, struct fault *fault);
void carry_undo(struct carry *carry);

void carry_free(struct carry *carry);

#endif
