#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sockets and FIFOs that are in use stay reachable by their names after the merge, until they are not used any more.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp
initfs-merge --wait -- "$root" || fail "the merge does not wait"
merge_pid=$(cat "$state/merge.pid")
/usr/bin/python3 -B "${0%/*}/live-sockets.py" "$root" "$merge_pid" || fail "see above"
until_true 20 nothing_of_ours "$root" || fail "left: $(ours "$root")"
