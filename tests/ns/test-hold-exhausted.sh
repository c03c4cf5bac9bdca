#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who opens more files than the view's server has descriptors is refused; nothing is lost, and the merge waits.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

command -v setpriv >/dev/null || {
	echo "needs setpriv"
	exit 77
}
scene_make /var
initfs-overlay --size=64M -- "$root" /var || fail "no overlay"
# Without CAP_SYS_RESOURCE it cannot raise its limit beyond this.
(
	ulimit -n 1500
	exec setpriv --bounding-set -sys_resource initfs-hold -- "$root"
) || fail "no view"
/usr/bin/python3 -B "${0%/*}/hold-exhausted.py" "$root" || fail "see above"
