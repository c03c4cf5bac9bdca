#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints how long programs wait at the switch from RAM to disk, and what of that grows with the names changed.
#
#	bench-pause.sh [ROUNDS [NAMES...]]
#
# WRITERS programs (default 50) append to logs of their own meanwhile. SVG=FILE also draws it.
# shellcheck source-path=SCRIPTDIR source=../ns/hold.sh
[ -n "${TEST_TMP-}" ] || {
	TEST_TMP=$(mktemp -d)
	export TEST_TMP
}
. "${0%/*}/../ns/hold.sh"

rounds=${1:-7}
shift || true
[ $# -gt 0 ] || set -- 100 500 1000 10000 100000
IMAGE_SIZE=3G scene_make /var /tmp
/usr/bin/python3 -B "${0%/*}/pause.py" "$root" "$rounds" "$@"
# Not with rm -r: the machine's /dev is bound below it until the namespace ends.
umount -R "$root"
rmdir "$root" "$TEST_TMP"
