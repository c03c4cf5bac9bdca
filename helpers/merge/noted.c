/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two lines of text. */
#include "config.h"

#include "merge/noted.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

int noted_parse(const char *text, struct noted *ret_noted)
{
	unsigned int first, second;
	long long boot;

	if (sscanf(text, "tmpfs %lld", &boot) == 1)
		*ret_noted = (struct noted){ .is_tmpfs = true, .boot = boot };
	else if (sscanf(text, "unseen %lld", &boot) == 1)
		*ret_noted = (struct noted){ .is_unseen = true, .boot = boot };
	else if (sscanf(text, "over %lld", &boot) == 1)
		*ret_noted = (struct noted){ .is_unseen = true, .is_over = true, .boot = boot };
	else if (sscanf(text, "%u:%u %lld", &first, &second, &boot) == 3)
		*ret_noted = (struct noted){ .device = makedev(first, second), .boot = boot };
	else
		return -EINVAL;
	return 0;
}
