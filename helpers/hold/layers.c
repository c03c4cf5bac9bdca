/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layers that initfs-overlay has made. */
#include "config.h"

#include "hold/layers.h"

#include "common/fd.h"
#include "common/parse.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define LIST_MAX 65536

static int parse_line(struct layer *layer, char *line)
{
	char *directory = line;
	const char *number = strsep(&directory, "\t");
	uint64_t value;

	if (!directory || !is_clean_path(directory) || strcmp(directory, "/") == 0 ||
	    parse_number(number, LAYERS_MAX - 1, &value) < 0)
		return -EINVAL;
	layer->number = (unsigned int)value;
	layer->directory = strdup(directory);
	if (asprintf(&layer->backing, "/run/initfs/layer/%u", layer->number) < 0)
		layer->backing = NULL;
	return layer->directory && layer->backing ? 0 : -ENOMEM;
}

int layers_parse(struct layers *layers, char *text)
{
	char *line;
	int r;

	*layers = (struct layers){ 0 };
	while ((line = strsep(&text, "\n")) && text) {
		if (layers->count == LAYERS_MAX)
			return -EINVAL;
		r = parse_line(&layers->list[layers->count++], line);
		if (r < 0)
			return r;
	}
	/* What is left is behind the last newline: a list that was written whole has nothing there. */
	return line && *line ? -EINVAL : 0;
}

int layers_read(struct layers *layers, const char *path, struct fault *fault)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *text = malloc(LIST_MAX);
	ssize_t n;
	int r;

	*layers = (struct layers){ 0 };
	if (fd < 0)
		return fault_at(fault, -errno, "open the list of layers", path);
	if (!text)
		return fault_at(fault, -ENOMEM, "read the list of layers", path);
	n = read(fd, text, LIST_MAX - 1);
	if (n < 0)
		return fault_at(fault, -errno, "read the list of layers", path);
	text[n] = '\0';
	r = layers_parse(layers, text);
	if (r == 0 && layers->count == 0)
		r = -EINVAL;
	if (r < 0)
		return fault_at(fault, r, "understand the list of layers", path);
	return 0;
}

void layers_free(struct layers *layers)
{
	size_t i;

	for (i = 0; i < layers->count; i++) {
		free(layers->list[i].directory);
		free(layers->list[i].backing);
	}
	*layers = (struct layers){ 0 };
}
