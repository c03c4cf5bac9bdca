/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runlevel of this boot is read as sysvinit reads it, and that of now from utmp. */
#include "config.h"

#include "check.h"
#include "supervise/runlevel.h"

#include <utmp.h>

static const char inittab[] = "# id:5:initdefault:\n"
			      "si::sysinit:/etc/init.d/rcS\n"
			      "id:3:initdefault:\n"
			      "l2:2:wait:/etc/init.d/rc 2\n";

static long long of_boot(const char *cmdline, const char *text)
{
	return runlevel_of_boot(cmdline, text);
}

static long long in_utmp(const void *records, size_t size)
{
	return runlevel_in_utmp(records, size);
}

static void test_boot(void)
{
	CHECK_INT(of_boot("root=/dev/sda1 ro quiet", inittab), '3');
	CHECK_INT(of_boot("", ""), '2');
	CHECK_INT(of_boot("", "l2:2:wait:x\nid::initdefault:\nnonsense\n:::\n"), '2');
	CHECK_INT(of_boot("ro 5", inittab), '5');
	CHECK_INT(of_boot("ro single\n", inittab), 'S');
	CHECK_INT(of_boot("S ro", inittab), 'S');
	CHECK_INT(of_boot("ro 1", inittab), '1');
	CHECK_INT(of_boot("emergency", inittab), 'S');
	CHECK_INT(of_boot("x=1 single=no singled 55", inittab), '3');
}

static void test_words(void)
{
	CHECK(is_on_cmdline("ro text quiet", "text"));
	CHECK(is_on_cmdline("text\n", "text"));
	CHECK(!is_on_cmdline("context text=1 texts", "text"));
	CHECK(!is_on_cmdline("", "text"));
}

static void test_links(void)
{
	CHECK(is_start_link("S02lightdm", "lightdm"));
	CHECK(!is_start_link("K02lightdm", "lightdm"));
	CHECK(!is_start_link("S2lightdm", "lightdm"));
	CHECK(!is_start_link("S02lightdm.bak", "lightdm"));
	CHECK(!is_start_link("S", "lightdm"));
	CHECK(!is_start_link("README", "lightdm"));
}

static void test_utmp(void)
{
	struct utmp records[3] = {
		{ .ut_type = BOOT_TIME },
		{ .ut_type = RUN_LVL, .ut_pid = 'N' * 256 + '2' },
		{ .ut_type = LOGIN_PROCESS, .ut_pid = '6' },
	};

	CHECK_INT(in_utmp(records, sizeof(records)), '2');
	CHECK_INT(in_utmp(records, 0), 0);
	CHECK_INT(in_utmp(records, sizeof(records[0]) * 2 - 1), 0);
	records[2] = (struct utmp){ .ut_type = RUN_LVL, .ut_pid = '2' * 256 + '6' };
	CHECK_INT(in_utmp(records, sizeof(records)), '6');

	CHECK(is_going_down('0'));
	CHECK(is_going_down('1'));
	CHECK(is_going_down('6'));
	CHECK(!is_going_down('2'));
	CHECK(!is_going_down('S'));
	CHECK(!is_going_down('\0'));
	CHECK(is_multi_user('5'));
	CHECK(!is_multi_user('\0'));
	CHECK(!is_multi_user('1'));
}

int main(void)
{
	test_boot();
	test_words();
	test_links();
	test_utmp();
	return check_result();
}
