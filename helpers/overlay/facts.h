/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the machine for plan.c, and touches nothing. */
#ifndef INITFS_OVERLAY_FACTS_H
#define INITFS_OVERLAY_FACTS_H

#include "overlay/plan.h"

/*
 * Fills facts about the root and the directories of options. What may rightly be missing becomes a
 * fact for plan_make to judge; -errno is returned where the machine cannot be read at all. Either
 * way the caller owns what is in facts and releases it.
 */
int facts_gather(struct facts *facts, const struct options *options, struct fault *fault);

/* Opens only the root and its /run: all that --undo needs. Returns 0 or -errno. */
int facts_open(struct facts *facts, const char *root, struct fault *fault);

/* Closes and frees what facts_gather or facts_open put there. */
void facts_release(struct facts *facts);

/* Facts that own nothing yet. */
#define FACTS_NONE                            \
	{                                     \
		.root = -EBADF, .run = -EBADF \
	}
#define auto_facts __attribute__((cleanup(facts_release)))

#endif
