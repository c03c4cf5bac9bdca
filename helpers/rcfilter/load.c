/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start scripts of a system as they are on its disk. */
#include "config.h"

#include "rcfilter/load.h"
#include "rcfilter/outside.h"
#include "rcfilter/resolve.h"
#include "rcfilter/runner.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A header stands in the first pages, and nobody's start script has a megabyte. */
#define TEXT_MAX (1 << 20)

/* Slackware's rc.d first: all else is inside of it. */
static const char *const script_directories[] = { "/etc/rc.d", "/etc/init.d", "/etc/rc.d/init.d" };
static const char levels[] = "S0123456";

/* The text of a regular file, owned by the caller; NULL where it is none or cannot be read. */
static char *text_of(int dirfd, const char *path, size_t *ret_size)
{
	/* O_NONBLOCK: a FIFO in /etc is no reason to wait for ever */
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *text = NULL;
	struct stat st;
	ssize_t size;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	size = file_read_fd(fd, TEXT_MAX, &text);
	if (size < 0)
		return NULL;
	*ret_size = (size_t)size;
	return take_pointer(text);
}

/* --- what the scripts say -------------------------------------------------------------------- */

/* The first override that has a header counts; insserv looks in the same order. */
static char *override_of(const char *name, size_t *ret_size)
{
	static const char *const places[] = { "/etc/insserv/overrides",
					      "/usr/share/insserv/overrides" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct lsb lsb;
		auto_free char *text = NULL;
		bool has_header;

		(void)snprintf(path, sizeof(path), "%s/%s", places[i], name);
		text = text_of(AT_FDCWD, path, ret_size);
		if (!text || lsb_parse(text, *ret_size, &lsb) < 0)
			continue;
		has_header = lsb.form > LSB_UNENDED;
		lsb_free(&lsb);
		if (has_header)
			return take_pointer(text);
	}
	return NULL;
}

int scripts_add(struct scripts *scripts, int dirfd, const char *file, const char *name)
{
	struct catalog_text script = { .name = name };
	auto_free char *text = text_of(dirfd, file, &script.size);
	auto_free char *override = NULL;

	if (!text || catalog_find(&scripts->catalog, name) != CATALOG_NONE)
		return 0;
	override = override_of(name, &script.override_size);
	script.text = text;
	script.override_text = override;
	return catalog_add(&scripts->catalog, &script);
}

DIR *scripts_names(int dirfd)
{
	auto_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		(void)take_fd(&fd);
	return dir;
}

static int load_directory(struct scripts *scripts, struct place *place)
{
	auto_closedir DIR *dir = scripts_names(place->fd);
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_name[0] == 'S' && entry_script(entry->d_name))
			place->is_flat = true;
		r = scripts_add(scripts, place->fd, entry->d_name, entry->d_name);
	}
	return r;
}

static int load_conf(struct facilities *facilities, int dirfd, const char *path)
{
	size_t size;
	auto_free char *text = text_of(dirfd, path, &size);

	return text ? facilities_add(facilities, text, size) : 0;
}

static int load_confs(struct facilities *facilities)
{
	auto_closedir DIR *dir = opendir("/etc/insserv.conf.d");
	const struct dirent *entry;
	int r = load_conf(facilities, AT_FDCWD, "/etc/insserv.conf");

	while (r == 0 && dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = load_conf(facilities, dirfd(dir), entry->d_name);
	return r;
}

static bool has_remote_fs(void)
{
	size_t size;
	auto_free char *text = text_of(AT_FDCWD, "/etc/fstab", &size);

	return text && resolve_has_remote(text);
}

/* --- the directories ------------------------------------------------------------------------- */

/* /etc/rc5.d may be a symlink to rc.d/rc5.d; a directory inside of one that we have is in its view. */
bool scripts_cover(const struct scripts *scripts, const char *path)
{
	size_t i;

	for (i = 0; i < scripts->places; i++)
		if (is_at_or_below(path, scripts->place[i].path))
			return true;
	return false;
}

static int add_place(struct scripts *scripts, const char *path, char level)
{
	struct place place = { .level = level };
	auto_free char *real = realpath(path, NULL);
	auto_close int fd =
		real ? open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -EBADF;

	if (fd < 0 || scripts->places == PLACES_MAX || scripts_cover(scripts, real))
		return 0;
	place.path = take_pointer(real);
	place.fd = take_fd(&fd);
	scripts->place[scripts->places++] = place;
	return 1;
}

/* Slackware's rc.d is a directory of scripts; Red Hat's only holds directories. */
static bool is_slackware(void)
{
	struct stat st;

	return stat("/etc/rc.d/rc.M", &st) == 0 && stat("/etc/rc.d/init.d/functions", &st) < 0;
}

static int add_scripts(struct scripts *scripts)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(script_directories) / sizeof(script_directories[0]); i++) {
		if (strcmp(script_directories[i], "/etc/rc.d") == 0 && !is_slackware())
			continue;
		if (add_place(scripts, script_directories[i], 0) > 0)
			r = load_directory(scripts, &scripts->place[scripts->places - 1]);
	}
	return r;
}

static void add_levels(struct scripts *scripts)
{
	char path[32];
	size_t i;
	size_t k;

	for (i = 0; i < 2; i++)
		for (k = 0; levels[k]; k++) {
			(void)snprintf(path, sizeof(path), i ? "/etc/rc.d/rc%c.d" : "/etc/rc%c.d",
				       levels[k]);
			(void)add_place(scripts, path, levels[k]);
		}
}

static enum style style_of_root(void)
{
	enum style style;
	const char *path;
	size_t i;

	for (i = 0; (path = style_mark(i, &style)); i++)
		if (access(path, F_OK) == 0)
			return style;
	return STYLE_PLAIN;
}

int scripts_load(struct scripts *scripts, struct fault *fault)
{
	int r = add_scripts(scripts);

	scripts->style = style_of_root();

	if (r == 0 && !scripts->places)
		return fault_at(fault, -ENOENT, "find a directory of start scripts", "/etc/init.d");
	add_levels(scripts);
	if (r == 0)
		r = outside_load(scripts);
	if (r == 0)
		r = load_confs(&scripts->catalog.facilities);
	if (r == 0)
		r = resolve_edges(&scripts->catalog, has_remote_fs());
	return r < 0 ? fault_at(fault, r, "read the start scripts", NULL) : 0;
}

/* --- the way to a script --------------------------------------------------------------------- */

static bool find_entry(const struct place *place, const char *name, char *path, size_t size)
{
	auto_closedir DIR *dir = scripts_names(place->fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *script = entry->d_name[0] == 'S' ? entry_script(entry->d_name) : NULL;

		if (!script || strcmp(script, name) != 0)
			continue;
		(void)snprintf(path, size, "%s/%s", place->path, entry->d_name);
		return true;
	}
	return false;
}

bool scripts_path(const struct scripts *scripts, char level, const char *name, char *path,
		  size_t size)
{
	const struct place *home = NULL;
	size_t i;

	for (i = 0; i < scripts->places; i++) {
		const struct place *place = &scripts->place[i];

		if (level && place->level == level && find_entry(place, name, path, size))
			return true;
		if (!place->level && !home && faccessat(place->fd, name, F_OK, 0) == 0)
			home = place;
	}
	(void)snprintf(path, size, "%s/%s", home ? home->path : "/etc/init.d", name);
	return home && home->is_flat && name[0] == 'S' && entry_script(name);
}

void scripts_free(struct scripts *scripts)
{
	size_t i;

	for (i = 0; i < scripts->places; i++) {
		free(scripts->place[i].path);
		fd_close(&scripts->place[i].fd);
	}
	outside_free(scripts);
	catalog_free(&scripts->catalog);
	*scripts = (struct scripts){ .places = 0 };
}
