#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a boot has read is on the list, and only that; the next has it in memory before anybody asks.
# shellcheck disable=SC2317 # functions are called through within
# shellcheck source-path=SCRIPTDIR source=alone.sh
. "${0%/*}/alone.sh"
readahead=${INITFS_BUILD:?}/initfs-readahead
image=$tmp/disk.raw
root=$tmp/root
list=$root/var/lib/initfs/readahead
timeline=/run/initfs/timeline

pages() { # FILE: how many of it are in memory
	fincore --noheadings --output PAGES "$root/$1" | tr -d ' '
}

boot() { # nothing of the disk is in memory
	mount "$device" "$root" || fail "mount"
	[ "$(pages usr/lib/used)" = 0 ] || fail "the file system was not new"
	: >"$timeline"
}

ready() {
	grep -q ' readahead.done ' "$timeline"
}

refused() { # LINES WORDS: the list is refused, and its line is named
	printf '%b' "$1" >"$list"
	expect_exit 3 "$readahead" -- "$root"
	grep -q "$2" "$tmp/out" || fail "'$2' is not in: $(cat "$tmp/out")"
}

command -v fincore >/dev/null || {
	echo "skipped: no fincore"
	exit 77
}
mount -t tmpfs run /run && mkdir /run/initfs
mkdir -p "$root" "$tmp/tree/usr/lib" "$tmp/tree/usr/share" "$tmp/tree/home/user" "$tmp/tree/var/lib" "$tmp/tree/etc"
for name in usr/lib/used usr/lib/idle usr/share/partly home/user/own var/lib/state "etc/a name"; do
	head -c 3000000 /dev/urandom >"$tmp/tree/$name"
done
ln "$tmp/tree/usr/lib/used" "$tmp/tree/usr/lib/used.link"
truncate -s 64M "$image"
mke2fs -q -t ext4 -E root_owner=0:0 -d "$tmp/tree" "$image" || fail "mke2fs"
device=$(losetup --find --show "$image") || {
	echo "skipped: no loop device"
	exit 77
}
trap 'umount -l "$root/var" "$root" 2>/dev/null; losetup -d "$device"' EXIT

# 1. Called wrongly, and nothing there.
boot
expect_exit 2 "$readahead"
expect_exit 2 "$readahead" --nonsense -- "$root"
expect_exit 2 "$readahead" -- "$root" "$root"
expect_exit 0 "$readahead" --help
expect_exit 0 "$readahead" --version
expect_exit 3 "$readahead" -- "$root"
expect_exit 3 "$readahead" -- "$tmp/nobody"
expect_exit 3 "$readahead" --record -- "$tmp/nobody"

# 2. What was read is on the list: the disk's own files, though something lies over /var.
cat "$root/usr/lib/used" "$root/var/lib/state" "$root/etc/a name" "$root/home/user/own" >/dev/null
head -c 4096 "$root/usr/share/partly" >/dev/null
mkdir "$tmp/upper" "$tmp/work"
mount -t tmpfs upper "$tmp/upper" && mkdir "$tmp/upper/var" "$tmp/upper/work"
mount -t overlay overlay -o "lowerdir=$root/var,upperdir=$tmp/upper/var,workdir=$tmp/upper/work" "$root/var" ||
	fail "overlay"
expect_exit 0 "$readahead" --record -- "$root"
grep -q ' readahead.recorded ' "$timeline" || fail "the record does not tell"
[ "$(head -n 1 "$list")" = "initfs-readahead 1" ] || fail "the list does not say what it is"
for name in usr/lib/used var/lib/state "etc/a name"; do
	grep -qx "0 3000000 /$name" "$list" || fail "/$name is not on the list: $(cat "$list")"
done
grep -q '^0 [0-9]* /usr/share/partly$' "$list" || fail "a part is not on the list: $(cat "$list")"
grep -qE '/usr/lib/idle|/home/' "$list" && fail "what nobody read, or what is somebody's: $(cat "$list")"
grep -q used.link "$list" && fail "a file is there twice: $(cat "$list")"
cp "$list" "$tmp/list"
[ ! -e "$list.new" ] || fail "something is left"
umount "$root/var"
mkdir "$root/var/lib/initfs" && cp "$tmp/list" "$list"
umount "$root"

# 3. The next boot has it in memory; a file that has gone is passed over, one that shrank is read to its end.
boot
rm "$root/etc/a name"
truncate -s 1000000 "$root/var/lib/state"
umount "$root"
boot
mount -t tmpfs over "$root/var"
expect_exit 0 "$readahead" -- "$root"
umount "$root/var"
within 60 ready
grep -q ' missing=1$' "$timeline" || fail "the file that has gone"
[ "$(pages usr/lib/used)" = 733 ] || fail "$(pages usr/lib/used) pages of it are there, not 733"
[ "$(pages var/lib/state)" = 245 ] || fail "$(pages var/lib/state) pages of what shrank, not 245"
[ "$(pages usr/lib/idle)" = 0 ] || fail "what nobody needs was read"
[ ! -e /run/initfs/readahead.pid ] || fail "its pid file is left"

# 4. A list that is none is refused as a whole.
refused '' 'line 1 is not'
refused 'initfs-readahead 1\n0 1 /usr/lib/used\n0 1 ../etc\n' 'line 3 has no absolute'
refused 'initfs-readahead 1\n0 -1 /usr/lib/used\n' 'line 2 has no number'
refused 'initfs-readahead 1\n0 1 /usr/lib/us' 'line 2 has no end'
umount "$root"
exit 0
