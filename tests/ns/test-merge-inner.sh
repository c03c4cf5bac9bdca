#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# /var/log has a file system of its own below a protected /var, which may have one, too: programs see its logs from
# the beginning, also when initfs-hold dies; init mounts both as ever; nothing is lost, and nothing of ours stays.
for kind in root own; do
	[ $# = 0 ] || break
	mkdir -p "${TEST_TMP:?}/$kind"
	TEST_TMP=$TEST_TMP/$kind "$0" "$kind" || exit $?
	echo "ok: $kind"
done
[ $# != 0 ] || exit 0
# shellcheck source-path=SCRIPTDIR source=merge-own.sh
. "${0%/*}/merge-own.sh"
kind=$1

log_image=$(mktemp /dev/shm/initfs-log.XXXXXX)
log_device=
inner_end() {
	local status=$?
	umount -R -l "$root" 2>/dev/null || true
	[ -z "$log_device" ] || losetup -d "$log_device" 2>/dev/null || true
	rm -f "$log_image"
	(exit "$status")
	own_end
}
trap inner_end EXIT

log_attach() {
	log_device=$(losetup -f --show "$log_image")
}

has() { # TEXT: the timeline has it
	grep -q -- "$1" "$state/timeline"
}

truncate -s 64M "$log_image"
mkfs.ext4 -q "$log_image"
until_true 5 log_attach || fail "no loop device"
mkdir "$TEST_TMP/log"
mount "$log_device" "$TEST_TMP/log"
mkdir "$TEST_TMP/log/apt"
printf 'an old log\n' >"$TEST_TMP/log/syslog"
umount "$TEST_TMP/log"

[ "$kind" = root ] || own_disk ext4
scene_make /var /tmp
mount -o remount,rw "$loop" "$root"
mkdir "$root/etc"
printf '%s\n' "/dev/root / ext4 defaults 0 1" >"$root/etc/fstab"
[ "$kind" = root ] || {
	rm -rf "${root:?}/var"
	mkdir "$root/var"
	printf '%s\n' "$device /var ext4 defaults 0 2" >>"$root/etc/fstab"
}
printf '%s\n' "$log_device /var/log ext4 defaults 0 2" >>"$root/etc/fstab"
mount -o remount,ro "$loop" "$root"

# --- early
initfs-overlay --own --size=64M -- "$root" /var/log /var /tmp || fail "no overlays"
expect "0	/var
1	/var/log
2	/tmp" cat "$state/layers"
initfs-hold -- "$root" || fail "no views"
initfs-merge --wait -- "$root" || fail "the merge does not wait"
var=$root/var
expect "an old log" cat "$var/log/syslog"
expect "deep" cat "$var/deep/er/file"
printf 'early\n' >>"$var/log/syslog"
printf 'in var\n' >"$var/spool/job"
cat "$var/log/syslog" >"$var/copy"

# --- the server dies: both are served again
kill -9 "$(cat "$state/hold.pid")"
until_true 20 has hold.again || fail "nobody serves any more"
until_true 20 test -e "$var/log/syslog" || fail "the inner view is gone"
expect fuse.initfs-hold mount_type "$var/log"
expect fuse.initfs-hold mount_type "$var"
expect "$(printf 'an old log\nearly')" cat "$var/log/syslog"
printf 'again\n' >>"$var/log/syslog"
exec 7>>"$var/log/syslog" 8>>"$var/spool/job"
(
	cd "$var/log/apt"
	exec sleep 300
) &
standing=$!

# --- init mounts them, and the root is writable
[ "$kind" = root ] || {
	mount "$device" "$var"
	until_true 20 has "merge.target dir=/var$" || fail "/var is not put beneath"
}
mount "$log_device" "$var/log"
until_true 20 has "merge.target dir=/var/log" || fail "/var/log is not put beneath"
expect "$(printf 'an old log\nearly\nagain')" cat "$var/log/syslog"
printf 'beneath\n' >&7
kill -0 "$(cat "$state/hold.pid")"
mount -o remount,rw "$loop" "$root"
until_true 60 test ! -e "$state/layers" || fail "it is not merged"

# --- the disk
printf 'after\n' >&7
printf 'after\n' >&8
printf 'made\n' >"/proc/$standing/cwd/made"
want=$(printf 'an old log\nearly\nagain\nbeneath\nafter')
expect "$want" cat "$var/log/syslog"
expect "$(printf 'in var\nafter')" cat "$var/spool/job"
expect "made" cat "$var/log/apt/made"
expect 2 grep -c merge.switched "$state/timeline"
exec 7>&- 8>&-
kill "$standing"
wait "$standing" 2>/dev/null || true
until_true 20 nothing_of_ours "$root" || fail "left: $(ours "$root")"
[ ! -e "$state/own" ] || fail "left: $(find "$state/own")"
until_true 20 umount "$var/log" || fail "/var/log is busy"
[ ! -e "$var/log/syslog" ] || [ "$kind" = own ] || fail "it was written beneath"
mount "$log_device" "$TEST_TMP/log"
expect "$want" cat "$TEST_TMP/log/syslog"
umount "$TEST_TMP/log"
[ "$kind" = root ] || until_true 20 umount "$var" || fail "/var is busy"
for disk in "$log_device" $device; do
	e2fsck -f -n "$disk" >"$TEST_TMP/fsck" 2>&1 || fail "$(cat "$TEST_TMP/fsck")"
done
