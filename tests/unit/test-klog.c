/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others wrote to the kernel's log becomes one line each for syslog; the kernel's own does not. */
#include "config.h"

#include "check.h"
#include "supervise/klog.h"

#include <errno.h>

static const struct tm when = {
	.tm_mon = 10, .tm_mday = 2, .tm_hour = 4, .tm_min = 5, .tm_sec = 6
};

static int parse(const char *text, struct klog_record *record)
{
	static char memory[256];

	(void)snprintf(memory, sizeof(memory), "%s", text);
	return klog_parse(memory, record);
}

static void test_parse(void)
{
	struct klog_record record;

	CHECK_INT(parse("30,1234,5123456,-;dracut: Mounted\n SUBSYSTEM=x\n", &record), 0);
	CHECK_INT(record.priority, 30);
	CHECK_INT(record.usec, 5123456);
	CHECK_STR(record.text, "dracut: Mounted");
	CHECK(!klog_is_kernels(&record));
	CHECK_INT(parse("6,0,0,-,caller=T1;Linux version", &record), 0);
	CHECK(klog_is_kernels(&record));
	CHECK_INT(parse("12,1,1,c;a\\x0ab\\x5cc\\xc3\\xa4\\x00\\xzz\\x4", &record), 0);
	CHECK_STR(record.text, "a\nb\\c\xc3\xa4 \\xzz\\x4");
	CHECK_INT(parse("", &record), -EINVAL);
	CHECK_INT(parse("no record", &record), -EINVAL);
	CHECK_INT(parse(";text", &record), -EINVAL);
	CHECK_INT(parse("1024,1,1,-;text", &record), -EINVAL);
	CHECK_INT(parse("30,1;text", &record), -EINVAL);
	CHECK_INT(parse("-1,1,1,-;text", &record), -EINVAL);
}

static void test_format(void)
{
	struct klog_record record = { .priority = 28, .usec = 12000003 };
	char message[128];

	CHECK_INT(klog_format(message, sizeof(message), &record, "dracut: a: b\tc", &when), 49);
	CHECK_STR(message, "<28>Nov  2 04:05:06 dracut: [   12.000003] a: b c");
	(void)klog_format(message, sizeof(message), &record, "dracut Warning: x", &when);
	CHECK_STR(message, "<28>Nov  2 04:05:06 kmsg: [   12.000003] dracut Warning: x");
	(void)klog_format(message, sizeof(message), &record,
			  "a-name-that-is-too-long-for-a-tag-of-syslog: x", &when);
	CHECK(strstr(message, " kmsg: ") != NULL);
	CHECK_INT(klog_format(message, 30, &record, "dracut: text", &when), 29);
	CHECK_STR(message, "<28>Nov  2 04:05:06 dracut: [");
	(void)klog_format_line(message, sizeof(message), "checkroot", "clean: 100 %s", &when);
	CHECK_STR(message, "<30>Nov  2 04:05:06 checkroot: clean: 100 %s");
}

static void test_says(void)
{
	static const char word[] = "permitnonkernelfacility=on";

	CHECK(klog_says("module(load=\"imklog\" PermitNonKernelFacility=\"on\")\n", word));
	CHECK(klog_says("a\n  module(load='imklog'\tpermitNonKernelFacility = 'on')", word));
	CHECK(!klog_says("module(load=\"imklog\")\n# permitnonkernelfacility=\"on\"\n", word));
	CHECK(!klog_says("permitnonkernelfacility=\"off\"\n", word));
	CHECK(!klog_says("permitnonkernelfacility=\n\"on\"\n", word));
	CHECK(!klog_says("", word));
	CHECK(klog_says("$KLogPermitNonKernelFacility on\n", "$klogpermitnonkernelfacilityon"));
}

int main(void)
{
	test_parse();
	test_format();
	test_says();
	return check_result();
}
