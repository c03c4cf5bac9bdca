#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What RAM holds goes to a root that was repaired under its mount, by another mount: through its own the kernel would stop.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

# What the check corrects changes what is free in a group: it makes a large directory anew, of other blocks.
damage() {
	local n
	echo "mkdir sys"
	echo "mkdir etc"
	for n in $(seq 400); do
		echo "write /etc/hostname etc/a-name-that-is-as-long-as-some-are-$n"
	done
	echo "write /etc/hostname etc/damaged"
	echo "clri etc/damaged"
	echo "set_super_value state 2"
}

repaired() { # CODE
	expect_exit "$1" initfs-merge --repaired -- "$root" 2>"$TEST_TMP/said"
}

said() { # TEXT
	grep -qF "$1" "$TEST_TMP/said" || fail "$(cat "$TEST_TMP/said")"
}

write_it() { # everything a RAM layer can hold, in short
	echo precious >"$root/var/log/new"
	echo changed >"$root/var/log/messages"
	rm "$root/var/big"
	mv "$root/var/deep" "$root/var/deeper"
	ln "$root/var/link-a" "$root/var/link-c"
	echo "in /tmp" >"$root/tmp/typed"
}

see_it() { # ROOT
	expect precious cat "$1/var/log/new"
	expect changed cat "$1/var/log/messages"
	expect deep cat "$1/var/deeper/er/file"
	expect "one of two" cat "$1/var/link-c"
	expect "in /tmp" cat "$1/tmp/typed"
	[ ! -e "$1/var/big" ] || fail "what was deleted is there"
	[ ! -e "$1/var/deep" ] || fail "what was renamed has its old name"
}

see_disk() {
	sync -f "$root"
	e2fsck -fn "$loop" >"$TEST_TMP/fsck" 2>&1 || fail "the disk is not in order: $(cat "$TEST_TMP/fsck")"
}

scene_make /var /tmp
umount -R -l "$root"
damage >"$TEST_TMP/damage"
debugfs -w -f "$TEST_TMP/damage" "$loop" >"$TEST_TMP/debugfs" 2>&1
scene_mount ro
mount --bind /sys "$root/sys"
scene_up /var /tmp
write_it

# Not before it is repaired.
repaired 3
said "has to be checked first"
status=0
e2fsck -fy "$loop" >"$TEST_TMP/fsck" 2>&1 || status=$?
[ "$status" = 1 ] || fail "the repair ended with $status: $(cat "$TEST_TMP/fsck")"
[ ! -e "$state/repaired" ] || fail "taken for begun"

repaired 0
see_disk
see_it "$root" # in RAM, as before
! touch "$root/etc/new" 2>/dev/null || fail "the root is writable"

# Killed anywhere it leaves a file system that is in order, and the programs in RAM; the next call ends the same.
echo later >"$root/var/log/later"
initfs_merge() { # OPTION...: under the tracer
	(cd "$TEST_TMP" && exec "$INITFS_BUILD/tests/lib/at-syscall" "$@" "$INITFS_BUILD/initfs-merge" --repaired -- "$root")
}
initfs_merge --list="$TEST_TMP/calls" >/dev/null || fail "traced it ends otherwise"
calls=$(wc -l <"$TEST_TMP/calls")
for part in 1 2 3 4 5; do
	rm "$root/var/log/later"
	echo "later $part" >"$root/var/log/later"
	expect_exit 137 initfs_merge --kill=$((calls * (4 + part) / 10))
	see_disk
	expect "later $part" cat "$root/var/log/later"
done
repaired 0
see_disk

# Only one at a time, only where there is no mount that can be written to, only what was looked at.
(
	flock 9
	repaired 3
	said "another merge is running"
) 9>>"$state/repaired"
mkdir "$state/own"
echo >"$state/own/0.device"
repaired 3
said "it has a file system of its own"
rm -r "$state/own"
mkdir "$TEST_TMP/other"
mount -t tmpfs other "$TEST_TMP/other"
mkdir -p "$TEST_TMP/other/proc" "$TEST_TMP/other/sys" "$TEST_TMP/other/run/initfs"
mount -t proc proc "$TEST_TMP/other/proc"
cp "$state/layers" "$TEST_TMP/other/run/initfs"
expect_exit 3 initfs-merge --repaired -- "$TEST_TMP/other" 2>"$TEST_TMP/said"
said "mounted for writing"
mount -o remount,ro "$TEST_TMP/other"
expect_exit 3 initfs-merge --repaired -- "$TEST_TMP/other" 2>"$TEST_TMP/said"
said "only ext2, ext3 and ext4"
expect_exit 2 initfs-merge --repaired --now -- "$root" 2>/dev/null
# A merge by the mount that is from before the repair is refused from now on.
expect_exit 3 initfs-merge --now -- "$root" 2>"$TEST_TMP/said"
said "it was repaired under its mount: reboot"

# The next boot.
initfs-hold --undo -- "$root" || fail "the views stay"
umount -R -l "$root"
mount -o ro "$loop" "$root"
see_it "$root"
expect "later 5" cat "$root/var/log/later"
[ ! -e "$root/.initfs-staging" ] || fail "a trace of staging"
