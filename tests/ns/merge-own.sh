# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A scene for tests of the merge: as hold.sh, which it sources, and /var has a file system of its own, or /tmp
# where that is a tmpfs.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

own_image=$(mktemp /dev/shm/initfs-own.XXXXXX)
device=
own_dir=/var
own_options=defaults

own_end() {
	local status=$?
	umount -R -l "$root" 2>/dev/null || true
	[ "${device:-tmpfs}" = tmpfs ] || losetup -d "$device" 2>/dev/null || true
	rm -f "$own_image"
	(exit "$status")
	scene_end
}
trap own_end EXIT

own_attach() {
	device=$(losetup -f --show "$own_image")
}

# own_disk FSTYPE: the device, with something on it; of a btrfs a subvolume is meant
own_disk() {
	local there=$TEST_TMP/own
	truncate -s "${OWN_SIZE-320M}" "$own_image"
	"mkfs.$1" -q "$own_image" >/dev/null
	until_true 5 own_attach || fail "no loop device"
	mkdir "$there"
	mount "$device" "$there"
	if [ "$1" = btrfs ]; then
		own_options=subvol=@var,compress=zstd
		btrfs -q subvolume create "$there/@var"
		scene_fill "$there/@var"
	else
		scene_fill "$there"
	fi
	umount "$there"
}

# own_root: the root is a subvolume of the same btrfs
own_root() {
	loop=$device
	mkdir "$root"
	mount "$device" "$root"
	btrfs -q subvolume create "$root/@"
	mkdir -p "$root/@/proc" "$root/@/dev" "$root/@/run" "$root/@/var" "$root/@/etc" "$root/@/tmp"
	scene_fill "$root/@/tmp"
	printf '%s\n' "$device / btrfs subvol=@ 0 1" "$device /var btrfs $own_options 0 2" >"$root/@/etc/fstab"
	umount "$root"
	scene_mount ro,subvol=@
}

# own_make FSTYPE: the scene, up, with a merge that waits; btrfs-root: both on one
own_make() {
	if [ "$1" = tmpfs ]; then
		device=tmpfs own_dir=/tmp own_options=size=200m,mode=1777
	else
		own_disk "${1%-root}"
	fi
	if [ "$1" = btrfs-root ]; then
		own_root
	else
		scene_make /var /tmp
		mount -o remount,rw "$loop" "$root"
		rm -rf "${root:?}$own_dir"
		mkdir -p "$root$own_dir" "$root/etc"
		printf '%s\n' "/dev/root / ext4 defaults 0 1" "$device $own_dir $1 $own_options 0 2" \
			>"$root/etc/fstab"
		mount -o remount,ro "$loop" "$root"
	fi
	initfs-overlay --own --size=64M -- "$root" /var /tmp || fail "no overlays"
	initfs-hold -- "$root" || fail "no views"
	initfs-merge --wait -- "$root" || fail "the merge does not wait"
	# shellcheck disable=SC2034 # for the tests
	merge_pid=$(cat "$state/merge.pid")
}

# own_ended: nothing of ours is left, and what is there is the plain file system
own_ended() {
	nothing_of_ours "$root" || fail "a mount is left"
	! grep -F " $root" /proc/self/mountinfo | grep -E " (shared|master):" || fail "a mount has peers"
	[ ! -e "$state/own" ] || fail "left: $(find "$state/own")"
	findmnt -no SOURCE "$root$own_dir" | grep -q "^$device" || fail "$own_dir is not that file system"
	expect 1 sh -c "grep -c ' $root$own_dir ' /proc/self/mountinfo"
	until_true 20 umount -R "$root$own_dir" || fail "$own_dir is busy"
	expect "" ls "$root$own_dir"
}
