#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that refuses the tmpfs: one clear line, then the stock boot.
import os

from lab import Archive, stock_boot_after

# The real helper, but the first file system that it makes, which is the tmpfs, cannot be had.
WRAPPER = """#!/bin/sh
exec /usr/lib/boot-lab/without-syscall fsmount=ENOMEM@=1 /usr/lib/boot-lab/initfs-overlay "$@"
"""
SWAP = """mv /usr/sbin/initfs-overlay /usr/lib/boot-lab/
mv /usr/lib/boot-lab/wrapper /usr/sbin/initfs-overlay
"""

addon = Archive()
addon.add("usr/lib/boot-lab/wrapper", WRAPPER)
addon.add_file("usr/lib/boot-lab/without-syscall",
               os.path.join(os.environ["INITFS_BUILD"], "tests/lib/without-syscall"))
addon.add("usr/lib/dracut/hooks/cmdline/00-boot-lab.sh", SWAP)
stock_boot_after("tmpfs|RAM", addon=addon)
