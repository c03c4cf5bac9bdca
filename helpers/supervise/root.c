/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root that we stand in has to say. */
#include "config.h"

#include "supervise/root.h"
#include "supervise/adopt.h"
#include "supervise/desktop.h"
#include "supervise/inittab.h"
#include "supervise/runlevel.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define VENDOR_ENTRIES INITFS_VENDOR_DIR "/early.d"
#define ADMIN_ENTRIES "/etc/initfs/early.d"
#define SUFFIX ".conf"
#define TEXT_MAX 65536

static const char default_screen_file[] = "/etc/X11/default-display-manager";
static const char desktop_file[] = "/etc/sysconfig/desktop";
/* Red Hat's inittab starts this, and it starts the screen. */
static const char prefdm[] = "/etc/X11/prefdm";

/* The name of an entry's file without .conf; false for any other file. */
static bool entry_name(const char *file, char *name, size_t size)
{
	size_t length = strlen(file);

	if (length <= strlen(SUFFIX) || length - strlen(SUFFIX) >= size ||
	    strcmp(file + length - strlen(SUFFIX), SUFFIX) != 0)
		return false;
	(void)snprintf(name, size, "%.*s", (int)(length - strlen(SUFFIX)), file);
	return is_entry_name(name);
}

struct reading {
	struct root *root;
	conf_complain *complain;
	void *context;
};

/* An empty file, or a link to /dev/null, takes the vendor's entry of that name away. */
static void read_entry(const struct reading *reading, int dir, const char *file, const char *name)
{
	struct root *root = reading->root;
	struct entry *entry = &root->candidates[root->count].entry;
	char *text = NULL;
	ssize_t length;

	if (pick_find(root->candidates, root->count, name) >= 0)
		return; /* the admin's, which was read first */
	if (root->count == ROOT_ENTRIES_MAX) {
		reading->complain(reading->context, name, 0, "there are more entries than 64");
		return;
	}
	length = file_read(dir, file, TEXT_MAX, &text);
	if (length < 0) {
		reading->complain(reading->context, name, 0, strerror((int)-length));
		return;
	}
	if (length == 0) {
		*entry = (struct entry){ .text = text };
		(void)snprintf(entry->name, sizeof(entry->name), "%s", name);
	} else if (conf_parse(name, text, reading->complain, reading->context, entry) < 0) {
		/* Kept as a name that nothing starts: the vendor's must not come back instead. */
		entry->kind = ENTRY_NO_KIND;
	}
	root->count++;
}

static void read_entries(const struct reading *reading, const char *path)
{
	auto_closedir DIR *dir = opendir(path);
	char name[ENTRY_NAME_MAX];
	struct dirent *file;

	while (dir && (file = readdir(dir)))
		if (entry_name(file->d_name, name, sizeof(name)))
			read_entry(reading, dirfd(dir), file->d_name, name);
}

static int by_name(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	return strcmp(x->entry.name, y->entry.name);
}

/* Debian and its family have /etc/rcN.d, Red Hat's and others /etc/rc.d/rcN.d. */
static DIR *open_rc_folder(char runlevel)
{
	char path[64];
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/etc/rc%c.d", runlevel);
	dir = opendir(path);
	if (dir)
		return dir;
	(void)snprintf(path, sizeof(path), "/etc/rc.d/rc%c.d", runlevel);
	return opendir(path);
}

static bool has_start_link(char runlevel, const struct words *services)
{
	auto_closedir DIR *dir = open_rc_folder(runlevel);
	struct dirent *link;
	unsigned int i;

	while (dir && (link = readdir(dir)))
		for (i = 0; i < services->count; i++)
			if (is_start_link(link->d_name, services->word[i]))
				return true;
	return false;
}

/* Where rc has no folders (another kind of init), it has no say, and installed is enabled. */
static bool is_enabled(char runlevel, const struct entry *entry)
{
	auto_closedir DIR *dir = open_rc_folder(runlevel);

	if (!dir || entry->services.count == 0)
		return true;
	return has_start_link(runlevel, &entry->services) || has_start_link('S', &entry->services);
}

/* Init's own line for the entry: by its program, by its pid file, or by what starts any screen. */
static enum inittab_start init_starts(const char *inittab, char runlevel, const struct entry *entry)
{
	enum inittab_start starts = inittab_starts(inittab, runlevel, entry->program);
	char adopt[PATH_MAX];

	if (starts == INITTAB_NO && entry->kind == ENTRY_SCREEN)
		starts = inittab_starts(inittab, runlevel, prefdm);
	if (starts == INITTAB_NO && entry->kind == ENTRY_SCREEN)
		starts = inittab_starts(inittab, runlevel, "--adopt=" SCREEN_PID);
	if (starts == INITTAB_NO && entry->pid_file) {
		(void)snprintf(adopt, sizeof(adopt), "--adopt=%s", entry->pid_file);
		starts = inittab_starts(inittab, runlevel, adopt);
	}
	return starts;
}

static void look_at_candidates(struct root *root, const char *inittab)
{
	unsigned int i;

	for (i = 0; i < root->count; i++) {
		struct candidate *candidate = &root->candidates[i];
		enum inittab_start starts;

		if (candidate->entry.kind == ENTRY_NO_KIND)
			continue;
		candidate->is_installed = access(candidate->entry.program, X_OK) == 0;
		if (!candidate->is_installed)
			continue; /* most are not, and the screen waits for the rest of this */
		starts = init_starts(inittab, root->runlevel, &candidate->entry);
		candidate->is_due = !candidate->entry.only_while ||
				    access(candidate->entry.only_while, F_OK) == 0;
		candidate->is_inits = starts == INITTAB_ITSELF;
		candidate->is_enabled =
			starts == INITTAB_ADOPTS || is_enabled(root->runlevel, &candidate->entry);
	}
}

/* A missing file is an empty one. *ret_text is owned by the caller. Returns 0 or -ENOMEM. */
static int read_or_empty(const char *path, char **ret_text)
{
	if (file_read(AT_FDCWD, path, TEXT_MAX, ret_text) < 0)
		*ret_text = strdup("");
	return *ret_text ? 0 : -ENOMEM;
}

/*
 * Debian's postinst writes the path of the default display manager, some the bare name; Red Hat's
 * prefdm reads a shell file.
 */
static int read_default_screen(char **ret_name)
{
	auto_free char *text = NULL;
	auto_free char *desktop = NULL;
	char name[ENTRY_NAME_MAX];

	if (read_or_empty(default_screen_file, &text) < 0 ||
	    read_or_empty(desktop_file, &desktop) < 0)
		return -ENOMEM;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (*text) {
		const char *slash = strrchr(text, '/');

		(void)snprintf(name, sizeof(name), "%s", slash ? slash + 1 : text);
	} else {
		desktop_choice(desktop, name, sizeof(name));
	}
	if (!*name)
		return 0;
	*ret_name = strdup(name);
	return *ret_name ? 0 : -ENOMEM;
}

/* Adds what the files of inittab.d say, which init reads after inittab. Returns 0 or -ENOMEM. */
static int read_inittabs(char **ret_inittab)
{
	auto_closedir DIR *dir = NULL;
	struct dirent *file;

	if (read_or_empty("/etc/inittab", ret_inittab) < 0)
		return -ENOMEM;
	dir = opendir("/etc/inittab.d");
	while (dir && (file = readdir(dir))) {
		auto_free char *more = NULL;
		auto_free char *all = NULL;

		if (fnmatch("*.tab", file->d_name, FNM_PERIOD) != 0 ||
		    file_read(dirfd(dir), file->d_name, TEXT_MAX, &more) < 0)
			continue;
		if (asprintf(&all, "%s\n%s", *ret_inittab, more) < 0)
			return -ENOMEM;
		free(*ret_inittab);
		*ret_inittab = take_pointer(all);
	}
	return 0;
}

static const char *why_no_screen(const struct root *root)
{
	if (is_on_cmdline(root->cmdline, "text"))
		return "text is on the kernel command line";
	if (root->runlevel == 'S' || root->runlevel == '1')
		return "this boot is single-user";
	return NULL;
}

int root_read(struct root *ret_root, conf_complain *complain, void *context, struct fault *fault)
{
	const struct reading reading = { ret_root, complain, context };
	auto_free char *inittab = NULL;

	*ret_root = (struct root){ 0 };
	if (read_or_empty("/proc/cmdline", &ret_root->cmdline) < 0 || read_inittabs(&inittab) < 0 ||
	    read_default_screen(&ret_root->default_screen) < 0)
		return fault_at(fault, -ENOMEM, "read", "the settings of the root");

	ret_root->runlevel = runlevel_of_boot(ret_root->cmdline, inittab);
	ret_root->no_screen = why_no_screen(ret_root);
	read_entries(&reading, ADMIN_ENTRIES);
	read_entries(&reading, VENDOR_ENTRIES);
	qsort(ret_root->candidates, ret_root->count, sizeof(ret_root->candidates[0]), by_name);
	look_at_candidates(ret_root, inittab);
	return 0;
}

void root_free(struct root *root)
{
	unsigned int i;

	for (i = 0; i < root->count; i++)
		entry_free(&root->candidates[i].entry);
	free(root->cmdline);
	free(root->default_screen);
	*root = (struct root){ 0 };
}

char root_runlevel_now(void)
{
	auto_free char *records = NULL;
	ssize_t size = file_read(AT_FDCWD, UTMP_PATH, UTMP_MAX, &records);

	return size < 0 ? '\0' : runlevel_in_utmp(records, (size_t)size);
}
