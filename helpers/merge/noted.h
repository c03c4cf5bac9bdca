/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What initfs-overlay has noted about a file system of a directory's own. Pure. */
#ifndef INITFS_MERGE_NOTED_H
#define INITFS_MERGE_NOTED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct noted {
	bool is_tmpfs; /* then it has no device by which it could be known */
	bool is_unseen; /* what it is was not known: the layer lies over nothing */
	bool is_over; /* unseen, and the layer lies over a directory that it hides */
	dev_t device; /* as stat(2) has it */
	int64_t boot; /* how old the boot was when it was shown, in nanoseconds */
};

/* Reads "MAJOR:MINOR", "tmpfs", "unseen" or "over", and the time in the next line. 0 or -EINVAL. */
int noted_parse(const char *text, struct noted *ret_noted);

#endif
