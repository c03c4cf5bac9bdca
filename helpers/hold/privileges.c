/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who takes setuid and setgid away when a file is written to. */
#include "config.h"

#include "hold/privileges.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Among the flags of the open file, the only part of a WRITE that libfuse 3.14 hands on as it is. No
 * flag of open(2) has that bit.
 */
#define WRITE_TAKES (1 << 30)

static ssize_t read_request(int fd, void *data, size_t size, void *userdata)
{
	(void)userdata;
	return read(fd, data, size);
}

/* Adds our flag to the answer to INIT, which is the first one that ever goes through here. */
static ssize_t write_reply(int fd, struct iovec *parts, int count, void *userdata)
{
	struct view *view = userdata;
	const struct fuse_out_header *header = parts[0].iov_base;

	if (view->init && header->unique == view->init) {
		view->init = 0;
		view->takes_privileges = count == 2 && header->error == 0 &&
					 parts[1].iov_len >= sizeof(struct fuse_init_out);
		if (view->takes_privileges)
			((struct fuse_init_out *)parts[1].iov_base)->flags |=
				FUSE_HANDLE_KILLPRIV_V2;
	}
	return writev(fd, parts, count);
}

int privileges_start(struct view *view, int device)
{
	static const struct fuse_custom_io io = { .read = read_request, .writev = write_reply };

	return fuse_session_custom_io(view->session, &io, device);
}

void privileges_note(struct view *view, struct fuse_in_header *request)
{
	if (request->opcode == FUSE_INIT) {
		const struct fuse_init_in *in = (const struct fuse_init_in *)(request + 1);

		if (in->flags & FUSE_HANDLE_KILLPRIV_V2)
			view->init = request->unique;
	} else if (request->opcode == FUSE_WRITE) {
		struct fuse_write_in *in = (struct fuse_write_in *)(request + 1);

		in->flags &= ~(uint32_t)WRITE_TAKES;
		if (in->write_flags & FUSE_WRITE_KILL_SUIDGID)
			in->flags |= WRITE_TAKES;
	}
}

bool privileges_go_with(const struct fuse_file_info *fi)
{
	return fi->flags & WRITE_TAKES;
}

bool privileges_go_unsaid(fuse_req_t req)
{
	return view_of(req)->takes_privileges && fuse_req_ctx(req)->uid != 0;
}

int privileges_take(struct view *view, const struct node *node)
{
	char link[VIEW_LINK_SIZE];
	struct stat st;
	mode_t mode;
	int r = view_stat(node, &st);

	if (r < 0)
		return r;
	mode = st.st_mode & 07777 & ~(mode_t)S_ISUID;
	if (mode & S_IXGRP)
		mode &= ~(mode_t)S_ISGID;
	if (!S_ISREG(st.st_mode) || mode == (st.st_mode & 07777))
		return 0;
	if (chmod(view_link(node, link), mode) < 0)
		return -errno;
	/* Of the attributes only: that waits for nobody. Who has forgotten the node asks again anyway. */
	(void)fuse_lowlevel_notify_inval_inode(view->session, (fuse_ino_t)(uintptr_t)node, -1, 0);
	return 0;
}
