#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The power fails at a write of a merge: a clean disk, each name old or new, entire, and the next run finishes.
# 120 of the points at each write and after what a cache may have lost; MERGE_POINTS=all: all of them.
if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-storage-daemon >/dev/null; then
	echo "needs qemu-storage-daemon, and the registers of x86-64"
	exit 77
fi
exec env --default-signal=PIPE unshare -m --propagation private \
	/usr/bin/python3 "${0%/*}/merge-cuts.py"
