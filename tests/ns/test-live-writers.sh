#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fifty programs of many kinds go on while their RAM becomes disk: none has an error, loses or doubles a thing.
# INITFS_MERGES says how many merges in turn.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

merges=${INITFS_MERGES:-4}
# How long a program sleeps between two steps, in microseconds.
pace=${INITFS_PACE:-8000}

layers_gone() {
	[ ! -e "$state/layers" ]
}

ready() {
	[ -e "$TEST_TMP/ready" ] || ! kill -0 "$live_pid"
}

all_gone() {
	nothing_of_ours "$root" && [ ! -e "$state/hold.pid" ]
}

one_merge() { # NUMBER
	rm -f "$TEST_TMP/ready" "$TEST_TMP/switched" "$state/timeline"
	scene_up /var /tmp
	initfs-merge --wait -- "$root" || fail "the merge does not wait"
	live "$root" "$TEST_TMP" "$pace" &
	live_pid=$!
	until_true 300 ready || fail "merge $1: the programs do not work"
	[ -e "$TEST_TMP/ready" ] || fail "merge $1: the programs have ended"
	mount -o remount,rw "$root"
	until_true 300 layers_gone || fail "merge $1: the layers stay"
	: >"$TEST_TMP/switched"
	wait "$live_pid" || fail "merge $1: a program was harmed, see above"
	until_true 60 all_gone || fail "merge $1: left: $(ours "$root")"
	! grep -q 'merge.failed' "$state/timeline" || echo "merge $1 took more than one attempt: $(
		grep 'merge.failed' "$state/timeline")"
	sed -n 's/.*merge.unsealed/merge '"$1"':/p' "$state/timeline"
}

# What the programs have left goes, and the root is as before its fsck again.
reset_root() {
	rm -rf "$root/var/live" "$root/tmp/live" "$root"/tmp/stream-*
	mount -o remount,ro "$root"
}

IMAGE_SIZE=256M scene_make /var /tmp
for ((number = 1; number <= merges; number++)); do
	one_merge "$number"
	until_true 20 reset_root || fail "the root stays busy"
done
