/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure is one line that names the step, the object and the reason; the first fault wins. */
#include "config.h"

#include "check.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void check_text(int error, const struct fault *fault, const char *want)
{
	char line[512];

	report_text(line, sizeof(line), error, fault);
	CHECK_STR(line, want);
}

/* What is printed for a name that a hostile user has chosen. */
static void check_printed(const char *name, const char *want)
{
	struct fault fault = { 0 };
	int stderr_was = dup(STDERR_FILENO);
	char line[512] = "";
	int pipes[2];

	CHECK_INT(pipe2(pipes, O_CLOEXEC), 0);
	(void)dup2(pipes[1], STDERR_FILENO);
	(void)fault_at(&fault, -ENOENT, "open", name);
	CHECK_INT(report(-ENOENT, &fault, EXIT_FAILED), EXIT_FAILED);
	(void)dup2(stderr_was, STDERR_FILENO);
	CHECK(read(pipes[0], line, sizeof(line) - 1) > 0);
	CHECK_STR(line, want);
	(void)close(stderr_was);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
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

	check_printed("a\ninit: done\t\033[2J\x7f",
		      "initfs: cannot open 'a?init: done??[2J?': No such file or directory\n");
	check_printed("gr\xc3\xbc\xc3\x9f\xc2\x9b"
		      "2J",
		      "initfs: cannot open 'gr\xc3\xbc\xc3\x9f??2J': No such file or directory\n");
	return check_result();
}
