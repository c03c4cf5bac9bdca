/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of mountinfo is understood whole, with its escapes, or refused. */
#include "config.h"

#include "check.h"
#include "passthrough/mountinfo.h"

#include <errno.h>

static void test_plain(void)
{
	char line[] =
		"105 90 0:53 / /var rw,relatime shared:5 master:1 - fuse.initfs-hold initfs rw";
	struct mountinfo info;

	CHECK_INT(mountinfo_parse(line, &info), 0);
	CHECK_INT(info.id, 105);
	CHECK_INT(info.parent, 90);
	CHECK_STR(info.device, "0:53");
	CHECK_STR(info.root, "/");
	CHECK_STR(info.path, "/var");
	CHECK_STR(info.type, "fuse.initfs-hold");
	CHECK_STR(info.source, "initfs");
}

static void test_escapes(void)
{
	char line[] = "1 0 0:1 /a\\134b /with\\040space\\011tab\\012end rw - tmpfs  rw";
	struct mountinfo info;

	CHECK_INT(mountinfo_parse(line, &info), 0);
	CHECK_STR(info.root, "/a\\b");
	CHECK_STR(info.path, "/with space\ttab\nend");
	CHECK_STR(info.source, "");
}

static void check_bad(const char *text)
{
	struct mountinfo info;
	char line[128];

	(void)snprintf(line, sizeof(line), "%s", text);
	CHECK_INT(mountinfo_parse(line, &info), -EINVAL);
}

static void test_bad(void)
{
	check_bad("");
	check_bad("1 2 0:1 / /a rw");
	check_bad("1 2 0:1 / /a rw shared:1");
	check_bad("1 2 0:1 / /a rw -");
	check_bad("1 2 0:1 / /a rw - tmpfs");
	check_bad("x 2 0:1 / /a rw - tmpfs none rw");
	check_bad("1 -2 0:1 / /a rw - tmpfs none rw");
}

static void test_below(void)
{
	CHECK(is_path_below("/var/log", "/var"));
	CHECK(!is_path_below("/var", "/var"));
	CHECK(!is_path_below("/variable", "/var"));
	CHECK(is_path_below("/var", "/"));
	CHECK(!is_path_below("/", "/"));
}

int main(void)
{
	test_plain();
	test_escapes();
	test_bad();
	test_below();
	return check_result();
}
