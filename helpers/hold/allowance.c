/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of our memory a user may take. */
#include "config.h"

#include "hold/allowance.h"

#include <errno.h>
#include <stdlib.h>

struct allowance_user {
	struct allowance_user *next;
	uid_t uid;
	size_t taken; /* never 0: then it is not in the list */
};

void allowance_init(struct allowance *allowance, size_t most)
{
	*allowance = (struct allowance){ .most = most };
	(void)pthread_mutex_init(&allowance->lock, NULL); /* cannot fail in glibc on Linux */
}

/* Where the user's entry is, or would be. */
static struct allowance_user **find(struct allowance *allowance, uid_t uid)
{
	struct allowance_user **slot = &allowance->users;

	while (*slot && (*slot)->uid != uid)
		slot = &(*slot)->next;
	return slot;
}

static int take(struct allowance *allowance, uid_t uid, size_t bytes)
{
	struct allowance_user **slot = find(allowance, uid);

	if (bytes > allowance->most - (*slot ? (*slot)->taken : 0))
		return -ENOMEM;
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return -ENOMEM;
	(*slot)->uid = uid;
	(*slot)->taken += bytes;
	return 0;
}

int allowance_take(struct allowance *allowance, uid_t uid, size_t bytes)
{
	int r;

	if (uid == 0 || !bytes)
		return 0;
	pthread_mutex_lock(&allowance->lock);
	r = take(allowance, uid, bytes);
	pthread_mutex_unlock(&allowance->lock);
	return r;
}

void allowance_give(struct allowance *allowance, uid_t uid, size_t bytes)
{
	struct allowance_user **slot;
	struct allowance_user *user;

	if (uid == 0 || !bytes)
		return;
	pthread_mutex_lock(&allowance->lock);
	slot = find(allowance, uid);
	user = *slot;
	if (user && user->taken > bytes) {
		user->taken -= bytes;
	} else if (user) {
		*slot = user->next;
		free(user);
	}
	pthread_mutex_unlock(&allowance->lock);
}
