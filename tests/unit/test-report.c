/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure is one line that names the step, the object and the reason; the first fault wins. */
#include "config.h"

#include "check.h"
#include "common/report.h"

#include <errno.h>

static void check_text(int error, const struct fault *fault, const char *want)
{
	char line[512];

	report_text(line, sizeof(line), error, fault);
	CHECK_STR(line, want);
}

int main(void)
{
	struct fault fault = { 0 };
	struct fault bare = { 0 };
	struct fault escape = { 0 };
	struct fault because = { 0 };

	CHECK_INT(fault_at(&fault, -ENOENT, "open the upper layer", "/upper"), -ENOENT);
	CHECK_INT(fault_at(&fault, -EIO, "do something later", "/other"), -EIO);
	check_text(-ENOENT, &fault,
		   "cannot open the upper layer '/upper': No such file or directory");

	(void)fault_at(&bare, -ENOMEM, "read the list", NULL);
	check_text(-ENOMEM, &bare, "cannot read the list: Cannot allocate memory");

	(void)fault_at(&escape, -EXDEV, "open the directory", "var");
	check_text(-EXDEV, &escape,
		   "cannot open the directory 'var': it leads out of the directory it has to be in "
		   "(Invalid cross-device link)");

	(void)fault_because(&because, -EINVAL, "mount the file system", NULL,
			    "overlay: bad option");
	check_text(-EINVAL, &because,
		   "cannot mount the file system: Invalid argument: overlay: bad option");
	return check_result();
}
