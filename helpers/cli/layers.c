/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layers of /run/initfs/layers, and how much RAM each of them takes. */
#include "config.h"

#include "cli/layers.h"
#include "cli/command.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper than any tree that a boot makes; what is below is not counted. */
#define DEPTH_MAX 128

void layers_parse(struct layers *ret_layers, char *text)
{
	struct layers layers = { .text = text };
	char *line = text;

	while (line && *line && layers.count < LAYERS_MAX) {
		char *next = strchr(line, '\n');
		char *tab;

		if (next)
			*next++ = '\0';
		tab = strchr(line, '\t');
		if (tab) {
			*tab = '\0';
			layers.number[layers.count] = line;
			layers.directory[layers.count++] = tab + 1;
		}
		line = next;
	}
	*ret_layers = layers;
}

int layers_read(struct layers *ret_layers)
{
	char *text = NULL;
	ssize_t n = file_read(AT_FDCWD, STATE_DIR "/layers", 65536, &text);

	*ret_layers = (struct layers){ 0 };
	if (n < 0)
		return (int)n;
	layers_parse(ret_layers, text);
	return 0;
}

void layers_free(struct layers *layers)
{
	free(layers->text);
	*layers = (struct layers){ 0 };
}

/* Takes dir over. What goes away while we look is not counted. */
static int add_folder(int dir, unsigned int depth, struct layer_usage *usage)
{
	auto_closedir DIR *folder = fdopendir(dir);
	struct dirent *entry;

	if (!folder) {
		int error = -errno;

		fd_close(&dir);
		return error;
	}
	while ((entry = readdir(folder))) {
		struct stat st;
		int child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		usage->bytes += (uint64_t)st.st_blocks * 512;
		usage->names++;
		if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX)
			continue;
		child = open_walk(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY, 0);
		if (child >= 0)
			(void)add_folder(child, depth + 1, usage); /* gone, or not ours to read */
	}
	return 0;
}

int layer_usage(const char *number, struct layer_usage *ret_usage)
{
	struct layer_usage usage = { 0 };
	char path[PATH_MAX];
	int dir, r;

	(void)snprintf(path, sizeof(path), STATE_DIR "/ram/%s/upper", number);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return -errno;
	r = add_folder(dir, 0, &usage);
	if (r == 0)
		*ret_usage = usage;
	return r;
}
