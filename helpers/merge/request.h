/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What initfs merge asks the process that waits, over /run/initfs/merge.sock (packet.h): "merge", or
 * "merge now" whatever fstab says. The answer comes when it is known: "done TEXT", "refused TEXT"
 * (nothing was touched) or "failed TEXT".
 */
#ifndef INITFS_MERGE_REQUEST_H
#define INITFS_MERGE_REQUEST_H

#include "common/report.h"

#include <stdbool.h>

#define REQUEST_SOCKET "merge.sock"

struct request {
	int peer; /* -EBADF: nobody has asked */
	bool is_now;
};

/* Pure: 0 and whether it is "merge now", or -EINVAL. */
int request_parse(const char *line, bool *ret_is_now);

/*
 * Takes one request from a listener that is ready. What is none is answered at once. Returns 0 or
 * -errno; the peer is owned until request_answer.
 */
int request_take(int listener, struct request *ret_request);

/* Answers, if somebody has asked, and forgets it. */
void request_answer(struct request *request, enum exit_code code, const char *text);

#endif
