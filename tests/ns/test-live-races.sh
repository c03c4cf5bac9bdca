#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever programs remove, rename or replace while the merge of a live view is between two of its calls, all is there in the end.
# A sample of the points; MERGE_POINTS=N: more, all. INITFS_SEED: others.
if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
exec env --default-signal=PIPE unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
	/usr/bin/python3 -B "${0%/*}/live-races.py"
