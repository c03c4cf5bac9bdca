#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A system call that fails, whichever and whenever, leaves no mount and no file behind.
. "$(dirname -- "$0")/overlay-scene.sh"

# fails_everywhere CALL ERROR: each call of it alone, from the first one to the one that is not made.
fails_everywhere() {
	n=1
	while :; do
		status=0
		"$WITHOUT" "$1=$2@=$n" "$OVERLAY" --size=8m -- "$ROOT" /var /tmp 2>"$SCENE/said" || status=$?
		case $status in
		0) break ;;
		1 | 3) ;;
		*) fail "$1=$2@=$n ended with $status: $(cat "$SCENE/said")" ;;
		esac
		[ "$(wc -l <"$SCENE/said")" -eq 1 ] || fail "$1=$2@=$n: not one line: $(cat "$SCENE/said")"
		expect_nothing
		n=$((n + 1))
	done
	[ "$n" -gt 1 ] || fail "$1 is never called: the test tests nothing"
	printf '%s=%s: %d places\n' "$1" "$2" $((n - 1))
	"$OVERLAY" --undo -- "$ROOT"
	rm -f "$STATE/timeline"
	rmdir "$STATE"
	expect_nothing
}

scene
for call in fsopen fsconfig fsmount move_mount mkdirat fchown fchmod fsetxattr utimensat renameat; do
	fails_everywhere "$call" EIO
done
fails_everywhere fsconfig ENOMEM
fails_everywhere fsmount ENOSPC
fails_everywhere mkdirat ENOSPC

# Where even undoing fails it says so, and is gone on with later.
expect_exit 4 "$WITHOUT" umount2=EIO,move_mount=EIO@=3 "$OVERLAY" -- "$ROOT" /var /tmp
[ "$(wc -l <"$SCENE/said")" -eq 2 ] || fail "not two lines: $(cat "$SCENE/said")"
grep -q "cannot unmount '1': Input/output error" "$SCENE/said" || fail "$(cat "$SCENE/said")"
expect_exit 3 "$OVERLAY" -- "$ROOT" /var
expect_said "--undo takes them away"
expect_exit 4 "$WITHOUT" umount2=EIO "$OVERLAY" --undo -- "$ROOT"
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
expect_nothing
# An interrupted run is cleaned up the same way.
expect_exit 0 "$OVERLAY" -- "$ROOT" /var /tmp
rm "$STATE/layers"
umount "$STATE/layer/1"
expect_exit 3 "$OVERLAY" -- "$ROOT" /var
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
[ "$(ls "$STATE")" = timeline ] || fail "left behind: $(ls "$STATE")"
finish
