#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The log of a boot that could not write to its disk is there in the next, once, and nothing else is hit.
# shellcheck disable=SC2317 # functions are called through within
# shellcheck source-path=SCRIPTDIR source=alone.sh
. "${0%/*}/alone.sh"
keep=${INITFS_BUILD:?}/initfs-keep
image=$tmp/disk.raw
root=$tmp/root
log=$root/var/log
# shellcheck disable=SC2034 # for alone.sh
timeline=$root/run/initfs/timeline

device= # of the image, for the whole test
boot() { # the root read-only, and /var in RAM over it, as initfs-overlay has it
	mount -o ro "$device" "$root" || fail "mount"
	mount -t tmpfs run "$root/run"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mkdir -p "$root/run/initfs/ram"
	mount -t tmpfs ram "$root/run/initfs/ram"
	mkdir -p "$root/run/initfs/ram/0/upper" "$root/run/initfs/ram/0/work"
	mount -t overlay initfs -o "lowerdir=$root/var,upperdir=$root/run/initfs/ram/0/upper,workdir=$root/run/initfs/ram/0/work" \
		"$root/var"
	printf '0\t/var\n' >"$root/run/initfs/layers"
}

keep_pid() {
	cat "$root/run/initfs/keep.pid" 2>/dev/null
}

ended() {
	[ ! -d "/proc/$1" ]
}

kept() { # TEXT: it is in a half of the reserve
	dd if="$device" iflag=direct bs=1M status=none | grep -qF -- "$1"
}

cut() { # the machine has gone, and nothing was told
	kill -9 "$(keep_pid)" 2>/dev/null
	umount -R -l "$root"
	within 10 no_mount
}

no_mount() { # the detached mounts have let go of the device
	! grep -q "$root" /proc/self/mountinfo && mount -o ro "$device" "$root" 2>/dev/null &&
		umount "$root"
}

truncate -s 64M "$image"
mkdir "$root" "$tmp/tree"
mkdir -p "$tmp/tree/var/log/fsck" "$tmp/tree/var/lib" "$tmp/tree/run" "$tmp/tree/proc" "$tmp/tree/sys" \
	"$tmp/tree/dev"
echo "of long ago" >"$tmp/tree/var/log/syslog"
echo "clean, as ever" >"$tmp/tree/var/log/fsck/checkroot"
mkdir "$tmp/tree/var/log/theirs" && ln -s .. "$tmp/tree/var/log/theirs/way"
expect_exit 0 "$keep" --make=256k -- "$tmp/tree"
expect_exit 3 "$keep" --make=256k -- "$tmp/tree"
expect_exit 3 "$keep" --make=4k -- "$tmp"
expect_exit 3 "$keep" --make=1g -- "$tmp"
expect_exit 2 "$keep" --make=much -- "$tmp"
expect_exit 2 "$keep" --nonsense
expect_exit 2 "$keep"
expect_exit 0 "$keep" --help
expect_exit 0 "$keep" --version
mke2fs -q -t ext4 -b 4096 -E root_owner=0:0 -d "$tmp/tree" "$image" || fail "mke2fs"
device=$(losetup --find --show "$image") || {
	echo "skipped: no loop device"
	exit 77
}
trap 'umount -R -l "$root" 2>/dev/null; losetup -d "$device"' EXIT

# 1. A boot that ends before its disk can be written.
boot
expect_exit 0 "$keep" -- "$root"
echo "first boot" >>"$log/syslog"
echo "errors, fixed" >"$log/fsck/checkroot"
mkdir "$log/new" && echo "a new log" >"$log/new/file" && chown 1:4 "$log/new/file" && chmod 640 "$log/new/file"
# In their own folder they make a real one where the disk has a link.
rm "$log/theirs/way" && mkdir -p "$log/theirs/way/made" && echo theirs >"$log/theirs/way/planted" &&
	echo theirs, too >"$log/theirs/way/made/file"
within 20 kept "first boot"
within 20 kept "theirs, too"
within 20 kept "a new log"
cut
e2fsck -fn "$image" >"$tmp/out" 2>&1 || fail "the file system: $(cat "$tmp/out")"

# 2. The next one ends in the same way; it has both.
boot
[ "$(cat "$log/syslog")" = "of long ago" ] || fail "the disk's log was written to"
expect_exit 0 "$keep" -- "$root"
[ "$(tail -n 1 "$log/syslog")" = "first boot" ] || fail "the first boot's log is not back"
[ "$(cat "$log/fsck/checkroot")" = "clean, as ever" ] || fail "a file was replaced"
[ "$(cat "$log/fsck/checkroot.initfs-kept")" = "errors, fixed" ] || fail "what fsck said is lost"
[ "$(stat -c '%a %u %g' "$log/new/file")" = "640 1 4" ] || fail "mode and owner of a new file"
[ -L "$log/theirs/way" ] || fail "the link is not there any more"
[ ! -e "$log/planted" ] || fail "a file that is put back follows a link"
[ ! -e "$log/made" ] || fail "a folder that is put back follows a link"
echo "second boot" >>"$log/syslog"
within 20 kept "second boot"
cut

# 3. The third writes to its disk; then the reserve is empty.
boot
expect_exit 0 "$keep" -- "$root"
pid=$(keep_pid)
printf 'of long ago\nfirst boot\nsecond boot\n' | cmp - "$log/syslog" || fail "$(cat "$log/syslog")"
cp -a "$log" "$tmp/saved"
umount "$root/var"
mount -o remount,rw "$root"
cp -a "$tmp/saved/." "$log"
rm "$root/run/initfs/layers"
within 20 ended "$pid"
umount "$root/run/initfs/ram" || fail "it holds the RAM layer"
cut

boot
expect_exit 0 "$keep" -- "$root"
printf 'of long ago\nfirst boot\nsecond boot\n' | cmp - "$log/syslog" || fail "twice: $(cat "$log/syslog")"
grep -q keep.restored "$root/run/initfs/timeline" && fail "something came out of an empty reserve"

# 4. Where the device has something else in a block's place, that is not touched.
kill -9 "$(keep_pid)"

expect_exit 0 "$keep" -- "$root"
pid=$(keep_pid)
# 32 blocks in each half; the first of the second half is the next to be written, or that of the first
for index in 1 33; do
	place=$(debugfs -R "bmap /var/lib/initfs/reserve $index" "$image" 2>/dev/null)
	head -c 4096 /dev/zero | tr '\0' 'Z' |
		dd of="$device" bs=4096 seek="$place" oflag=direct status=none
done
head -c 9000 /dev/zero | tr '\0' 'x' >>"$log/syslog"
within 20 ended "$pid"
for index in 1 33; do
	place=$(debugfs -R "bmap /var/lib/initfs/reserve $index" "$image" 2>/dev/null)
	dd if="$device" bs=4096 skip="$place" count=1 iflag=direct status=none |
		tr -d 'Z' | cmp - /dev/null || fail "a block of somebody else was written"
done
cut

# 5. Nothing to work with.
expect_exit 3 "$keep" -- "$tmp/tree"
boot
rm -f "$log/syslog" && printf '0\t/tmp\n' >"$root/run/initfs/layers"
expect_exit 1 "$keep" -- "$root"
cut
exit 0
