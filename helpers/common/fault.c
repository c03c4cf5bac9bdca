/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which step failed, and where. */
#include "config.h"

#include "common/fault.h"

#include <stdio.h>

int fault_because(struct fault *fault, int error, const char *step, const char *object,
		  const char *detail)
{
	if (fault->step)
		return error;

	fault->step = step;
	(void)snprintf(fault->object, sizeof(fault->object), "%s", object ? object : "");
	(void)snprintf(fault->detail, sizeof(fault->detail), "%s", detail ? detail : "");
	return error;
}

int fault_at(struct fault *fault, int error, const char *step, const char *object)
{
	return fault_because(fault, error, step, object, NULL);
}
