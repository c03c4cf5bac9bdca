/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each user gets as much memory as is allowed and no more, and root what he wants. */
#include "config.h"

#include "check.h"
#include "hold/allowance.h"

#include <errno.h>

int main(void)
{
	struct allowance allowance;

	allowance_init(&allowance, 100);
	CHECK_INT(allowance_take(&allowance, 7, 60), 0);
	CHECK_INT(allowance_take(&allowance, 7, 41), -ENOMEM);
	CHECK_INT(allowance_take(&allowance, 7, 40), 0);
	CHECK_INT(allowance_take(&allowance, 7, 1), -ENOMEM);
	CHECK_INT(allowance_take(&allowance, 8, 100), 0);
	CHECK_INT(allowance_take(&allowance, 9, 101), -ENOMEM);
	CHECK_INT(allowance_take(&allowance, 9, 0), 0);
	CHECK_INT(allowance_take(&allowance, 0, 1000), 0);
	allowance_give(&allowance, 0, 1000);

	/* What was given back can be taken again, by him. */
	allowance_give(&allowance, 7, 60);
	CHECK_INT(allowance_take(&allowance, 8, 1), -ENOMEM);
	CHECK_INT(allowance_take(&allowance, 7, 61), -ENOMEM);
	CHECK_INT(allowance_take(&allowance, 7, 60), 0);
	allowance_give(&allowance, 8, 100);
	allowance_give(&allowance, 7, 100);
	CHECK(!allowance.users);
	return check_result();
}
