/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a FUSE program of ours. */
#include "config.h"

#include "passthrough/life.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"

static int guard_views(const struct life *life, struct guard *guard, int state,
		       struct survivor *survivor)
{
	struct fault fault = { 0 };
	int code;
	int r = guard_start(guard, &fault); /* the first line that changes the machine */

	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	(void)file_write_pid(state, life->pid_file, getpid()); /* only helps others to find us */
	life->up(life->data, guard);
	survivor_verdict(survivor, EXIT_DONE);
	code = life->end(life->data, guard, guard_run(guard));
	file_remove_pid(state, life->pid_file);
	return code;
}

/* Where the program goes on as a survivor. */
static int live(const struct life *life, const char *root, char **argv, struct survivor *survivor)
{
	struct guard guard = { 0 };
	struct fault fault = { 0 };
	auto_close int state = -EBADF;
	int r;

	survivor_harden(argv);
	r = survivor_enter(root, &fault);
	if (r == 0)
		r = life->prepare(life->data, &guard, &state, &fault);
	return r < 0 ? report(r, &fault, EXIT_REFUSED) : guard_views(life, &guard, state, survivor);
}

int life_run(const struct life *life, const char *root, char **argv)
{
	struct survivor survivor;
	struct fault fault = { 0 };
	int code;
	int r;

	survivor_begin();
	report_to_kernel_log();
	r = survivor_fork(&survivor);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	code = live(life, root, argv, &survivor);
	survivor_verdict(&survivor,
			 (enum exit_code)code); /* does nothing where it was told before */
	return code;
}

int life_undo(int (*undo)(const char *root, struct fault *fault), const char *root)
{
	struct fault fault = { 0 };
	int r;

	survivor_begin();
	report_to_kernel_log();
	r = undo(root, &fault);
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}
