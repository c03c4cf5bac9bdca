/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked on the control socket. One line for each request, one line for each answer:
 *
 *	status			ok state=live|sealed|disk layers=2 nodes=… files=… guard=PID
 *	seal			ok: no request is being carried out, and none will be until unseal
 *	seal brief		the same, soon over, without a switch
 *	prepare N + descriptor	ok nodes=… files=… orphans=…
 *	switch N		ok
 *	keep N MOUNT DEV INO	ok
 *	unseal			ok
 *
 * or "error ERRNO text". A seal ends by itself when the connection that sealed closes, and after
 * SEAL_SECONDS: programs wait behind it.
 */
#ifndef INITFS_HOLD_REQUESTS_H
#define INITFS_HOLD_REQUESTS_H

#include "hold/view.h"

#include <time.h>

#define CONNECTIONS 4 /* a merge and a few who ask for the status */

struct control {
	struct hold *hold;
	int peers[CONNECTIONS]; /* owned; -EBADF is a free place */
	int sealer; /* the place of the one who sealed, or -1 */
	time_t deadline; /* of the seal, in seconds of CLOCK_MONOTONIC */
	bool is_brief; /* the seal does not allow a switch */
	bool has_expired; /* the last seal ended by itself; its owner does not know yet */
};

time_t requests_now(void);

/*
 * Does what the peer at that place asks, and writes the answer, of PACKET_MAX. request is changed;
 * passed stays the caller's.
 */
void requests_carry_out(struct control *control, int place, char *request, int passed, char *reply);

/* Ends a seal, whosever it is. */
void requests_unseal(struct control *control);

#endif
