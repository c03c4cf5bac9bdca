# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A scene for tests of the merge: as hold.sh, which it sources, and /var has a file system of its own.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

own_image=$(mktemp /dev/shm/initfs-own.XXXXXX)
device=

own_end() {
	local status=$?
	umount -R -l "$root" 2>/dev/null || true
	[ -z "$device" ] || losetup -d "$device" 2>/dev/null || true
	rm -f "$own_image"
	(exit "$status")
	scene_end
}
trap own_end EXIT

own_attach() {
	device=$(losetup -f --show "$own_image")
}

# own_make FSTYPE: the scene, up, with a merge that waits
own_make() {
	local there=$TEST_TMP/own
	truncate -s "${OWN_SIZE-320M}" "$own_image"
	"mkfs.$1" -q "$own_image" >/dev/null
	until_true 5 own_attach || fail "no loop device"
	mkdir "$there"
	mount "$device" "$there"
	scene_fill "$there"
	umount "$there"
	scene_make /var /tmp
	mount -o remount,rw "$loop" "$root"
	rm -rf "${root:?}/var"
	mkdir -p "$root/var" "$root/etc"
	printf '%s\n' "/dev/root / ext4 defaults 0 1" "$device /var $1 defaults 0 2" >"$root/etc/fstab"
	mount -o remount,ro "$loop" "$root"
	initfs-overlay --own --size=64M -- "$root" /var /tmp || fail "no overlays"
	initfs-hold -- "$root" || fail "no views"
	initfs-merge --wait -- "$root" || fail "the merge does not wait"
	# shellcheck disable=SC2034 # for the tests
	merge_pid=$(cat "$state/merge.pid")
}

# own_ended: nothing of ours is left, and what is at /var is the plain file system
own_ended() {
	! grep -F " $root" /proc/self/mountinfo | grep -E " (shared|master):| - .*(initfs|loop[0-9]+ ro)" ||
		fail "a mount is left"
	[ ! -e "$state/own" ] || fail "left: $(find "$state/own")"
	expect "$device" findmnt -no SOURCE "$root/var"
	expect 1 sh -c "grep -c ' $root/var ' /proc/self/mountinfo"
	umount -R "$root/var" || fail "/var is busy"
	expect "" ls "$root/var"
}
