/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After rc: what is still aside is started when the network comes, an hour later too. */
#ifndef INITFS_KEEP_H
#define INITFS_KEEP_H

#include "rcfilter/filter.h"

/*
 * Returns when nobody waits for a network any more and all who could start have started, or on
 * SIGTERM (which is how init ends everybody before single-user mode, halt and reboot). Starts one
 * script after the other. SIGCHLD and SIGTERM have to be blocked. 0 or -errno.
 */
int keep_run(struct filter *filter);

#endif
