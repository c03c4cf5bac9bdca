#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A helper that only ends with 1: one clear line, then the stock boot.
from lab import Archive, stock_boot_after

addon = Archive()
addon.add("usr/sbin/initfs-hold", "#!/bin/sh\nexit 1\n")
stock_boot_after("initfs-hold", addon=addon)
