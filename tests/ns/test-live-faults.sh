#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed or failing at any system call, the merge of a live view costs no program anything, and the next run ends well.
# A sample of the points; MERGE_POINTS=N: more, all: a kill and five errors at each. INITFS_SEED: others.
if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [ "$(uname -m)" != x86_64 ]; then
	echo "sets registers of x86-64"
	exit 77
fi
exec env --default-signal=PIPE unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
	/usr/bin/python3 -B "${0%/*}/live-faults.py"
