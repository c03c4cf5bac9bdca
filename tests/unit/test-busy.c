/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How busy the disk is stands in texts of the kernel; any other text says that it is not. */
#include "config.h"

#include "check.h"
#include "rcfilter/busy.h"

#include <string.h>

static void test_pressure(void)
{
	static const char text[] = "some avg10=45.67 avg60=1.00 avg300=0.00 total=1\n"
				   "full avg10=99.00 avg60=0.00 avg300=0.00 total=1\n";

	CHECK_INT(busy_pressure(text, sizeof(text) - 1), 45);
	CHECK_INT(busy_pressure("some avg10=9", 12), 9);
	CHECK_INT(busy_pressure("full avg10=9", 12), 0);
	CHECK_INT(busy_pressure("some avg10=99999999999999", 25), 0);
	CHECK_INT(busy_pressure("", 0), 0);
}

static unsigned long long disk(const char *text)
{
	return busy_disk(text, strlen(text));
}

static void test_disk(void)
{
	CHECK_INT(disk(" 254 0 vda 1 2 3 4 5 6 7 8 0 730 9 0 0 0 0 1 2\n"
		       " 254 1 vda1 1 2 3 4 5 6 7 8 0 700 9\n   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0"),
		  730);
	CHECK_INT(disk(" 254 0 vda 1 2 3 4 5 6 7 8 0"), 0);
	CHECK_INT(disk(" 254 0 vda 1 2 3 4 5 6 7 8 0 12x 9"), 0);
	CHECK_INT(disk(" 254 0 vda 1 2 3 4 5 6 7 8 0 9999999999999999999 9"), 0);
	CHECK_INT(disk("\n\n"), 0);
	CHECK_INT(disk(""), 0);
}

static void test_percent(void)
{
	CHECK_INT(busy_percent(0, 0), 0);
	CHECK_INT(busy_percent(5, 0), 0);
	CHECK_INT(busy_percent(50, 200), 25);
	CHECK_INT(busy_percent(201, 200), 100);
}

int main(void)
{
	test_pressure();
	test_disk();
	test_percent();
	return check_result();
}
