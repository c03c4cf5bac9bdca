#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without overlayfs: one clear line, then the stock boot.
from lab import stock_boot_after

stock_boot_after("overlay", append="rd.initfs module_blacklist=overlay")
