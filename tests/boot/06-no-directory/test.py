#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A directory to protect that does not exist: one clear line, then the stock boot.
from lab import stock_boot_after

stock_boot_after("/nonexistent", append="rd.initfs rd.initfs.overlay=/nonexistent")
