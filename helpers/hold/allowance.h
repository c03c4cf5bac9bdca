/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of our memory a user may take. It cannot be swapped out, and the kernel kills everybody else
 * before us when it runs short, so what anybody can make as much of as he likes is counted.
 */
#ifndef INITFS_HOLD_ALLOWANCE_H
#define INITFS_HOLD_ALLOWANCE_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

struct allowance_user;

struct allowance {
	pthread_mutex_t lock;
	size_t most; /* bytes for each user; root is not counted */
	struct allowance_user *users; /* who has taken any; owned */
};

void allowance_init(struct allowance *allowance, size_t most);

/* 0, or -ENOMEM with nothing taken. */
int allowance_take(struct allowance *allowance, uid_t uid, size_t bytes);

/* Gives back what that user has taken before. */
void allowance_give(struct allowance *allowance, uid_t uid, size_t bytes);

#endif
