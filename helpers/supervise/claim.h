/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may want control groups of his own in this boot. The kernel refuses to mount a cgroup v1 hierarchy with
 * a controller that cgroup v2 has groups of (EBUSY), and start scripts such as Debian's cgroupfs-mount and
 * docker, or Slackware's rc.S, mount all of them.
 */
#ifndef INITFS_SUPERVISE_CLAIM_H
#define INITFS_SUPERVISE_CLAIM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Pure: has a text of size bytes the word "cgroup" in a line that is no comment (#)? */
bool claim_in(const char *text, size_t size);

/*
 * Looks through fstab, inittab and the start scripts of the root that this process stands in. Returns
 * whether there is such a line, and in which file; a file that cannot be read counts.
 */
bool claim_find(char path[static PATH_MAX]);

#endif
