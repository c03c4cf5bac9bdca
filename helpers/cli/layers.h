/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layers of /run/initfs/layers, and how much RAM each of them takes. */
#ifndef INITFS_CLI_LAYERS_H
#define INITFS_CLI_LAYERS_H

#include "common/fault.h"

#include <stddef.h>
#include <stdint.h>

#define LAYERS_MAX 32

struct layers {
	size_t count;
	char *text;
	const char *number[LAYERS_MAX];
	const char *directory[LAYERS_MAX];
};

/* Pure: takes text ("0\t/var\n1\t/tmp\n"), which the layers own from now on, apart. */
void layers_parse(struct layers *ret_layers, char *text);

/* Reads them. Returns 0, -ENOENT where there are none, or -errno. layers_free it in any case. */
int layers_read(struct layers *ret_layers);

void layers_free(struct layers *layers);

struct layer_usage {
	uint64_t bytes; /* of RAM: what is allocated, holes excepted */
	uint64_t names;
};

/* Counts what the upper directory of layer number holds. Only root may. Returns 0 or -errno. */
int layer_usage(const char *number, struct layer_usage *ret_usage);

#endif
