# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The scene of the tests of initfs-merge: a lower directory on a file system in an image, an upper layer
# on a tmpfs, and the kernel's own overlay of both as the oracle. Sourced first: it starts the
# test again in a mount namespace of its own and cleans up whatever happens.

if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [ -z "${MERGE_SCENE:-}" ]; then
	MERGE_SCENE=1 exec env --default-signal=PIPE unshare -m --propagation private -- "$0" "$@"
fi

HERE=$(cd -- "$(dirname -- "$0")" && pwd)
MERGE=${INITFS_BUILD:?}/initfs-merge
SCENE=$(mktemp -d /dev/shm/initfs-merge.XXXXXX)
DISK=$SCENE/disk
LOWER=$DISK/var
RAM=$SCENE/ram
UPPER=$RAM/upper
VIEW=$SCENE/view
OVERLAY_OPTIONS=xino=on,index=off,redirect_dir=off,metacopy=off

scene_clean() {
	cd /
	exec 9<&-
	umount -R "$VIEW" 2>/dev/null
	umount -R "$RAM" 2>/dev/null
	umount -R "$DISK" 2>/dev/null
	[ ! -s "$SCENE/pid" ] || power_off
	rm -rf -- "${SCENE:?}"
}
trap scene_clean EXIT
trap 'exit 1' HUP INT TERM

# Ends the process that serves the disk of some scenes, and waits for it: its files are in the way.
power_off() {
	mountpoint -q "$DISK" && umount "$DISK"
	pid=$(cat "$SCENE/pid")
	kill "$pid"
	n=500
	while [ -e "/proc/$pid" ] && [ $n -gt 0 ]; do
		n=$((n - 1))
		sleep 0.02
	done
	rm -f "$SCENE/pid"
	[ $n -gt 0 ]
}

fail() {
	printf 'FAIL: %s\n' "$*"
	exit 1
}

# scene [FSTYPE [SIZE [MKFS OPTION...]]]: a fresh disk and an empty upper layer.
scene() {
	fs=${1:-ext4}
	size=${2:-192M}
	if [ $# -gt 2 ]; then shift 2; else set --; fi
	mountpoint -q "$VIEW" && umount "$VIEW"
	mountpoint -q "$RAM" && umount "$RAM"
	mountpoint -q "$DISK" && umount "$DISK"
	rm -rf -- "${SCENE:?}"/*
	mkdir "$DISK" "$RAM" "$VIEW"
	truncate -s "$size" "$SCENE/image"
	case $fs in
	ext4) set -- -q -F "$@" ;;
	xfs) set -- -q -f "$@" ;;
	btrfs) set -- -q -f "$@" ;;
	esac
	"mkfs.$fs" "$@" "$SCENE/image" >/dev/null || fail "mkfs.$fs"
	mount -o loop "$SCENE/image" "$DISK" || fail "mount the disk"
	mkdir "$LOWER"
	mount -t tmpfs -o mode=0700 scene "$RAM" || fail "mount the RAM"
	mkdir "$UPPER" "$RAM/work"
}

# The root of the upper layer carries the lower directory's attributes, as initfs-overlay makes it.
view_up() {
	chown --reference="$LOWER" "$UPPER"
	chmod --reference="$LOWER" "$UPPER"
	getfacl -cp "$LOWER" 2>/dev/null | setfacl --set-file=- "$UPPER"
	touch -r "$LOWER" "$UPPER"
	mount -t overlay -o "$OVERLAY_OPTIONS,lowerdir=$LOWER,upperdir=$UPPER,workdir=$RAM/work" \
		scene "$VIEW" || fail "mount the overlay"
}

view_again() {
	mount -t overlay -o "$OVERLAY_OPTIONS,lowerdir=$LOWER,upperdir=$UPPER,workdir=$RAM/work" \
		scene "$VIEW" || fail "mount the overlay again"
}

# Notes what the overlay shows, and takes it away.
view_down() {
	"$HERE/merge-tree" dump "$VIEW" >"$SCENE/wanted" || fail "dump the view"
	umount "$VIEW" || fail "unmount the overlay"
}

# The disk shows what the overlay showed, also after it was unmounted, and is without fault.
expect_merged() {
	expect_disk
	[ ! -e "$DISK/.initfs-staging" ] || fail "the staging directory is still there"
	umount "$DISK" || fail "unmount the disk"
	case $fs in
	ext4) fsck.ext4 -fn "$SCENE/image" >"$SCENE/fsck" 2>&1 || fail "$(cat "$SCENE/fsck")" ;;
	xfs) xfs_repair -n "$SCENE/image" >"$SCENE/fsck" 2>&1 || fail "$(cat "$SCENE/fsck")" ;;
	btrfs) btrfs check "$SCENE/image" >"$SCENE/fsck" 2>&1 || fail "$(cat "$SCENE/fsck")" ;;
	esac
	mount -o loop "$SCENE/image" "$DISK" || fail "mount the disk again"
	expect_disk
}

expect_disk() {
	"$HERE/merge-tree" dump "$LOWER" >"$SCENE/found" || fail "dump the disk"
	diff "$SCENE/wanted" "$SCENE/found" >"$SCENE/diff" ||
		fail "the disk is not what the view was: $(head -n 20 "$SCENE/diff")"
}

# shellcheck disable=SC2120 # a call without options is a merge
merge() {
	"$MERGE" --upper="$UPPER" --lower="$LOWER" "$@"
}

# expect_exit CODE COMMAND...: that very code, so that a crash does not pass for a refusal.
expect_exit() {
	wanted_code=$1
	shift
	"$@" >"$SCENE/said" 2>&1
	code=$?
	[ "$code" = "$wanted_code" ] ||
		fail "exit $code instead of $wanted_code: $* said: $(cat "$SCENE/said")"
}

expect_said() {
	grep -q -- "$1" "$SCENE/said" || fail "no '$1' in: $(cat "$SCENE/said")"
}

# lower_unchanged COMMAND...: runs it and demands that neither layer nor the disk's root differs.
dump_all() {
	"$HERE/merge-tree" dump "$DISK"
	"$HERE/merge-tree" dump "$UPPER"
}

# expect_refused CODE COMMAND...: that code, and nothing was touched.
expect_refused() {
	dump_all >"$SCENE/all-before"
	expect_exit "$@"
	dump_all >"$SCENE/all-after"
	diff "$SCENE/all-before" "$SCENE/all-after" >"$SCENE/diff" ||
		fail "touched while refusing: $(cat "$SCENE/diff")"
}
