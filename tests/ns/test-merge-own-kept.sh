#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Before a file system of its own is put beneath the view, programs may write to it by path: nothing of that
# is overwritten. What is not the file system that was looked at is left alone.
# shellcheck source-path=SCRIPTDIR source=merge-own.sh
. "${0%/*}/merge-own.sh"

own_make ext4
var=$root/var
printf 'early\n' >>"$var/log/messages"
printf 'in RAM\n' >"$var/log/both"
printf 'queued\n' >"$var/spool/job"
rm "$var/deep/er/file"
exec 7>>"$var/log/messages" 8<>"$var/fifo"

has() { # TEXT: the timeline has it
	grep -q -- "$1" "$state/timeline"
}

# --- something else is mounted there: it stays, and nothing is merged into it
mount -t tmpfs other "$var"
until_true 20 has 'merge.failed.*another one is mounted' || fail "another one is not refused"
# It is said again when it is tried again: in four seconds or more the third time and later.
says_more() { # COUNT
	[ "$(grep -c "another one is mounted" "$state/timeline")" -ge "$1" ]
}
until_true 60 says_more 4 || fail "it is not tried again"
grep "another one is mounted" "$state/timeline" |
	awk '{ gap = $1 - last; last = $1 } END { exit gap < 3 }' || fail "it is said all the time"
expect tmpfs stat -f -c %T "$var"
umount "$var"
expect "in RAM" cat "$var/log/both"

# --- the right one, and a merge that is slow: programs see it, and write to it
kill -STOP "$merge_pid"
mount "$device" "$var"
printf 'on the disk\n' >"$var/log/both"
printf 'tail\n' >>"$var/log/messages"
printf 'changed\n' >"$var/deep/er/file"
printf 'new\n' >"$var/log/only"
kill -CONT "$merge_pid"
until_true 20 has 'merge.target dir=/var' || fail "it is not put beneath"
expect "in RAM" cat "$var/log/both"
printf 'line\n' >&7

# --- what is mounted from now on is on the view, and comes along
mount -t tmpfs inside "$var/spool"
printf 'inside\n' >"$var/spool/file"

mount -o remount,rw "$root"
until_true 60 test ! -e "$state/layers" || fail "it is not merged"
printf 'later\n' >&7
exec 7>&-
# A FIFO that is open stays the view's until it is closed.
# shellcheck disable=SC2016 # the inner shell expands it
timeout 10 sh -c 'printf "through\n" >"$0"' "$var/fifo" ||
	fail "a FIFO that is open leads to nobody: its view went too early"
read -r -t 10 line <&8 || fail "nothing comes through the FIFO"
expect "through" echo "$line"
exec 8<&-
until_true 20 nothing_of_ours "$root/var/" || fail "the FIFO's view stays"
expect "in RAM" cat "$var/log/both"
expect "on the disk" cat "$var/log/both.initfs-disk"
expect "$(printf 'old\nearly\nline\nlater')" cat "$var/log/messages"
expect "$(printf 'old\ntail')" cat "$var/log/messages.initfs-disk"
expect "changed" cat "$var/deep/er/file.initfs-disk"
[ ! -e "$var/deep/er/file" ] || fail "a file that was removed is back"
expect "new" cat "$var/log/only"
expect "one of two" cat "$var/link-b"
expect 3 grep -c "merge.beside" "$state/timeline"
has 'merge.beside name=both as=both.initfs-disk' || fail "the timeline does not tell"
expect "inside" cat "$var/spool/file"
expect "" sh -c "find $var -name '.initfs*'"
umount "$var/spool"
expect "queued" cat "$var/spool/job"
own_ended
e2fsck -f -n "$device" >"$TEST_TMP/fsck" 2>&1 || fail "$(cat "$TEST_TMP/fsck")"
