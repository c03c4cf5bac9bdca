#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed at any system call, the layers show what they showed, and the next run finishes the work.
# A failing system call ends the same: with 1 nothing has changed, with 4 the next run finishes.
# MERGE_POINTS says how many calls of each kind are tried.
. "$(dirname -- "$0")/merge-scene.sh"

if ! command -v strace >/dev/null; then
	echo "no strace here"
	exit 77
fi
POINTS=${MERGE_POINTS:-2}

# One scene with every form, kept aside as a whole: each point starts from its copy.
make_scene() {
	scene ext4 24M
	"$HERE/merge-tree" fill "$LOWER" 77
	mkdir -p "$LOWER/keep/sub" "$LOWER/opaque/old" "$LOWER/gone/deep"
	echo 1 >"$LOWER/keep/a" && echo 2 >"$LOWER/keep/sub/b" && echo 3 >"$LOWER/gone/deep/c"
	view_up
	"$HERE/merge-tree" churn "$VIEW" 77 60
	echo 4 >>"$VIEW/keep/a" && ln "$VIEW/keep/a" "$VIEW/keep/a2" && rm -r "$VIEW/gone"
	rm -r "$VIEW/opaque" && mkdir "$VIEW/opaque" && echo 5 >"$VIEW/opaque/new"
	mkdir -p "$VIEW/new/tree" && echo 6 >"$VIEW/new/tree/f" && ln -s f "$VIEW/new/tree/l"
	rm "$VIEW/keep/sub/b" && chmod 751 "$VIEW/keep/sub"
	view_down
	umount "$DISK" && cp --sparse=always "$SCENE/image" "$SCENE/image.kept"
	mount -o loop "$SCENE/image" "$DISK"
	"$HERE/merge-tree" dump "$UPPER" >"$SCENE/upper.kept"
}

reset_scene() {
	umount "$DISK" || fail "reset the scene"
	cp --sparse=always "$SCENE/image.kept" "$SCENE/image"
	mount -o loop "$SCENE/image" "$DISK" || fail "reset the scene"
}

# A fresh overlay over whatever the interruption left shows what the overlay showed before it.
expect_same_view() {
	view_again
	"$HERE/merge-tree" dump "$VIEW" | grep -v '\.initfs-staging' >"$SCENE/found"
	umount "$VIEW" || fail "unmount the overlay"
	# A directory's own time is the last step, and the upper layer has it anyway.
	diff "$SCENE/wanted" "$SCENE/found" >"$SCENE/diff" ||
		fail "$1: the view changed: $(head -n 10 "$SCENE/diff")"
}

expect_same_upper() {
	"$HERE/merge-tree" dump "$UPPER" | diff "$SCENE/upper.kept" - ||
		fail "$1: the upper layer changed"
}

inject() {
	strace -o "$SCENE/trace" -qq -e trace="$1" -e inject="$1:$2" \
		"$MERGE" --upper="$UPPER" --lower="$LOWER" >"$SCENE/said" 2>&1
}

finish() {
	merge -v >"$SCENE/said" 2>&1 || fail "$1: the next run ended with $?: $(cat "$SCENE/said")"
	(expect_merged) || fail "$1"
	expect_same_upper "$1"
}

killed() {
	inject "$1" "signal=SIGKILL:when=$2"
	code=$?
	[ $code -ge 128 ] || fail "$1 number $2: not killed but exit $code"
	expect_same_view "killed at $1 number $2"
	finish "killed at $1 number $2"
}

failing() {
	at="$1 number $2 failing with $3"
	inject "$1" "error=$3:when=$2"
	code=$?
	case $code in
	0) ;; # a call that nothing depends on
	1 | 3)
		"$HERE/merge-tree" dump "$DISK" | grep -v -e '\.initfs-staging' >"$SCENE/found"
		diff "$SCENE/disk.kept" "$SCENE/found" || fail "$at: exit $code, but something changed"
		;;
	4) expect_same_view "$at" ;;
	*) fail "$at: exit $code: $(cat "$SCENE/said")" ;;
	esac
	finish "$at"
	outcomes="$outcomes $code"
}

make_scene
"$HERE/merge-tree" dump "$DISK" >"$SCENE/disk.kept"
strace -o "$SCENE/calls" -qq "$MERGE" --upper="$UPPER" --lower="$LOWER" || fail "the plain run"
(expect_merged) || fail "the plain run"

outcomes=
for call in openat2 openat newfstatat mkdirat linkat pwrite64 fchown fchmod fsetxattr utimensat \
	syncfs renameat2 unlinkat symlinkat mknodat getdents64; do
	count=$(grep -c "^$call(" "$SCENE/calls")
	[ "$count" -gt 0 ] || continue
	points=$POINTS
	[ "$call" = renameat2 ] && points=$((POINTS * 3))
	for i in $(seq 1 "$points"); do
		# Spread over the run, the first and the last among them.
		n=$((1 + (i - 1) * (count - 1) / (points > 1 ? points - 1 : 1)))
		[ "$n" = "${last:-}" ] && continue
		last=$n
		reset_scene
		killed "$call" "$n"
		reset_scene
		failing "$call" "$n" EIO
	done
	last=
done
# All three ways to end were taken, or the points were badly chosen.
for code in 1 3 4; do
	case "$outcomes " in
	*" $code "*) ;;
	*) fail "no failing call ended with $code" ;;
	esac
done
