/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts taken along when the one below them is replaced. */
#include "config.h"

#include "passthrough/carry.h"
#include "passthrough/mountinfo.h"
#include "common/fd.h"
#include "common/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void note_lost(struct carry *carry, const char *path)
{
	if (!carry->lost[0])
		(void)snprintf(carry->lost, sizeof(carry->lost), "%s", path);
}

/* A mount on a mount that is carried goes with that one: its copy is recursive. */
static bool is_covered(const struct carry *carry, const char *path)
{
	size_t i;

	for (i = 0; i < carry->count; i++)
		if (strcmp(carry->list[i].path, path) == 0 ||
		    is_path_below(path, carry->list[i].path))
			return true;
	return false;
}

/*
 * Where else the directory that info shows can be reached: another mount of the same file system,
 * not below avoid, that shows it too. Writes a path. What is mounted here may have other
 * attributes (ro, nosuid) than the lost one; a bind mount of /run/initfs/sockets has not.
 */
static bool find_elsewhere(const struct mountinfo *lost, const char *avoid, char *path, size_t size)
{
	auto_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	struct mountinfo info;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		const char *rest = lost->root;

		line[strcspn(line, "\n")] = '\0';
		if (mountinfo_parse(line, &info) < 0 || strcmp(info.device, lost->device) != 0 ||
		    is_path_below(info.path, avoid))
			continue;
		if (strcmp(info.root, "/") != 0) {
			if (strcmp(info.root, rest) != 0 && !is_path_below(rest, info.root))
				continue;
			rest += strlen(info.root);
		}
		return (size_t)snprintf(path, size, "%s%s", info.path, rest) < size;
	}
	return false;
}

static void collect_one(struct carry *carry, const struct mountinfo *info, const char *below)
{
	struct fault fault = { 0 };
	auto_close int clone = mountfd_clone(AT_FDCWD, info->path, 1, &fault);
	auto_free char *copy = strdup(info->path);
	struct carried *list;
	char elsewhere[4096];

	if (clone < 0 && find_elsewhere(info, below, elsewhere, sizeof(elsewhere)))
		clone = mountfd_clone(AT_FDCWD, elsewhere, 1, &fault);
	list = reallocarray(carry->list, carry->count + 1, sizeof(*list));
	if (list)
		carry->list = list;
	if (clone < 0 || !copy || !list) {
		note_lost(carry, info->path);
		return;
	}
	list[carry->count++] = (struct carried){ take_pointer(copy), take_fd(&clone) };
}

void carry_collect(struct carry *carry, const char *path)
{
	/* Lines come in the order of mounting, so a parent is always seen before its children. */
	auto_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	struct mountinfo info;
	size_t size = 0;

	*carry = (struct carry){ 0 };
	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (mountinfo_parse(line, &info) == 0 && is_path_below(info.path, path) &&
		    !is_covered(carry, info.path))
			collect_one(carry, &info, path);
	}
}

int carry_attach(struct carry *carry)
{
	struct fault fault = { 0 };
	size_t i;

	for (i = 0; i < carry->count; i++)
		if (mountfd_attach(carry->list[i].clone, AT_FDCWD, carry->list[i].path, &fault) < 0)
			note_lost(carry, carry->list[i].path);
	return carry->lost[0] ? -EIO : 0;
}

void carry_free(struct carry *carry)
{
	size_t i;

	for (i = 0; i < carry->count; i++) {
		free(carry->list[i].path);
		fd_close(&carry->list[i].clone);
	}
	free(carry->list);
	*carry = (struct carry){ 0 };
}
