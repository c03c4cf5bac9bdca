/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks initfs-hold over its control socket how it is. */
#ifndef INITFS_CLI_VIEW_H
#define INITFS_CLI_VIEW_H

#define VIEW_TEXT_MAX 256

struct view {
	char state[16]; /* live, sealed, disk */
	char text[VIEW_TEXT_MAX]; /* the rest of the answer: layers=2 nodes=7 … */
};

/*
 * Returns 0, -ENOENT where no view is, or -errno (-EACCES: only root may ask; -ECONNREFUSED: it has
 * died; -EAGAIN: it does not answer within two seconds).
 */
int view_ask(struct view *ret_view);

/* Pure: takes "ok state=live layers=2 …" apart. Returns 0 or -EPROTO. */
int view_parse(struct view *ret_view, const char *line);

#endif
