/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server goes on for as long as somebody has a script open, which may be for good: a shell that
 * a script has left in the background has it. What is aside must not wait for that, so then a
 * process of its own brings it back.
 */
#ifndef INITFS_KEEPER_H
#define INITFS_KEEPER_H

#include "passthrough/guard.h"

/* For struct guard's look, whose data is a struct filter: starts the keeper when it is needed. */
int keeper_look(const struct guard *guard);

/* Waits until the keeper has ended, if there is one; hands SIGTERM on. Returns whether there was. */
bool keeper_wait(const struct guard *guard);

#endif
