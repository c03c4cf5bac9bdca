/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which step failed, and where. Carries, never prints: report.h has the only voice. */
#ifndef INITFS_FAULT_H
#define INITFS_FAULT_H

/* Long enough for a path that a person can read; what is longer is cut in the middle of nothing. */
#define FAULT_OBJECT_MAX 512
#define FAULT_DETAIL_MAX 256

struct fault {
	const char *step; /* a constant: "open the upper layer"; NULL while nothing failed */
	char object[FAULT_OBJECT_MAX]; /* what it was done to, or "" */
	char detail[FAULT_DETAIL_MAX]; /* what the kernel or a library said beyond errno, or "" */
};

/*
 * Notes that step failed on object (may be NULL) and returns error, so that a failure is one line:
 *	return fault_at(fault, -errno, "open the upper layer", path);
 * step has to be a constant. The first fault noted wins: a caller further up adds nothing false.
 */
int fault_at(struct fault *fault, int error, const char *step, const char *object);

/* As fault_at, with a sentence of explanation: what is allowed, or what a library said. */
int fault_because(struct fault *fault, int error, const char *step, const char *object,
		  const char *detail);

#endif
