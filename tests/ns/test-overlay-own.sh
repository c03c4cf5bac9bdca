#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A directory with a file system of its own is shown read-only while its device stays free for init.
. "$(dirname -- "$0")/overlay-scene.sh"

OWN=$SCENE.own # an image beside the scene, so that it outlives one
device=

own_clean() {
	umount -R "$ROOT" 2>/dev/null
	umount "$SCENE.mnt" 2>/dev/null
	[ -z "$device" ] || losetup -d "$device" 2>/dev/null
	rm -rf -- "${OWN:?}" "${SCENE:?}.mnt"
	scene_clean
}
trap own_clean EXIT
mkdir "$SCENE.mnt"

same() { # WHAT A B
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

attach() {
	n=50
	until device=$(losetup -f --show "$OWN" 2>/dev/null); do
		n=$((n - 1))
		[ $n -gt 0 ] || { echo "no loop device"; exit 1; }
		sleep 0.1
	done
}

# own FSTYPE MKFS-OPTION...: a device with that file system on it, clean, with something in it
own() {
	type=$1
	shift
	umount -R "$ROOT" 2>/dev/null
	[ -z "$device" ] || losetup -d "$device"
	rm -f "$OWN"
	case $type in
	xfs) truncate -s 304M "$OWN" ;; # the least that it wants
	btrfs) truncate -s 112M "$OWN" ;;
	*) truncate -s 16M "$OWN" ;;
	esac
	"mkfs.$type" -q "$@" "$OWN" >/dev/null || exit 1
	attach
	mount "$device" "$SCENE.mnt" || exit 1
	mkdir -p "$SCENE.mnt/log"
	chmod 2775 "$SCENE.mnt"
	chown 7:8 "$SCENE.mnt"
	printf 'on its own disk\n' >"$SCENE.mnt/log/messages"
	umount "$SCENE.mnt"
}

# --- shown, written to in RAM, and the device free for all that init does with it
free_device() { # TYPE CHECK...
	type=$1
	shift
	before=$(head -c 16M "$OWN" | sha256sum)
	scene "$device /var $type defaults 0 2" "UUID=none-such /srv ext4 defaults 0 2"
	expect_exit 0 "$OVERLAY" --own --size=16m -- "$ROOT" /var /tmp
	[ ! -s "$SCENE/said" ] || fail "it said: $(cat "$SCENE/said")"
	same "the list" "$(cat "$STATE/layers")" "$(printf '0\t/var\n1\t/tmp')"
	same "the note" "$(head -n 1 "$STATE/own/0.device")" "$(lsblk -dno MAJ:MIN "$device" | tr -d ' ')"
	same "the mode of the views" "$(stat -c '%a %u' "$STATE/own")" "700 0"
	same "$type: the layer" "$(cat "$STATE/layer/0/log/messages")" "on its own disk"
	same "$type: the owner and mode" "$(stat -c '%u %g %a' "$STATE/layer/0")" "7 8 2775"
	grep " $STATE/own/0 ro" /proc/self/mountinfo | grep -q " $type /dev/loop" ||
		fail "$type: no read-only view"
	loop=$(findmnt -no SOURCE "$STATE/own/0")
	same "$type: the loop device" "$(losetup -nO RO,AUTOCLEAR "$loop" | xargs)" "1 1"
	printf 'in RAM\n' >>"$STATE/layer/0/log/messages"
	mkdir "$STATE/layer/0/new"
	same "$type: the disk" "$(head -c 16M "$OWN" | sha256sum)" "$before"

	"$@" "$device" >"$SCENE/said" 2>&1 || fail "the check: $(cat "$SCENE/said")"
	mount "$device" "$SCENE.mnt" || fail "$type: the device cannot be mounted"
	printf 'more\n' >"$SCENE.mnt/later"
	umount "$SCENE.mnt"
	same "$type: the layer after that" "$(cat "$STATE/layer/0/log/messages")" \
		"$(printf 'on its own disk\nin RAM')"

	expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
	same "what is left" "$(ls "$STATE")" timeline
	grep -F " $STATE" /proc/self/mountinfo && fail "a mount is left"
	n=100
	while losetup "$loop" 2>/dev/null | grep -qF "($device)" && [ $n -gt 0 ]; do
		n=$((n - 1))
		sleep 0.05
	done
	[ $n -gt 0 ] || fail "$type: the loop device stays"
}

own ext4 -F
free_device ext4 fsck.ext4 -f -p
own ext2 -F
free_device ext4 fsck.ext2 -f -p
own xfs
free_device xfs xfs_repair -n

# --- not without being asked, and not what cannot be shown as it will be
own ext4 -F
scene "$device /var ext4 defaults 0 2"
expect_refused "/etc/fstab mounts a file system of its own at /var" -- "$ROOT" /tmp /var
scene "$device /srv ext4 defaults 0 2"
expect_refused "at /srv" --own -- "$ROOT" /srv/spool
scene "$device /var ext4 noauto 0 2"
expect_refused "noauto" --own -- "$ROOT" /var
scene "UUID=6e4a0a3e-0000-4000-8000-000000000000 /var ext4 defaults 0 2"
expect_refused "'/var': No such device: /etc/fstab wants UUID=6e4a" --own -- "$ROOT" /var
scene "/dev/none-such /var ext4 defaults 0 2"
expect_refused "wants /dev/none-such there" --own -- "$ROOT" /var
scene "server:/var /var nfs defaults 0 2"
expect_refused "wants server:/var there" --own -- "$ROOT" /var
scene "/dev/none-such /var ext4 defaults 0 2" "/dev/mapper/none /tmp ext4 noauto 0 2"
expect_exit 0 "$OVERLAY" --missing -- "$ROOT" /tmp /var
same "what is missing" "$(cat "$SCENE/out")" /dev/none-such
scene "UUID=6e4a0a3e-0000-4000-8000-000000000000 /var ext4 defaults 0 2" "$device /tmp ext4 defaults 0 2"
expect_exit 0 "$OVERLAY" --missing -- "$ROOT" /tmp /var
same "what is missing" "$(cat "$SCENE/out")" UUID=6e4a0a3e-0000-4000-8000-000000000000
scene "tmpfs /var tmpfs defaults 0 2" "$OWN /tmp ext4 loop 0 2"
expect_exit 0 "$OVERLAY" --missing -- "$ROOT" /tmp /var
same "what is missing" "$(cat "$SCENE/out")" ""
expect_nothing
# One of logs may be unseen, but only where a merge will reach it.
scene "server:/log /var/log nfs defaults 0 2"
expect_refused "wants server:/log there" --own -- "$ROOT" /var/log
scene "/dev/none-such /var/log ext4 _netdev 0 2"
expect_refused "wants /dev/none-such there" --own -- "$ROOT" /var/log
scene "/srv/log /var/log none bind 0 0"
expect_refused "wants /srv/log there" --own -- "$ROOT" /var/log
scene "$OWN /var ext4 loop 0 2"
expect_refused "Block device required" --own -- "$ROOT" /var
scene "$device /var ext4 defaults 0 2"
for call in fsmount move_mount mkdirat; do
	n=1
	while :; do
		status=0
		"$WITHOUT" "$call=EIO@=$n" "$OVERLAY" --own -- "$ROOT" /var 2>"$SCENE/said" || status=$?
		[ "$status" -ne 0 ] || break
		expect_nothing
		n=$((n + 1))
		[ $n -lt 100 ] || break
	done
	[ "$n" -gt 1 ] || fail "$call is never called"
	"$OVERLAY" --undo -- "$ROOT"
	rm -r "$STATE"
done

# --- what has to be checked first
unclean() { # what a power cut leaves
	mount "$device" "$SCENE.mnt" || fail "the device cannot be mounted"
	printf 'lost\n' >"$SCENE.mnt/log/lost"
	xfs_io -x -c "shutdown -f" "$SCENE.mnt" || fail "no power cut"
	umount "$SCENE.mnt"
}
unclean
expect_refused "'/var': Structure needs cleaning: it was not unmounted cleanly" --own -- "$ROOT" /var
expect_exit 0 "$OVERLAY" --unclean -- "$ROOT" /tmp /var
same "what has to be checked" "$(cat "$SCENE/out")" /var
fsck.ext4 -p "$device" >/dev/null
expect_exit 0 "$OVERLAY" --unclean -- "$ROOT" /tmp /var
same "what has to be checked after that" "$(cat "$SCENE/out")" ""
expect_nothing
expect_exit 0 "$OVERLAY" --own -- "$ROOT" /var
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
for damage in "set_super_value state 3" "set_super_value state 0" "set_super_value last_orphan 12"; do
	debugfs -w -R "$damage" "$device" 2>/dev/null
	expect_exit 3 "$OVERLAY" --own -- "$ROOT" /var
	expect_said "has to be checked first"
	debugfs -w -R "set_super_value state 1" "$device" 2>/dev/null
	debugfs -w -R "set_super_value last_orphan 0" "$device" 2>/dev/null
done
own xfs
scene "$device /var xfs defaults 0 2"
unclean
# Only the kernel can read that log, so that is known when it is mounted; and undone.
expect_exit 1 "$OVERLAY" --own -- "$ROOT" /var
expect_said "'$device': Read-only file system: it was not unmounted cleanly"
expect_nothing
printf 'LUKS\272\276' | dd of="$device" conv=notrunc status=none
scene "$device /var ext4 defaults 0 2"
expect_refused "none of ext2, ext3, ext4, xfs, btrfs and tmpfs" --own -- "$ROOT" /var

# --- btrfs itself, once more: init mounts the same subvolume beside it, with the options of its line
own btrfs
mount "$device" "$SCENE.mnt"
btrfs -q subvolume create "$SCENE.mnt/@var"
mkdir "$SCENE.mnt/@var/log"
printf 'in a subvolume\n' >"$SCENE.mnt/@var/log/messages"
umount "$SCENE.mnt"
scene "$device /var btrfs rw,noatime,compress=zstd,subvol=@var,nofail,x-initrd.mount 0 0"
expect_exit 0 "$OVERLAY" --own -- "$ROOT" /var
same "btrfs: the layer" "$(cat "$STATE/layer/0/log/messages")" "in a subvolume"
grep " $STATE/own/0 ro" /proc/self/mountinfo | grep -q "btrfs $device ro,.*compress=zstd" ||
	fail "btrfs: no read-only view with its options: $(grep btrfs /proc/self/mountinfo)"
mount -o subvol=@var,compress=zstd "$device" "$SCENE.mnt" || fail "btrfs: init's mount"
printf 'more\n' >"$SCENE.mnt/later" || fail "btrfs: init's mount cannot be written to"
same "btrfs: what it is known by" "$(head -n 1 "$STATE/own/0.device")" \
	"$(stat -c '%Hd:%Ld' "$SCENE.mnt")"
umount "$SCENE.mnt"
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
grep -F " $STATE" /proc/self/mountinfo && fail "a mount is left"
rm -r "$STATE"
scene "$device /var btrfs subvol=@none 0 0"
expect_exit 1 "$OVERLAY" --own -- "$ROOT" /var
expect_nothing

# --- a tmpfs is empty, and has the owner and mode that its line says
scene "tmpfs /tmp tmpfs defaults,size=10m 0 0" "none /var/cache tmpfs mode=02750,uid=7,gid=8 0 0"
expect_exit 0 "$OVERLAY" --own -- "$ROOT" /tmp /var/cache
same "tmpfs: the layers" "$(find "$STATE/layer/0" "$STATE/layer/1" -mindepth 1)" ""
same "tmpfs: its mode" "$(stat -c '%a %u %g' "$STATE/layer/0")" "1777 0 0"
same "tmpfs: the mode of its line" "$(stat -c '%a %u %g' "$STATE/layer/1")" "2750 7 8"
same "tmpfs: what it is known by" "$(head -n 1 "$STATE/own/1.device")" tmpfs
expect_exit 0 "$OVERLAY" --undo -- "$ROOT"
grep -F " $STATE" /proc/self/mountinfo && fail "a mount is left"
finish
