/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a FUSE program of ours, from the hook that calls it to the end of its last view. */
#ifndef INITFS_LIFE_H
#define INITFS_LIFE_H

#include "passthrough/guard.h"

struct life {
	const char *pid_file; /* of the guard, in the directory that prepare opens */
	/*
	 * Inside of the real root: everything that may refuse, and nothing that a program could see.
	 * Fills in the guard; *ret_state is a descriptor of the state directory, owned by life_run.
	 */
	int (*prepare)(void *data, struct guard *guard, int *ret_state, struct fault *fault);
	/* The views are attached and answer; the hook waits until this has returned. */
	void (*up)(void *data, const struct guard *guard);
	/* The last view has gone, or is a bare directory. Returns the exit code. */
	int (*end)(void *data, const struct guard *guard, bool is_given_up);
	void *data;
};

/*
 * Goes on as a survivor inside of root: prepare, guard_start, up, the verdict for the hook, guard,
 * end. Returns the exit code: EXIT_REFUSED where prepare failed, EXIT_FAILED where the guard did.
 */
int life_run(const struct life *life, const char *root, char **argv);

/* The other half, run by the hook itself: takes away what such a life has put over root. */
int life_undo(int (*undo)(const char *root, struct fault *fault), const char *root);

#endif
