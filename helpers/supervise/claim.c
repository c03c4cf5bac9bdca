/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start scripts that may mount hierarchies of control groups. */
#include "config.h"

#include "supervise/claim.h"
#include "common/fd.h"
#include "common/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SCRIPT_MAX (1U << 20)

/* Where runners of all kinds keep what they start; what is not there is not looked for. */
static const char *const places[] = {
	"/etc/fstab", "/etc/inittab",	  "/etc/rc",   "/etc/rc.local", "/etc/init.d",
	"/etc/rc.d",  "/etc/rc.d/init.d", "/lib/init", "/etc/rcS.d",
};

bool claim_in(const char *text, size_t size)
{
	static const char word[] = "cgroup";
	const char *end = text + size;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *line = text;

		stop = stop ? stop : end;
		text = stop + 1;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		if (line < stop && *line != '#' &&
		    memmem(line, (size_t)(stop - line), word, sizeof(word) - 1))
			return true;
	}
	return false;
}

static bool is_claim(int dirfd, const char *name)
{
	auto_free char *text = NULL;
	ssize_t size = file_read(dirfd, name, SCRIPT_MAX, &text);

	/* A link that leads nowhere, a directory. */
	if (size == -ENOENT || size == -EISDIR || size == -ELOOP || size == -ENOTDIR)
		return false;
	return size < 0 || claim_in(text, (size_t)size);
}

/* A file is looked at itself, of a directory each file in it. */
static bool look_at(const char *place, char path[static PATH_MAX])
{
	int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *found;

	(void)snprintf(path, PATH_MAX, "%s", place);
	if (!dir)
		return is_claim(AT_FDCWD, place);
	while ((found = readdir(dir)))
		if (found->d_name[0] != '.' &&
		    (found->d_type == DT_REG || found->d_type == DT_LNK ||
		     found->d_type == DT_UNKNOWN) &&
		    is_claim(dirfd(dir), found->d_name)) {
			(void)snprintf(path, PATH_MAX, "%s/%s", place, found->d_name);
			return true;
		}
	return false;
}

bool claim_find(char path[static PATH_MAX])
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (look_at(places[i], path))
			return true;
	return false;
}
