/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who takes setuid and setgid away when a file is written to. By itself the kernel does, and asks us
 * for security.capability before each write. Since Linux 5.12 it leaves that to a file system which
 * takes FUSE_HANDLE_KILLPRIV_V2, and asks once for each file: half of what a line in a log costs. It
 * says in the request whether its writer may leave them (CAP_FSETID). Capabilities go by themselves,
 * when we write to the file behind.
 */
#ifndef INITFS_HOLD_PRIVILEGES_H
#define INITFS_HOLD_PRIVILEGES_H

#include "hold/view.h"

#include <linux/fuse.h>

/*
 * In place of fuse_session_mount: the session speaks with the kernel by device, a descriptor that it
 * owns from here on, and takes FUSE_HANDLE_KILLPRIV_V2 where the kernel has it, which libfuse 3.14 does
 * not know. 0 or -errno.
 */
int privileges_start(struct view *view, int device);

/*
 * Before the request goes to libfuse: what it says of privileges is noted, or put where libfuse lets it
 * through.
 */
void privileges_note(struct view *view, struct fuse_in_header *request);

/* Is this what has to be done for the write, with fi->flags of it? */
bool privileges_go_with(const struct fuse_file_info *fi);

/* The same for a change of the content about which the kernel says nothing: everyone's but root's. */
bool privileges_go_unsaid(fuse_req_t req);

/*
 * Takes setuid away, and setgid where the group may run the file, and has the kernel forget the old
 * mode. 0 or -errno.
 */
int privileges_take(struct view *view, const struct node *node);

#endif
