/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A runner is known by its command line, and nobody else is taken for one. */
#include "config.h"

#include "check.h"
#include "rcfilter/runner.h"

/* Words end with a zero byte, as in /proc/PID/cmdline; a literal ends with one more. */
#define RUNNER(text) runner_of(text, sizeof(text))

static void test_shells(void)
{
	struct runner r = RUNNER("/bin/sh\0/etc/init.d/rc\0"
				 "2");

	CHECK_INT(r.kind, RUNNER_SHELL);
	CHECK_INT(r.level, '2');
	CHECK(!r.is_final);
	r = RUNNER("/bin/sh\0-e\0/lib/init/rc\0S");
	CHECK_INT(r.kind, RUNNER_SHELL);
	CHECK_INT(r.level, 'S');
	r = RUNNER("/bin/bash\0/etc/rc.d/rc\0"
		   "6");
	CHECK_INT(r.level, '6');
	CHECK_INT(RUNNER("/bin/sh\0/etc/init.d/rcS").level, 'S');
	CHECK_INT(RUNNER("busybox\0sh\0/etc/init.d/rcS").kind, RUNNER_SHELL);
	CHECK_INT(RUNNER("/bin/sh\0/etc/rc.d/rc\0banana").level, 0);
	CHECK(RUNNER("/bin/sh\0/etc/rc.d/rc.M").is_final);
	CHECK_INT(RUNNER("/bin/sh\0/etc/init.d/initfs-late\0start").kind, RUNNER_LATE);
}

static void test_startpar(void)
{
	struct runner r = RUNNER("startpar\0-p\0"
				 "4\0-t\0"
				 "20\0-T\0"
				 "3\0-M\0start\0-P\0N\0-R\0"
				 "2");

	CHECK_INT(r.kind, RUNNER_STARTPAR);
	CHECK_INT(r.level, '2');
	CHECK(!r.stops);
	r = RUNNER("/sbin/startpar\0-M\0stop\0-R\0"
		   "0");
	CHECK(r.stops);
	CHECK_INT(r.level, '0');
	CHECK_INT(RUNNER("startpar\0-R").level, 0);
}

static void test_others(void)
{
	static char longer[8192] = "/bin/sh";

	CHECK_INT(runner_of("", 0).kind, RUNNER_NONE);
	CHECK_INT(RUNNER("").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("init [2]").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("/bin/sh").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("/bin/sh\0/etc/init.d/ssh\0start").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("/bin/sh\0rc\0"
			 "2")
			  .kind,
		  RUNNER_NONE);
	CHECK_INT(RUNNER("/bin/sh\0-c\0/etc/init.d/rc 2").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("vi\0/etc/init.d/rc").kind, RUNNER_NONE);
	CHECK_INT(RUNNER("/bin/sh\0/etc/rc.d/rc.6").kind, RUNNER_NONE);
	CHECK_INT(runner_of(longer, sizeof(longer)).kind, RUNNER_NONE);
	CHECK(runner_of_name("rcS"));
	CHECK(!runner_of_name("rcSS"));
}

static void test_names(void)
{
	CHECK_STR(entry_script("S20ssh"), "ssh");
	CHECK_STR(entry_script("K1x"), "x");
	CHECK_STR(entry_script("S100x"), "x");
	CHECK(!entry_script("S20"));
	CHECK(!entry_script("Szzfoo"));
	CHECK(!entry_script("README"));
	CHECK(!entry_script(""));
	CHECK_INT(directory_level("rc2.d"), '2');
	CHECK_INT(directory_level("rcS.d"), 'S');
	CHECK_INT(directory_level("rc7.d"), 0);
	CHECK_INT(directory_level("rc.d"), 0);
	CHECK_INT(directory_level("init.d"), 0);
}

int main(void)
{
	test_shells();
	test_startpar();
	test_others();
	test_names();
	return check_result();
}
