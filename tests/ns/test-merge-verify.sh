#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# With --verify a disk that does not give back what was written is found out before any name leads to it.
. "$(dirname -- "$0")/merge-scene.sh"

AT_SYSCALL=$INITFS_BUILD/tests/lib/at-syscall

# One byte of the copy goes wrong on the disk, behind the page cache, as soon as it is there.
cat >"$SCENE.rot" <<'EOR'
at=$(LC_ALL=C grep -abo -m 1 MARKED "$1" | head -n 1 | cut -d: -f1)
[ -z "$at" ] || printf X | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
EOR
trap 'rm -f "$SCENE.rot"; scene_clean' EXIT

rotten_merge() {
	"$AT_SYSCALL" --from="$UPPER" "--before=openat2=sh '$SCENE.rot' '$SCENE/image'" \
		"$MERGE" --upper="$UPPER" --lower="$LOWER" "$@"
}

# rotten_scene: old content below, new content above
rotten_scene() {
	scene ext4 24M
	mkdir "$LOWER/d" "$UPPER/d" "$UPPER/new"
	echo old >"$LOWER/d/f"
	seq 100000 >"$UPPER/big" && truncate -s 8M "$UPPER/big" && seq 9 >>"$UPPER/big"
	printf 'some text that is MARKED, and more of it\n' >"$UPPER/$1"
	echo 1 >"$UPPER/new/other" && ln "$UPPER/new/other" "$UPPER/d/linked"
	ln -s nowhere "$UPPER/new/link" && mkfifo "$UPPER/fifo" && : >"$UPPER/empty"
	truncate -s 3M "$UPPER/hole"
}

for place in d/f new/f; do
	# A disk that is right.
	rotten_scene $place
	expect_exit 0 merge --verify
	cmp "$UPPER/big" "$LOWER/big" || fail "not merged"

	# One that is not. The page cache would say that it is: without --verify nobody sees it.
	rotten_scene $place
	expect_exit 0 rotten_merge
	grep -q MARKED "$LOWER/$place" || fail "the page cache knows: this proves nothing"

	rotten_scene $place
	expect_exit 1 rotten_merge --verify
	expect_said "'$place'.*does not hold what was written"
	[ "$(cat "$LOWER/d/f")" = old ] || fail "a file was replaced"
	[ ! -e "$LOWER/new" ] || fail "a directory was published"
	[ ! -e "$DISK/.initfs-staging" ] || fail "the staging directory is still there"
	# The disk has other places to write to.
	expect_exit 0 merge --verify
	grep -q MARKED "$LOWER/$place" || fail "not merged by the second run"
done
expect_exit 2 merge --verify=much

# A time that the disk cannot hold is not its fault: inodes without nanoseconds, years after its last one.
for inode in 128 256; do
	scene ext4 24M -I "$inode"
	echo now >"$UPPER/now"
	echo late >"$UPPER/late" && touch -d 2600-01-02 "$UPPER/late"
	expect_exit 0 merge --verify
	[ "$(cat "$LOWER/now" "$LOWER/late")" = "now
late" ] || fail "not merged to inodes of $inode bytes"
done

# What is only moved cannot be read back: refused, not passed over.
scene ext4 24M
mkdir "$LOWER/old" && seq 1000 >"$LOWER/old/f"
# shellcheck disable=SC2034 # the scene mounts with them
OVERLAY_OPTIONS=xino=on,index=off,redirect_dir=on,metacopy=on
view_up
mv "$VIEW/old" "$VIEW/renamed" && chmod 600 "$VIEW/renamed/f"
view_down
expect_refused 3 merge --verify
expect_said redirect_dir
expect_exit 0 merge
