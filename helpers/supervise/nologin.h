/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /run/nologin: pam_nologin tells who wants to log in why that has to wait. It must never stay for
 * ever, so here is also the rule for when it goes; the merge removes it first in the ordinary case.
 */
#ifndef INITFS_SUPERVISE_NOLOGIN_H
#define INITFS_SUPERVISE_NOLOGIN_H

#include <stdbool.h>
#include <stdint.h>

#define NOLOGIN_PATH "/run/nologin"
/* By this the first line is known as ours; whoever puts another text there keeps it. */
#define NOLOGIN_MARK "initfs: "

/*
 * How long logins wait for a merge that does not come to an end once init has entered its runlevel.
 * Whoever could make room on a full disk has to be able to log in.
 */
#define NOLOGIN_GRACE_USEC (120 * 1000000ULL)

/* What is known when it is asked whether logins may open. */
struct nologin_facts {
	bool is_mounted; /* what fstab wants at boot: a home of its own may come late */
	bool has_layers; /* /run/initfs/layers exists: /var is RAM */
	bool has_merge; /* somebody waits to carry it to the disk */
	bool is_multi_user; /* init has entered a runlevel for people */
	uint64_t multi_user_usec; /* how long ago */
};

/* Pure: has it to go? */
bool nologin_is_over(const struct nologin_facts *facts);

/* Writes it, unless there is one. Returns 0 or -errno; -EEXIST where somebody else's stands there. */
int nologin_make(void);

/* Is there one whose first line is ours? */
bool nologin_is_ours(void);

/* Removes it if it is ours. Returns 0 or -errno. */
int nologin_remove(void);

#endif
