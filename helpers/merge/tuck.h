/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A protected directory with a file system of its own. init mounts that by the directory's path, so it
 * comes to lie on top of the view and hides what programs have written. It is taken from there at once
 * and put beneath the view, where the switch will lead to it:
 *
 *	root ── D: view ── D: init's mount		as init leaves it
 *	root ── D: init's mount ── D: view		beneath
 *
 * Before Linux 6.5 nothing mounts beneath by request. But what propagates to a place where something is
 * mounted is put beneath that (since 4.11). So for a moment the root's mount is the slave of a clone of
 * itself; init's mount is moved to D in the clone, one step that also shows the view again, and its copy
 * arrives beneath the view. The clone stays with the original in it until the merge is done: whatever is
 * mounted there arrives beneath the view too.
 *
 * A view in another view (/var/log in /var) stands on that one's mount; so it is that of which a clone is
 * made.
 */
#ifndef INITFS_MERGE_TUCK_H
#define INITFS_MERGE_TUCK_H

#include "common/fault.h"
#include "merge/list.h"

/* Notes in the list which directories have a file system of their own. run is /run/initfs. */
void tuck_mark(struct list *list, int run);

/*
 * What init mounts on top of a view hides it until it is beneath: that does not wait for a free processor. What
 * fails here only takes longer.
 */
void tuck_be_quick(const struct list *list, bool is_quick);

/*
 * Puts beneath what init has mounted on top of any view; a tmpfs that fstab does not name, too, which is
 * noted in the list as such. 0, also where there is nothing to do, or
 * -errno with the fault: then it is on top as init left it, and the layer cannot be merged.
 */
int tuck_all(struct list *list, int run, int timeline, struct fault *fault);

/*
 * The root directory of what was put beneath that view, on the mount that what is mounted there arrives
 * from. The caller owns it. -ENOENT with the fault: init has not mounted it yet.
 */
int tuck_open(const struct list_entry *entry, int run, struct fault *fault);

/*
 * After the switch, when the layer is unmounted: takes the clone and the view of the file system away,
 * and with the last of them their directory. 0 or -errno with the fault.
 */
int tuck_retire(const struct list *list, int run, struct fault *fault);

#endif
