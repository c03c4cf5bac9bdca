/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of chkconfig and tags of Mandriva are read to the letter, or are not there. */
#include "config.h"

#include "check.h"
#include "rcfilter/chkconfig.h"

static struct chkconfig parse(const char *text)
{
	struct chkconfig chkconfig;

	CHECK_INT(chkconfig_parse(text, strlen(text), &chkconfig), 0);
	return chkconfig;
}

static void test_good(void)
{
	struct chkconfig c = parse("#!/bin/bash\n"
				   "# chkconfig: 2345 55 25\n"
				   "# description: one line \\\n#  and another\n"
				   "# processname: sshd\n"
				   "# pidfile: /var/run/sshd.pid\n"
				   "# pidfile: /second\n"
				   "# hide: true\n"
				   "# X-Parallel-Init\n"
				   "# X-Parallel-Interactive\n"
				   "# X-Parallel-Requires: network, syslog\n");

	CHECK(c.is_service);
	CHECK(!c.level[1]);
	CHECK(c.level[2] && c.level[3] && c.level[4] && c.level[5]);
	CHECK_INT(c.start, 55);
	CHECK_INT(c.stop, 25);
	CHECK_STR(c.process, "sshd");
	CHECK_STR(c.pidfile, "/var/run/sshd.pid");
	CHECK(c.hidden && c.parallel && c.parallel_interactive);
	CHECK_INT(c.parallel_requires.count, 2);
	CHECK_STR(c.parallel_requires.word[1], "syslog");
	chkconfig_free(&c);
	c = parse("# chkconfig: - 0 99");
	CHECK(c.is_service);
	CHECK_INT(c.stop, 99);
	chkconfig_free(&c);
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		"# chkconfig:\n",
		"# chkconfig: 2345 55\n",
		"# chkconfig: 2345 100 1\n",
		"# chkconfig: 2345 -1 1\n",
		"# chkconfig: 2x45 1 1\n",
		"# Chkconfig: 2345 1 1\n",
		"chkconfig: 2345 1 1\n",
		"## chkconfig: 2345 1 1\n",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct chkconfig c = parse(bad[i]);

		CHECK(!c.is_service);
		CHECK(!c.level[2]);
		chkconfig_free(&c);
	}
}

int main(void)
{
	test_good();
	test_bad();
	return check_result();
}
