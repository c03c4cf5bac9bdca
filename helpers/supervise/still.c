/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a group of processes still? */
#include "config.h"

#include "supervise/still.h"
#include "common/parse.h"

#include <stdio.h>
#include <string.h>

uint64_t still_due(const struct still *still)
{
	return still->count ? still->at[still->count - 1] + STILL_LOOK_USEC : 0;
}

bool still_next(struct still *still, uint64_t now, uint64_t worked)
{
	if (still->count > STILL_LOOKS) {
		memmove(still->at, still->at + 1, STILL_LOOKS * sizeof(still->at[0]));
		memmove(still->worked, still->worked + 1, STILL_LOOKS * sizeof(still->worked[0]));
		still->count = STILL_LOOKS;
	}
	still->at[still->count] = now;
	still->worked[still->count++] = worked;
	return still->count > STILL_LOOKS &&
	       (worked - still->worked[0]) * STILL_PART < now - still->at[0];
}

bool still_find(const char *text, const char *key, uint64_t *ret_number)
{
	const char *at = strstr(text, key);
	char number[24]; /* 64 bits have 20 digits */
	size_t length;

	if (!at)
		return false;
	at += strlen(key);
	length = strspn(at, "0123456789");
	if (length >= sizeof(number))
		return false;
	(void)snprintf(number, sizeof(number), "%.*s", (int)length, at);
	return parse_number(number, UINT64_MAX, ret_number) == 0;
}
