#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever fails or dies while running programs are moved to the disk, they go on and lose nothing,
# and the next attempt finishes; what is on the disk already is not merged a second time.
cases=${MERGE_CASES:-seal-refused prepare-refused view-hangs-up merge-killed-sealed
	merge-killed-between server-killed-sealed server-killed-between mounted-meanwhile disk-full
	read-only socket stopped second-merge nothing-left late-fstab
	asked manual going-down lost cut-off cause-gone near-full}
# Each has a root and namespaces of its own.
if [ $# = 0 ]; then
	for case in $cases; do
		mkdir -p "${TEST_TMP:?}/$case"
		TEST_TMP=$TEST_TMP/$case "$0" "$case" || exit
		echo "ok: $case"
	done
	exit
fi
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp
/usr/bin/python3 "${0%/*}/merge-troubles.py" "$1" "$root" "$TEST_TMP" || fail "$1"
