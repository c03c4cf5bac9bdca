/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layers that initfs-overlay has made, as /run/initfs/layers lists them. */
#ifndef INITFS_HOLD_LAYERS_H
#define INITFS_HOLD_LAYERS_H

#include "common/fault.h"

#include <stddef.h>

#define LAYERS_MAX 64 /* protected directories; a list that is longer is not ours */

struct layer {
	unsigned int number;
	char *directory; /* /var */
	char *backing; /* /run/initfs/layer/N */
};

struct layers {
	struct layer list[LAYERS_MAX];
	size_t count;
};

/* Pure: takes the text of the list apart: lines "N<TAB>DIRECTORY". 0 or -EINVAL; layers_free it. */
int layers_parse(struct layers *layers, char *text);

/* Reads the list at path. 0 or -errno; -ENOENT where no overlays are up. layers_free it. */
int layers_read(struct layers *layers, const char *path, struct fault *fault);

void layers_free(struct layers *layers);

#endif
