/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merge into a repaired root. */
#include "config.h"

#include "merge/repaired.h"
#include "merge/client.h"
#include "merge/sources.h"
#include "merge/state.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/loop.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/super.h"
#include "common/survivor.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEVICE_PATH_MAX 128
#define UEVENT_MAX 4096
#define NUMBER_MAX 24

struct repaired {
	struct list list;
	struct sources sources;
	int run; /* /run/initfs */
	int timeline;
	int lock; /* the mark */
	char path[DEVICE_PATH_MAX]; /* of the root's device */
	int device;
	int mount; /* the new one, attached nowhere: it goes with this descriptor */
	int view; /* the connection to initfs-hold, whose end would unseal */
	bool is_begun; /* names may have been published */
	uint64_t names;
	uint64_t bytes;
};

/* The line of the root that is on top. */
static int check_mount(struct fault *fault)
{
	auto_free char *text = NULL;
	int r = mountinfo_read(&text);
	struct mountinfo mount;
	char *rest = text;
	bool is_writable = false;

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	while (mountinfo_next(&rest, &mount))
		if (strcmp(mount.target, "/") == 0)
			is_writable = !has_option(mount.super, "ro");
	return is_writable ? fault_because(fault, -EBUSY, "merge into", "/",
					   "it is mounted for writing: 'initfs merge'")
			   : 0;
}

/* As the kernel names it: what the mount was called by may be gone, or be another one's by now. */
static int find_device(struct repaired *repaired, struct fault *fault)
{
	static const char key[] = "DEVNAME=";
	char path[DEVICE_PATH_MAX];
	auto_free char *text = NULL;
	struct stat st;
	char *name;

	if (stat("/", &st) < 0)
		return fault_at(fault, -errno, "inspect", "/");
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(st.st_dev),
		       minor(st.st_dev));
	if (file_read(AT_FDCWD, path, UEVENT_MAX, &text) < 0 || !(name = strstr(text, key)))
		return fault_because(fault, -ENODEV, "find the device of", "/",
				     "only ext2, ext3 and ext4 can be merged into like that");
	name += sizeof(key) - 1;
	name[strcspn(name, "\n")] = '\0';
	(void)snprintf(repaired->path, sizeof(repaired->path), "/dev/%s", name);
	repaired->device = open(repaired->path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (repaired->device < 0)
		return fault_at(fault, -errno, "open the device", repaired->path);
	if (fstat(repaired->device, &st) < 0 || !S_ISBLK(st.st_mode))
		return fault_at(fault, -ENOTBLK, "open the device", repaired->path);
	return 0;
}

/* Only what a check has found to be in order. */
static int check_device(const struct repaired *repaired, struct fault *fault)
{
	auto_free unsigned char *start = malloc(SUPER_BYTES);
	const char *unclean;

	if (!start)
		return fault_at(fault, -ENOMEM, "read", repaired->path);
	if (pread(repaired->device, start, SUPER_BYTES, 0) != SUPER_BYTES)
		return fault_at(fault, -EIO, "read", repaired->path);
	if (super_look(start, &unclean) != SUPER_EXT)
		return fault_because(fault, -EOPNOTSUPP, "merge into", repaired->path,
				     "only ext2, ext3 and ext4 can be merged into like that");
	return unclean ? fault_because(fault, -EUCLEAN, "merge into", repaired->path, unclean) : 0;
}

/* What is on another file system was not repaired with the root, and init has not mounted it yet. */
static int check_list(const struct repaired *repaired, struct fault *fault)
{
	size_t i;

	for (i = 0; i < repaired->list.count; i++)
		if (repaired->list.entries[i].is_own)
			return fault_because(fault, -EOPNOTSUPP, "merge",
					     repaired->list.entries[i].directory,
					     "it has a file system of its own");
	return 0;
}

/* Two new mounts of one device would destroy it. */
static int lock(struct repaired *repaired, struct fault *fault)
{
	repaired->lock = openat(repaired->run, REPAIRED_MARK,
				O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (repaired->lock < 0)
		return fault_at(fault, -errno, "make", STATE "/" REPAIRED_MARK);
	if (flock(repaired->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	fd_close(&repaired->lock);
	return fault_because(fault, -EBUSY, "lock", STATE "/" REPAIRED_MARK,
			     "another merge is running");
}

/* The loop device stays as long as the mount does, and goes with it. */
static int mount_anew(struct repaired *repaired, struct fault *fault)
{
	char path[LOOP_PATH_MAX] = "";
	auto_close int loop = loop_make(repaired->device, repaired->path, true, path, fault);
	auto_close int context = -EBADF;
	int r;

	if (loop < 0)
		return loop;
	context = mountfd_new("ext4", fault);
	if (context < 0)
		return context;
	r = mountfd_set(context, "source", path, fault);
	if (r == 0)
		r = mountfd_set(context, "errors", "remount-ro", fault);
	if (r == 0)
		repaired->mount = mountfd_make(context, "ext4", 0, fault);
	return r < 0 ? r : repaired->mount;
}

static int look(struct repaired *repaired, const char *root, struct fault *fault)
{
	int r = survivor_enter(root, fault);

	if (r == 0)
		r = state_open(&repaired->run, &repaired->list, fault);
	if (r == 0)
		r = check_list(repaired, fault);
	if (r == 0)
		r = check_mount(fault);
	if (r == 0)
		r = find_device(repaired, fault);
	return r < 0 ? r : check_device(repaired, fault);
}

/* Reads the layers and what they go to, and refuses what cannot be done. */
static int open_disk(struct repaired *repaired, struct fault *fault)
{
	struct merge_work found;
	int disk, r = mount_anew(repaired, fault);

	if (r < 0)
		return r;
	disk = openat(repaired->mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (disk < 0)
		return fault_at(fault, -errno, "open the directory", "/");
	r = sources_open_at(&repaired->sources, disk, fault);
	if (r == 0)
		r = targets_scan(&repaired->sources.targets, true, &found, fault);
	return r < 0 ? r : targets_begin(&repaired->sources.targets, fault);
}

static int stage(struct repaired *repaired, bool is_live, struct fault *fault)
{
	struct targets *targets = &repaired->sources.targets;
	struct merge_work found, done = { 0 };
	int r = targets_scan(targets, is_live, &found, fault);

	if (r == 0)
		r = targets_stage(targets, is_live, &done, fault);
	repaired->bytes += done.bytes;
	return r < 0 ? r : targets_settle(targets, false, is_live, fault);
}

/* The rest, exactly, and then the names. */
static int under_seal(struct repaired *repaired, struct fault *fault)
{
	int r = stage(repaired, false, fault);

	if (r < 0)
		return r;
	/*
	 * Point of no return: from here on some names are new and some old, each of them whole. RAM keeps all,
	 * and another call ends the same.
	 */
	repaired->is_begun = true;
	return targets_publish(&repaired->sources.targets, &repaired->names, fault);
}

static int carry_out(struct repaired *repaired, struct fault *fault)
{
	int r = stage(repaired, true, fault);
	int unsealed;

	if (r == 0)
		repaired->view = r = client_connect(repaired->run, fault);
	if (r >= 0)
		r = client_seal(repaired->view, fault);
	if (r < 0)
		return r;
	r = under_seal(repaired, fault);
	/* A seal that took too long has ended by itself: what was published may not fit together. */
	unsealed = client_unseal(repaired->view, fault);
	if (r == 0)
		r = unsealed;
	return r < 0 ? r : targets_sync(&repaired->sources.targets, fault);
}

/* The staging directory goes in any case, then the mount, and what the device still has in memory. */
static int finish(struct repaired *repaired, int result, struct fault *fault)
{
	struct fault other = { 0 };
	int r = targets_clean(&repaired->sources.targets, result < 0 ? &other : fault);

	if (r == 0 && result == 0)
		r = targets_sync(&repaired->sources.targets, fault);
	sources_close(&repaired->sources);
	fd_close(&repaired->mount);
	if (r == 0 && repaired->device >= 0 && fsync(repaired->device) < 0)
		r = fault_at(fault, -errno, "sync", repaired->path);
	return result < 0 ? result : r;
}

static int tell(const struct repaired *repaired)
{
	char names[NUMBER_MAX], bytes[NUMBER_MAX];

	(void)snprintf(names, sizeof(names), "%" PRIu64, repaired->names);
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, repaired->bytes);
	timeline_mark(repaired->timeline, "merge.repaired", "names", names, "bytes", bytes, NULL);
	(void)printf("%s names with %s bytes are on the disk. Reboot now: what is written from "
		     "here on is not.\n",
		     names, bytes);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(struct repaired *repaired, const char *root)
{
	struct fault fault = { 0 };
	int r = look(repaired, root, &fault);

	if (r == 0)
		r = lock(repaired, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);
	repaired->timeline = timeline_open(repaired->run); /* may be none */
	repaired->sources.timeline = repaired->timeline;
	repaired->sources.run = repaired->run;
	repaired->sources.list = &repaired->list;
	r = open_disk(repaired, &fault);
	if (repaired->mount < 0)
		(void)unlinkat(repaired->run, REPAIRED_MARK, 0);
	if (r == 0)
		r = carry_out(repaired, &fault);
	r = finish(repaired, r, &fault);
	if (r < 0)
		return report(r, &fault, repaired->is_begun ? EXIT_HALFWAY : EXIT_FAILED);
	return tell(repaired);
}

int repaired_run(const struct options *opt)
{
	struct repaired *repaired = calloc(1, sizeof(*repaired));
	int code;

	if (!repaired)
		return EXIT_FAILED;
	repaired->run = repaired->timeline = repaired->lock = -EBADF;
	repaired->device = repaired->mount = repaired->view = -EBADF;
	code = run(repaired, opt->root);
	list_free(&repaired->list);
	fd_close(&repaired->view);
	fd_close(&repaired->device);
	fd_close(&repaired->lock);
	fd_close(&repaired->timeline);
	fd_close(&repaired->run);
	free(repaired);
	return code;
}
