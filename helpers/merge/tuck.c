/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems that init mounts on top of a view. */
#include "config.h"

#include "merge/tuck.h"
#include "merge/adopt.h"
#include "merge/own.h"
#include "merge/views.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/parse.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define OWN "/run/initfs/own"
#define UDEV_RULE "/run/udev/rules.d/10-initfs.rules"

static const char *path_of(const struct list_entry *entry, const char *suffix, char *path)
{
	(void)snprintf(path, OWN_NAME_MAX, OWN "/%u%s", entry->number, suffix);
	return path;
}

static int fault_own(struct fault *fault, int error, const char *step,
		     const struct list_entry *entry)
{
	return fault_at(fault, error, step, entry->directory);
}

/* The nearest directory above it that has a view. */
static const struct list_entry *outer_of(const struct list *list, const struct list_entry *entry)
{
	const struct list_entry *outer = NULL;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (is_below(entry->directory, list->entries[i].directory) &&
		    (!outer || is_below(list->entries[i].directory, outer->directory)))
			outer = &list->entries[i];
	return outer;
}

void tuck_mark(struct list *list, int run)
{
	char name[OWN_NAME_MAX];
	struct noted note;
	size_t i;

	for (i = 0; i < list->count; i++) {
		struct list_entry *entry = &list->entries[i];

		entry->outer = outer_of(list, entry);
		entry->is_own = faccessat(run, own_name(entry, ".device", name), F_OK, 0) == 0;
		if (!entry->is_own || own_note(entry, run, &note) < 0)
			continue;
		entry->is_unseen = note.is_unseen;
		entry->is_over = note.is_over;
	}
}

/*
 * Is that the file system that was looked at? Of a tmpfs one is as good as another, and where nothing could
 * be looked at init knows.
 */
static bool is_noted(const struct noted *note, int fd, const struct statx *st)
{
	struct statfs fs;

	if (note->is_unseen)
		return true;
	if (note->is_tmpfs)
		return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
	return makedev(st->stx_dev_major, st->stx_dev_minor) == note->device;
}

static int set_propagation(const char *path, unsigned long flags, struct fault *fault)
{
	if (mount(NULL, path, NULL, flags, NULL) < 0)
		return fault_at(fault, -errno, "set how mounts propagate at", path);
	return 0;
}

/* The mount that the view stands on: the root's, or the view that it is in. */
static const char *base_of(const struct list_entry *entry)
{
	return entry->outer ? entry->outer->directory : "/";
}

/* The directory, as seen from there. */
static const char *path_in_base(const struct list_entry *entry)
{
	return entry->directory + (entry->outer ? strlen(entry->outer->directory) : 0) + 1;
}

/*
 * A clone of that mount at own/N.target, which has the mount itself as its slave: what is
 * attached there is attached to that as well. Returns its root directory, owned.
 */
static int clone_base(const struct list_entry *entry, int run, struct fault *fault)
{
	char name[OWN_NAME_MAX];
	auto_close int clone = -EBADF;
	auto_close int place = -EBADF;
	int r;

	if (mkdirat(run, own_name(entry, ".target", name), 0700) < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "make the directory", name);
	place = openat(run, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return fault_at(fault, -errno, "open the directory", name);
	r = set_propagation(base_of(entry), MS_SHARED, fault);
	if (r < 0)
		return r;
	clone = mountfd_clone(AT_FDCWD, base_of(entry), false, fault);
	r = clone < 0 ? clone : set_propagation(base_of(entry), MS_SLAVE, fault);
	if (r == 0)
		r = mountfd_attach(clone, place, "", fault);
	return r < 0 ? r : take_fd(&clone);
}

/* The mount on top of a directory: an O_PATH descriptor, owned, its id and its device. */
static int open_top(const struct list_entry *entry, struct statx *ret_st, struct fault *fault)
{
	auto_close int top =
		(int)syscall(SYS_open_tree, AT_FDCWD, entry->directory, OPEN_TREE_CLOEXEC);

	if (top < 0)
		return fault_own(fault, -errno, "open what is mounted at", entry);
	if (statx(top, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, ret_st) < 0)
		return fault_own(fault, -errno, "inspect what is mounted at", entry);
	return take_fd(&top);
}

/* Where the view is, and what is mounted directly on top of it; 0 where nothing is. */
struct look {
	const char *directory;
	uint64_t top;
	dev_t device; /* as mountinfo has it, which for a subvolume is not what stat(2) says */
};

static int note_top(void *data, const struct mountinfo *mount)
{
	struct look *look = data;

	/* While a dead view is replaced, the new one may already be beneath it. */
	if (mountinfo_is_view(mount))
		return 0;
	if (strcmp(mount->target, look->directory) == 0) {
		look->top = mount->id;
		look->device = makedev(mount->major, mount->minor);
	}
	return 0;
}

static int find_top(const struct list_entry *entry, struct look *look, struct fault *fault)
{
	auto_free char *text = NULL;
	uint64_t view = 0;
	int r = mountinfo_read(&text);

	if (r == 0)
		r = views_find(text, entry->directory, &view);
	*look = (struct look){ .directory = entry->directory };
	if (r == 0 && view)
		r = views_each_child(text, view, note_top, look);
	return r < 0 ? fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH) : 0;
}

/* After the move: the view is on top again, and what it lies on is a copy of what was moved. */
static int check_tucked(const struct list_entry *entry, dev_t device, struct fault *fault)
{
	auto_free char *text = NULL;
	int r = mountinfo_read(&text);

	if (r == 0)
		r = views_is_beneath(text, entry->directory, device);
	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	if (!r)
		return fault_because(fault, -EXDEV, "put beneath its view", entry->directory,
				     "the kernel has not done it");
	return 0;
}

/* From here on the view is seen again. Where it does not work out all is as init has left it. */
static int move_beneath(const struct list_entry *entry, int top, int clone, dev_t device,
			struct fault *fault)
{
	char path[OWN_NAME_MAX];
	struct fault other = { 0 };
	int r = mountfd_attach(top, clone, path_in_base(entry), fault);

	if (r < 0)
		return r;
	r = check_tucked(entry, device, fault);
	if (r < 0) {
		(void)set_propagation(path_of(entry, ".target", path), MS_PRIVATE, &other);
		(void)mountfd_attach(top, AT_FDCWD, entry->directory, &other);
	}
	return r;
}

/* Nothing is ever attached to the root's own mount by way of the clone but that one file system. */
static int tuck_beneath(const struct list_entry *entry, int run, int top, dev_t device,
			struct fault *fault)
{
	char path[OWN_NAME_MAX];
	struct fault other = { 0 };
	auto_close int clone = clone_base(entry, run, fault);
	int r = clone < 0 ? clone : move_beneath(entry, top, clone, device, fault);

	(void)set_propagation(base_of(entry), MS_PRIVATE, &other);
	(void)set_propagation(path_of(entry, ".target", path), MS_PRIVATE, &other);
	if (r < 0)
		(void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	return r;
}

static int tuck_one(const struct list_entry *entry, int run, int timeline, struct fault *fault)
{
	auto_close int top = -EBADF;
	struct statx st;
	struct look look;
	struct noted note;
	int r = find_top(entry, &look, fault);

	if (r < 0 || !look.top)
		return r;
	r = own_note(entry, run, &note);
	if (r < 0)
		return fault_own(fault, r, "read what was noted about", entry);
	top = open_top(entry, &st, fault);
	if (top < 0)
		return top;
	if (st.stx_mnt_id != look.top || !is_noted(&note, top, &st))
		return fault_because(
			fault, -EXDEV, "take as the file system of", entry->directory,
			"another one is mounted there than the one that was looked at");
	r = tuck_beneath(entry, run, top, look.device, fault);
	if (r == 0)
		timeline_mark(timeline, "merge.target", "dir", entry->directory, NULL);
	return r;
}

void tuck_be_quick(const struct list *list, bool is_quick)
{
	const struct sched_param param = { .sched_priority = is_quick };
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->entries[i].is_own) {
			(void)sched_setscheduler(0, is_quick ? SCHED_FIFO : SCHED_OTHER, &param);
			return;
		}
}

int tuck_all(struct list *list, int run, int timeline, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->count; i++) {
		if (!list->entries[i].is_own)
			r = adopt(&list->entries[i], run, fault);
		if (r == 0 && list->entries[i].is_own)
			r = tuck_one(&list->entries[i], run, timeline, fault);
	}
	return r;
}

int tuck_open(const struct list_entry *entry, int run, struct fault *fault)
{
	char name[OWN_NAME_MAX];
	auto_close int clone = openat(run, own_name(entry, ".target", name),
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int fd = -EBADF;
	struct noted note;
	struct statx st;
	int r = own_note(entry, run, &note);

	if (r < 0)
		return fault_own(fault, r, "read what was noted about", entry);
	if (clone >= 0)
		fd = open_beneath(clone, path_in_base(entry), O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return fault_own(fault, -errno, "inspect the file system of", entry);
	if (fd < 0 || !is_noted(&note, fd, &st))
		return fault_because(fault, -ENOENT, "find the file system of", entry->directory,
				     "it is not mounted yet");
	return take_fd(&fd);
}

static int remove_name(int run, const char *name, int flags, struct fault *fault)
{
	if (unlinkat(run, name, flags) < 0 && errno != ENOENT)
		return fault_at(fault, -errno, "remove", name);
	return 0;
}

/* Private first: otherwise what is unmounted in the clone would be unmounted for everybody. */
static int take_apart(const struct list_entry *entry, struct fault *fault)
{
	char path[OWN_NAME_MAX];

	if (mount(NULL, entry->directory, NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno != EINVAL)
		return fault_own(fault, -errno, "part from its clone", entry);
	(void)path_of(entry, ".target", path);
	if (mount(NULL, path, NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno != EINVAL &&
	    errno != ENOENT)
		return fault_own(fault, -errno, "part from its clone", entry);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fault_own(fault, -errno, "unmount the clone of", entry);
	(void)path_of(entry, "", path);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return fault_own(fault, -errno, "unmount the view of", entry);
	return 0;
}

static int retire_one(const struct list_entry *entry, int run, struct fault *fault)
{
	static const char *const notes[] = { ".published", ".ours", ".device" };
	char name[OWN_NAME_MAX];
	size_t i;
	int r = take_apart(entry, fault);

	if (r == 0)
		r = remove_name(run, own_name(entry, ".target", name), AT_REMOVEDIR, fault);
	if (r == 0)
		r = remove_name(run, own_name(entry, "", name), AT_REMOVEDIR, fault);
	for (i = 0; r == 0 && i < sizeof(notes) / sizeof(notes[0]); i++)
		r = remove_name(run, own_name(entry, notes[i], name), 0, fault);
	return r;
}

int tuck_retire(const struct list *list, int run, struct fault *fault)
{
	bool is_any = false;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->count; i++) {
		if (!list->entries[i].is_own)
			continue;
		is_any = true;
		r = retire_one(&list->entries[i], run, fault);
	}
	if (r < 0 || !is_any)
		return r;
	(void)unlink(UDEV_RULE); /* our hook's; without a loop device of ours it means nothing */
	return remove_name(run, "own", AT_REMOVEDIR, fault);
}
