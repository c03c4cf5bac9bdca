#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where /var or /tmp has a file system of its own, programs stay in the view when init mounts it, and their RAM
# flows to it: nothing is lost or doubled, and what initfs had mounted is gone.
# One go at a type of file system; again when a program met the moment in which the view was hidden (75).
for type in ext4 xfs btrfs btrfs-root tmpfs; do
	[ $# = 0 ] || break
	for go in 1 2 3 4 5 6 7; do
		mkdir -p "${TEST_TMP:?}/$type.$go"
		status=0
		TEST_TMP=$TEST_TMP/$type.$go "$0" "$type" || status=$?
		if [ "$status" != 75 ]; then
			break
		fi
	done
	[ "$status" = 0 ] || exit "$status"
	echo "ok: $type"
done
[ $# != 0 ] || exit 0
# shellcheck source-path=SCRIPTDIR source=merge-own.sh
. "${0%/*}/merge-own.sh"

own_make "$1"
status=0
/usr/bin/python3 "${0%/*}/merge-live.py" "$root" "$TEST_TMP" "$merge_pid" "$device" "$own_dir" "$own_options" ||
	status=$?
[ "$status" != 75 ] || exit 75
[ "$status" = 0 ] || fail "see above"
own_ended
case $1 in
ext4) fsck -f -n "$device" ;;
xfs) xfs_repair -n "$device" ;;
btrfs) btrfs check "$device" ;;
esac >"$TEST_TMP/fsck" 2>&1 || fail "$(cat "$TEST_TMP/fsck")"
