#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A helper that never ends: one clear line after a bound, then the stock boot.
from lab import Archive, stock_boot_after

addon = Archive()
# What asks it to end is not heard either.
addon.add("usr/sbin/initfs-hold", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n")
stock_boot_after("initfs-hold.*in time", addon=addon)
