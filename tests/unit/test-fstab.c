/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of fstab is read as mount(8) reads it, or passed over. */
#include "config.h"

#include "check.h"
#include "common/fstab.h"

#include <stdio.h>

/* Reads the first line that is one. */
static void check_line(const char *source, const char *target, const char *type,
		       const char *options, const char *text)
{
	char buffer[256];
	char *rest = buffer;
	struct fstab_line line = { "", "", "", "" };

	(void)snprintf(buffer, sizeof(buffer), "%s", text);
	CHECK(fstab_next(&rest, &line));
	CHECK_STR(line.source, source);
	CHECK_STR(line.target, target);
	CHECK_STR(line.type, type);
	CHECK_STR(line.options, options);
	CHECK(!fstab_next(&rest, &line));
}

static void check_none(const char *text)
{
	char buffer[256];
	char *rest = buffer;
	struct fstab_line line;

	(void)snprintf(buffer, sizeof(buffer), "%s", text);
	CHECK(!fstab_next(&rest, &line));
}

int main(void)
{
	check_line("UUID=1", "/", "ext4", "rw,noatime", "UUID=1 / ext4 rw,noatime 0 1\n");
	check_line("a", "/b", "ext4", "", "\t a\t \t/b  ext4");
	check_line("a b", "/c\td", "ext4", "x=\n", "a\\040b /c\\011d ext4 x=\\012");
	check_line("#a", "/b", "ext4", "", "\\043a /b ext4");
	check_line("a", "/b", "ext4", "rw", "# one\n\n  # two\na /b ext4 rw\r\n");
	check_line("a", "/srv", "xfs", "", "a /srv/// xfs");
	check_line("a", "/", "xfs", "", "a // xfs");
	check_line("a", "none", "swap", "sw", "a none swap sw 0 0");
	check_line("a", "/b", "ext4", "", "broken\nbroken /too\na /b ext4\n   \n");
	check_none("");
	check_none("\n\n");
	check_none("#a /b ext4");
	check_none(" \t#a /b ext4");
	check_none("a /b");
	check_none("\r\n");
	return check_result();
}
