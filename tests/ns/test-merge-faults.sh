#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed at any system call the next run ends as if nothing had been; failing at any, the exit code is true.
# A fourth of the kills and as many failures; MERGE_POINTS=all: a kill, and six errors in two ways, at each.
if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [ "$(uname -m)" != x86_64 ]; then
	echo "sets registers of x86-64"
	exit 77
fi
exec env --default-signal=PIPE unshare -m --propagation private \
	/usr/bin/python3 "${0%/*}/merge-faults.py"
