/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every program of ours does that lives across switch_root: it leaves the hook that started
 * it only when it is ready, and then nothing of init's may kill it, page it out or shadow it.
 */
#ifndef INITFS_SURVIVOR_H
#define INITFS_SURVIVOR_H

#include "common/report.h"

/* The side of the program that a hook waits for, and the side that lives on. */
struct survivor {
	int verdict; /* the pipe on which the child says how it went; -EBADF once it has */
};

/*
 * What a survivor does first, before it opens anything: lets go of all that its caller has open
 * beside stdin, stdout and stderr (Linux 5.9), which would stay open for hours.
 */
void survivor_begin(void);

/*
 * Forks. The parent waits for the child's verdict and ends with it as exit status (EXIT_FAILED
 * where the child died without one): it does not return. In the child returns 0, or -errno in the
 * caller itself when there was no child. Until its verdict the child dies with the parent: a hook
 * that no longer waits has undone everything.
 */
int survivor_fork(struct survivor *ret_survivor);

/* The child's verdict; the parent ends. On EXIT_DONE stdio goes to /dev/null. Only once. */
void survivor_verdict(struct survivor *survivor, enum exit_code code);

/*
 * Makes root (a directory: the real root) the root of this process, so that paths go on to mean
 * something after switch_root, when the initramfs is empty. Opens nothing and changes to "/".
 */
int survivor_enter(const char *root, struct fault *fault);

/*
 * Hardens this process: memory locked, never chosen by the OOM killer, IO_FLUSHER (Linux 5.6) so that
 * reclaim does not wait for it, and '@' as argv[0][0] where /etc/initrd-release exists: the sign of
 * a root storage daemon. Call it before survivor_enter, which hides the initramfs. What cannot be
 * had is no reason to fail the boot: it returns nothing.
 */
void survivor_harden(char **argv);

/*
 * Opens a pidfd of the survivor whose pid stands in the file pid_file of statedir, for who undoes
 * what it did; owned by the caller. comm is the name of its program (of which the kernel knows 15
 * bytes): a pid file outlives its process, and pids are used again. -ESRCH where none runs.
 */
int survivor_find(int statedir, const char *pid_file, const char *comm);

/*
 * Lists this process in /run/sendsigs.omit.d/NAME (the files of Debian's sendsigs), so that it is
 * not killed before the file systems that it serves are unmounted. Returns 0 or -errno.
 */
int survivor_omit(const char *name);

#endif
