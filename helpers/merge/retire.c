/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the layers away. */
#include "config.h"

#include "merge/retire.h"
#include "merge/holders.h"
#include "merge/tuck.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mounted.h"
#include "common/report.h"
#include "common/share.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define STATE "/run/initfs"
#define NOLOGIN "/run/nologin"
#define NOLOGIN_MARK "initfs: "
#define LOG_DIR "/var/log/initfs"
#define HOLDERS_MAX 512
/* initfs-hold closes its last descriptors of a layer while it answers: asked again until then. */
#define BUSY_TRIES 50
#define BUSY_MS 100

const char *retire_switch_name(unsigned int number, char *name)
{
	(void)snprintf(name, SWITCH_NAME_MAX, "layer/%u.switched", number);
	return name;
}

static uint64_t mount_id(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0 ? 0
										 : st.stx_mnt_id;
}

static int unmount_patiently(const char *path)
{
	int tries;

	for (tries = 0; tries < BUSY_TRIES; tries++) {
		if (umount2(path, UMOUNT_NOFOLLOW) == 0)
			return 0;
		if (errno != EBUSY)
			return errno == EINVAL || errno == ENOENT ? 0
								  : -errno; /* is none (any more) */
		(void)poll(NULL, 0, BUSY_MS);
	}
	return -EBUSY;
}

/* Unmounts, or detaches what is busy and says by whom. */
static int retire_mount(const char *path, const char *name, int timeline, struct fault *fault)
{
	char holders[HOLDERS_MAX];
	int r = unmount_patiently(path);

	if (r == 0) {
		timeline_mark(timeline, "layer.gone", "layer", name, NULL);
		return 0;
	}
	if (r != -EBUSY)
		return fault_at(fault, r, "unmount the layer", path);
	holders_of(mount_id(path), holders, sizeof(holders));
	timeline_mark(timeline, "layer.kept", "layer", name, "by", holders, NULL);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return fault_at(fault, -errno, "detach the layer", path);
	return 0;
}

/* The last of a layer to go: without it what is left in RAM would count as not merged. */
static int remove_mark(int run, unsigned int number, struct fault *fault)
{
	char mark[SWITCH_NAME_MAX];

	if (unlinkat(run, retire_switch_name(number, mark), 0) < 0 && errno != ENOENT)
		return fault_at(fault, -errno, "remove", mark);
	return 0;
}

static int remove_directory(int run, const char *name, struct fault *fault)
{
	if (unlinkat(run, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fault_at(fault, -errno, "remove the directory", name);
	return 0;
}

static int retire_layers(const struct list *list, int run, int timeline, struct fault *fault)
{
	char path[64];
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->count; i++) {
		(void)snprintf(path, sizeof(path), STATE "/layer/%u", list->entries[i].number);
		r = retire_mount(path, list->entries[i].directory, timeline, fault);
		if (r == 0)
			r = remove_directory(run, path + strlen(STATE "/"), fault);
	}
	if (r == 0)
		r = tuck_retire(list, run, fault);
	if (r == 0)
		r = retire_mount(STATE "/ram", "ram", timeline, fault);
	if (r == 0)
		r = remove_directory(run, "ram", fault);
	/* As long as the list is there, somebody may have to take care of what it names. */
	if (r == 0 && unlinkat(run, "layers", 0) < 0 && errno != ENOENT)
		r = fault_at(fault, -errno, "remove", "layers");
	for (i = 0; r == 0 && i < list->count; i++)
		r = remove_mark(run, list->entries[i].number, fault);
	return r < 0 ? r : remove_directory(run, "layer", fault);
}

static int remove_nologin(void)
{
	auto_close int fd = open(NOLOGIN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char mark[sizeof(NOLOGIN_MARK)] = "";

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (read(fd, mark, sizeof(mark) - 1) != (ssize_t)sizeof(mark) - 1 ||
	    strcmp(mark, NOLOGIN_MARK) != 0)
		return 0; /* an administrator's */
	return unlink(NOLOGIN) < 0 && errno != ENOENT ? -errno : 0;
}

static int copy_lines(int from, int to)
{
	char buffer[8192];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		const char *at = buffer;

		while (n > 0) {
			ssize_t written = write(to, at, (size_t)n);

			if (written < 0)
				return -errno;
			at += written;
			n -= written;
		}
	}
	return n < 0 ? -errno : 0;
}

static int copy_timeline(int run)
{
	auto_close int from = openat(run, TIMELINE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_close int dir = -EBADF;
	auto_close int to = -EBADF;
	int r;

	if (from < 0)
		return -errno;
	if (mkdir(LOG_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	dir = open(LOG_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	to = openat(dir, TIMELINE_FILE ".new",
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to < 0)
		return -errno;
	r = copy_lines(from, to);
	if (r == 0 && fsync(to) < 0)
		r = -errno;
	if (r == 0 && renameat(dir, TIMELINE_FILE ".new", dir, TIMELINE_FILE) < 0)
		r = -errno;
	return r;
}

/* Where /home is not there yet somebody would log in to an empty one: initfs-supervise waits. */
static void retire_logins(int run)
{
	int r = 0;

	if (mounted_look() || file_read_live_pid(run, "supervise.pid") <= 0)
		r = remove_nologin();
	if (r < 0)
		report_line("cannot remove " NOLOGIN ": %s", strerror(-r));
}

static void retire_share(int run)
{
	struct fault fault = { 0 };
	int r = 0;

	if (file_read_live_pid(run, "supervise.pid") <= 0)
		r = share_end(&fault);
	if (r < 0 && r != -ENODEV) /* a kernel without cgroup2 has nothing left either */
		(void)report(r, &fault, EXIT_FAILED);
}

void retire(const struct list *list, int run, int timeline)
{
	struct fault fault = { 0 };
	int r = retire_layers(list, run, timeline, &fault);

	if (r < 0)
		(void)report(r, &fault, EXIT_FAILED);
	retire_logins(run);
	retire_share(run);
	r = copy_timeline(run);
	if (r < 0)
		report_line("cannot copy the timeline to " LOG_DIR ": %s", strerror(-r));
}
