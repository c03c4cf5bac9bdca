/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Superblocks: ext's as in the kernel's Documentation/filesystems/ext4, all little-endian; btrfs's as in
 * its uapi/linux/btrfs_tree.h.
 */
#include "config.h"

#include "common/super.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BTRFS_AT_MAGIC (65536 + 64)
#define BTRFS_MAGIC "_BHRfS_M"

#define EXT_SUPER 1024
#define EXT_MAGIC 0xEF53
#define EXT_AT_MAGIC 0x38
#define EXT_AT_STATE 0x3A
#define EXT_AT_INCOMPAT 0x60
#define EXT_AT_RO_COMPAT 0x64
#define EXT_AT_LAST_ORPHAN 0xE8

#define EXT_STATE_VALID 0x1
#define EXT_STATE_ERROR 0x2
#define EXT_INCOMPAT_RECOVER 0x4
#define EXT_INCOMPAT_JOURNAL_DEVICE 0x8
#define EXT_RO_COMPAT_ORPHANS 0x10000

static uint32_t number_at(const unsigned char *super, size_t at, size_t bytes)
{
	uint32_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | super[at + bytes];
	return number;
}

/* With a journal the state stays "valid" while mounted; what tells is that it wants recovery. */
static const char *ext_unclean(const unsigned char *super)
{
	uint32_t state = number_at(super, EXT_AT_STATE, 2);

	if (number_at(super, EXT_AT_INCOMPAT, 4) & EXT_INCOMPAT_RECOVER)
		return "it was not unmounted cleanly: its journal has to be replayed first";
	if (state & EXT_STATE_ERROR)
		return "errors were seen on it: it has to be checked first";
	if (!(state & EXT_STATE_VALID))
		return "it was not unmounted cleanly: it has to be checked first";
	if (number_at(super, EXT_AT_LAST_ORPHAN, 4) ||
	    number_at(super, EXT_AT_RO_COMPAT, 4) & EXT_RO_COMPAT_ORPHANS)
		return "removed files are still on it: it has to be checked first";
	return NULL;
}

enum super_type super_look(const unsigned char *start, const char **ret_unclean)
{
	const unsigned char *ext = start + EXT_SUPER;

	*ret_unclean = NULL;
	if (memcmp(start, "XFSB", 4) == 0)
		return SUPER_XFS;
	if (number_at(ext, EXT_AT_MAGIC, 2) != EXT_MAGIC)
		return memcmp(start + BTRFS_AT_MAGIC, BTRFS_MAGIC, strlen(BTRFS_MAGIC)) == 0
			       ? SUPER_BTRFS
			       : SUPER_UNKNOWN;
	if (number_at(ext, EXT_AT_INCOMPAT, 4) & EXT_INCOMPAT_JOURNAL_DEVICE)
		return SUPER_UNKNOWN;
	*ret_unclean = ext_unclean(ext);
	return SUPER_EXT;
}
