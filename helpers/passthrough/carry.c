/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts taken along when the one below them is replaced. */
#include "config.h"

#include "passthrough/carry.h"
#include "passthrough/guard.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/parse.h"

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
		if (is_at_or_below(path, carry->list[i].path))
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
	auto_free char *text = NULL;
	struct mountinfo info;
	char *rest;

	if (mountinfo_read(&text) < 0)
		return false;
	for (rest = text; mountinfo_next(&rest, &info);) {
		const char *below = lost->root;

		if (info.major != lost->major || info.minor != lost->minor ||
		    is_below(info.target, avoid) || !is_at_or_below(below, info.root))
			continue;
		if (strcmp(info.root, "/") != 0)
			below += strlen(info.root);
		return (size_t)snprintf(path, size, "%s%s", info.target, below) < size;
	}
	return false;
}

static void collect_one(struct carry *carry, const struct mountinfo *info, const char *below)
{
	struct fault fault = { 0 };
	auto_close int clone = mountfd_clone(AT_FDCWD, info->target, 1, &fault);
	auto_free char *copy = strdup(info->target);
	struct carried *list;
	char elsewhere[4096];

	if (clone < 0 && find_elsewhere(info, below, elsewhere, sizeof(elsewhere)))
		clone = mountfd_clone(AT_FDCWD, elsewhere, 1, &fault);
	list = reallocarray(carry->list, carry->count + 1, sizeof(*list));
	if (list)
		carry->list = list;
	if (clone < 0 || !copy || !list) {
		note_lost(carry, info->target);
		return;
	}
	list[carry->count++] = (struct carried){ take_pointer(copy), take_fd(&clone) };
}

static bool is_view(const struct guard *guard, uint64_t id)
{
	size_t i;

	for (i = 0; i < guard->count; i++)
		if (guard->views[i].mount.id == id)
			return true;
	return false;
}

void carry_collect(struct carry *carry, const char *path, const struct guard *guard)
{
	/* Lines come in the order of mounting, so a parent is always seen before its children. */
	auto_free char *text = NULL;
	struct mountinfo info;
	char *rest;

	*carry = (struct carry){ 0 };
	if (mountinfo_read(&text) < 0) {
		note_lost(carry, path); /* nobody knows what */
		return;
	}
	for (rest = text; mountinfo_next(&rest, &info);)
		if (is_below(info.target, path) && !is_view(guard, info.id) &&
		    !is_covered(carry, info.target))
			collect_one(carry, &info, path);
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
