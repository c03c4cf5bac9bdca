/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of mountinfo is understood whole, with its escapes, or refused. */
#include "config.h"

#include "check.h"
#include "common/mountinfo.h"

#include <errno.h>
#include <stdlib.h>

static void test_plain(void)
{
	char line[] =
		"105 90 0:53 / /var rw,relatime shared:5 master:1 - fuse.initfs-hold initfs rw";
	struct mountinfo info;

	CHECK_INT(mountinfo_parse(line, &info), 0);
	CHECK_INT(info.id, 105);
	CHECK_INT(info.parent, 90);
	CHECK_INT(info.major, 0);
	CHECK_INT(info.minor, 53);
	CHECK_STR(info.root, "/");
	CHECK_STR(info.target, "/var");
	CHECK_STR(info.type, "fuse.initfs-hold");
	CHECK_STR(info.source, "initfs");
	CHECK_STR(info.options, "rw,relatime");
	CHECK_STR(info.super, "rw");
}

static void test_escapes(void)
{
	char line[] = "1 0 0:1 /a\\134b /with\\040space\\011tab\\012end rw - tmpfs  rw";
	struct mountinfo info;

	CHECK_INT(mountinfo_parse(line, &info), 0);
	CHECK_STR(info.root, "/a\\b");
	CHECK_STR(info.target, "/with space\ttab\nend");
	CHECK_STR(info.source, "");
	CHECK_STR(info.super, "rw");
}

/* A comma of a path is \054 until the value was cut out. */
static void test_super(void)
{
	char line[] = "22 1 0:20 / / rw - overlay a\\040b ro,lowerdir=/a\\054b,upperdir=/u";
	struct mountinfo info;

	CHECK_INT(mountinfo_parse(line, &info), 0);
	CHECK_STR(info.source, "a b");
	CHECK_STR(info.super, "ro,lowerdir=/a\\054b,upperdir=/u");
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
	check_bad("1 2 0:1 / /a rw - tmpfs none");
	check_bad("1 2 0:1 / /a rw - tmpfs none ");
	check_bad("1 2 0:1  /a rw - tmpfs none rw");
	check_bad("1 2 0 / /a rw - tmpfs none rw");
	check_bad("1 2 0:x / /a rw - tmpfs none rw");
	check_bad("1 2 :1 / /a rw - tmpfs none rw");
	check_bad("1 2 0:4294967296 / /a rw - tmpfs none rw");
	check_bad("x 2 0:1 / /a rw - tmpfs none rw");
	check_bad("1 -2 0:1 / /a rw - tmpfs none rw");
}

static void test_next(void)
{
	char text[] = "nonsense\n\n1 0 0:1 / /a rw - tmpfs none rw\n1 0\n"
		      "2 0 0:2 / /b rw - tmpfs none rw";
	struct mountinfo info;
	char *rest = text;

	CHECK(mountinfo_next(&rest, &info));
	CHECK_STR(info.target, "/a");
	CHECK(mountinfo_next(&rest, &info));
	CHECK_STR(info.target, "/b");
	CHECK(!mountinfo_next(&rest, &info));
	CHECK(!mountinfo_next(&rest, &info));
}

/* The kernel's own text: the test's process has a root, as every one has. */
static void test_read(void)
{
	struct mountinfo info;
	char *text = NULL;
	char *rest;
	int lines = 0, understood = 0;

	CHECK_INT(mountinfo_read(&text), 0);
	for (rest = text; rest && *rest; rest++)
		lines += *rest == '\n';
	for (rest = text; mountinfo_next(&rest, &info);)
		understood++;
	CHECK(lines > 0);
	CHECK_INT(understood, lines);
	free(text);
}

int main(void)
{
	test_plain();
	test_escapes();
	test_bad();
	test_super();
	test_next();
	test_read();
	return check_result();
}
