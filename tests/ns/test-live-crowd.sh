#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who makes very many sockets does not keep those of others from staying reachable.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /tmp /var
initfs-merge --wait -- "$root" || fail "the merge does not wait"
/usr/bin/python3 -B "${0%/*}/live-crowd.py" "$root" "$(cat "$state/merge.pid")" || fail "see above"
