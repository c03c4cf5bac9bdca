#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under programs that write, rename and work inside, RAM flows to the disk: nothing is lost or doubled,
# and what initfs had mounted is gone.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

IMAGE_SIZE=256M scene_make /var /tmp
scene_up /var /tmp
initfs-merge --wait -- "$root" || fail "the merge does not wait"
merge_pid=$(cat "$state/merge.pid")
/usr/bin/python3 "${0%/*}/merge-live.py" "$root" "$TEST_TMP" "$merge_pid" || fail "see above"
