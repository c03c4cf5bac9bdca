/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory is covered by what is mounted over it and stands nowhere, and by nothing else. */
#include "config.h"

#include "check.h"
#include "supervise/covered.h"

#include <stdio.h>

static char by[COVERED_MAX];

/* "" where it is not. */
static const char *covered(const char *mounts, const char *fstab, const char *directory)
{
	char list[1024], table[256];

	(void)snprintf(list, sizeof(list), "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n%s", mounts);
	(void)snprintf(table, sizeof(table), "%s", fstab);
	by[0] = '\0';
	return covered_by(list, table, directory, by, sizeof(by)) ? by : "";
}

int main(void)
{
	static const char log[] = "22 21 0:20 / /var/log rw - tmpfs log2ram rw\n";
	static const char own[] = "22 21 8:2 / /var rw - ext4 /dev/sda2 rw\n"
				  "23 22 0:20 / /var/log rw - tmpfs x rw\n";
	static const char view[] = "22 21 0:20 / /var rw - fuse.initfs-hold initfs rw\n";
	static const char bare[] = "22 21 0:20 / /var rw - overlay initfs rw\n";
	static const char theirs[] = "22 21 0:20 / /var rw - overlay overlay rw\n";

	CHECK_STR(covered("", "", "/var/log"), "");
	CHECK_STR(covered(log, "a / ext4\n", "/var/log"), "/var/log");
	CHECK_STR(covered(log, "a / ext4\n", "/var/log/deep"), "/var/log");
	CHECK_STR(covered(log, "a / ext4\n", "/var/lib"), "");
	CHECK_STR(covered(log, "", "/var/logs"), "");
	CHECK_STR(covered(log, "a /var/log/ tmpfs\n", "/var/log"), "");
	CHECK_STR(covered(own, "a /var ext4\n", "/var/log"), "/var/log");
	CHECK_STR(covered(own, "a /var ext4\nb /var/log tmpfs\n", "/var/log"), "");
	CHECK_STR(covered(own, "a /var ext4\n", "/var/lib"), "");
	CHECK_STR(covered(view, "", "/var/log"), "");
	CHECK_STR(covered(bare, "", "/var/log"), "");
	CHECK_STR(covered(theirs, "", "/var/log"), "/var");
	return check_result();
}
