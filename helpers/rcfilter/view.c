/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of start scripts as it is shown: its session. */
#include "config.h"

#include "rcfilter/ops.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void op_init(void *data, struct fuse_conn_info *connection)
{
	/*
	 * Without AUTO_INVAL_DATA a shell that has its script in the cache reads on without asking
	 * for its size first; with it, it could not when we have died.
	 */
	connection->want &= ~(unsigned int)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS |
					    FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ |
					    FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

int view_start(struct view *view, struct server *server, size_t number, int device)
{
	const struct place *place = &server->starts.scripts->place[number];
	char name[] = "initfs-rcfilter";
	char *words[] = { name, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, words);
	struct fuse_lowlevel_ops ops = { .init = op_init };
	char path[32];
	int flags = fcntl(device, F_GETFL);
	struct stat st;

	*view = (struct view){ .server = server, .number = number, .place = place };
	if (fstat(place->fd, &st) < 0 || flags < 0 ||
	    fcntl(device, F_SETFL, flags | O_NONBLOCK) < 0) {
		fd_close(&device);
		return -errno;
	}
	view->root = (struct node){ .fd = place->fd,
				    .reading = -EBADF,
				    .dev = st.st_dev,
				    .ino = st.st_ino,
				    .is_directory = true,
				    .name = place->path };
	script_ops_names(&ops);
	script_ops_attributes(&ops);
	script_ops_files(&ops);
	script_ops_directories(&ops);
	view->session = fuse_session_new(&args, &ops, sizeof(ops), view);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", device);
	/* From here on the session owns the device. */
	if (!view->session || fuse_session_mount(view->session, path) < 0) {
		fd_close(&device);
		return -ENOMEM;
	}
	return 0;
}

void view_stop(struct view *view)
{
	struct node *node;
	size_t i;

	if (view->session)
		fuse_session_destroy(view->session);
	view->session = NULL;
	for (i = 0; i < NODE_BUCKETS; i++)
		while ((node = view->bucket[i])) {
			view->bucket[i] = node->next;
			script_node_free(node);
		}
}
