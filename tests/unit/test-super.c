/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file system is known by its beginning, and one that was not unmounted cleanly is told apart. */
#include "config.h"

#include "check.h"
#include "common/super.h"

#include <string.h>

static unsigned char start[SUPER_BYTES];

/* A clean ext4: magic, state "valid", features of a default one. */
static void make_ext(void)
{
	memset(start, 0, sizeof(start));
	start[1024 + 0x38] = 0x53;
	start[1024 + 0x39] = 0xEF;
	start[1024 + 0x3A] = 1;
	start[1024 + 0x60] = 0xC2;
	start[1024 + 0x61] = 0x02;
}

static void check_unclean(size_t at, unsigned char value, const char *why)
{
	const char *unclean = NULL;

	make_ext();
	start[1024 + at] = value;
	CHECK(super_look(start, &unclean) == SUPER_EXT);
	CHECK(unclean != NULL);
	CHECK(unclean && strstr(unclean, why));
}

int main(void)
{
	const char *unclean = "set";

	make_ext();
	CHECK(super_look(start, &unclean) == SUPER_EXT);
	CHECK(unclean == NULL);
	check_unclean(0x3A, 0, "not unmounted cleanly");
	check_unclean(0x3A, 3, "errors");
	check_unclean(0x60, 0xC6, "journal");
	check_unclean(0xE8, 12, "removed files");
	check_unclean(0xEB, 1, "removed files");
	check_unclean(0x66, 1, "removed files");

	/* A journal of another file system has the same magic and is none itself. */
	make_ext();
	start[1024 + 0x60] = 0x08;
	CHECK(super_look(start, &unclean) == SUPER_UNKNOWN);

	memset(start, 0, sizeof(start));
	unclean = "set";
	CHECK(super_look(start, &unclean) == SUPER_UNKNOWN);
	CHECK(unclean == NULL);
	memcpy(start, "XFSB", 4);
	CHECK(super_look(start, &unclean) == SUPER_XFS);
	CHECK(unclean == NULL);
	memcpy(start, "LUKS\xba\xbe", 6);
	CHECK(super_look(start, &unclean) == SUPER_UNKNOWN);
	memset(start, 0, sizeof(start));
	memcpy(start + 65536 + 64, "_BHRfS_M", 8);
	unclean = "set";
	CHECK(super_look(start, &unclean) == SUPER_BTRFS);
	CHECK(unclean == NULL);
	/* What was there before and was not wiped: mkfs.btrfs clears the others' places, not they its. */
	start[1024 + 0x38] = 0x53;
	start[1024 + 0x39] = 0xEF;
	start[1024 + 0x3A] = 1;
	CHECK(super_look(start, &unclean) == SUPER_EXT);
	memset(start, 0xFF, sizeof(start));
	CHECK(super_look(start, &unclean) == SUPER_UNKNOWN);
	return check_result();
}
