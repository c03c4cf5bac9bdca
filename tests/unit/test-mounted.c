/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fstab wants at boot is missed where it is not mounted, and nothing else is. */
#include "config.h"

#include "check.h"
#include "common/mounted.h"

#include <stdio.h>

static const char mounts[] = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
			     "nonsense\n"
			     "22 21 0:20 / /proc rw shared:1 - proc proc rw\n"
			     "23 21 8:2 / /a\\040b rw - ext4 /dev/sda2 rw\n"
			     "24 21 8:3 / /srv rw - xfs /dev/sda3 rw\n"
			     "25 24 8:4 / /srv/deep/er rw - xfs /dev/sda4 rw\n";

static bool is_complete(const char *fstab)
{
	char table[256];
	char list[sizeof(mounts)];

	(void)snprintf(table, sizeof(table), "%s", fstab);
	(void)snprintf(list, sizeof(list), "%s", mounts);
	return mounted_is_complete(table, list);
}

int main(void)
{
	CHECK(is_complete(""));
	CHECK(is_complete("a / ext4 rw 0 1\nb /a\\040b ext4\nc /srv/ xfs\nd /srv/deep/er xfs\n"));
	CHECK(!is_complete("a / ext4 rw 0 1\nb /home ext4 defaults 0 2\n"));
	CHECK(!is_complete("b /srv/deep ext4 defaults 0 2\n"));
	CHECK(!is_complete("b /a ext4 defaults 0 2\n"));
	/* Not by init's mountall, not at boot, or not at all. */
	CHECK(is_complete("b none swap sw\nb /media auto noauto\nb /n nfs4 rw\nb /f fuse.sshfs rw\n"
			  "b /x ext4 rw,_netdev\nb /y ext4 nofail,ro\n#b /home ext4\n"));
	CHECK(!is_complete("b /nf nfsx rw\n"));
	return check_result();
}
