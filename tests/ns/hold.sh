# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A scene for tests of initfs-hold: a root on an ext4 image, mounted read-only, with RAM layers over
# directories of it and a live view over those. Source it first: it puts the test into a mount and
# a pid namespace of its own, where everything ends with the test.

set -eu

if [ "$(id -u)" != 0 ]; then
	echo "needs root"
	exit 77
fi
if [ "${IN_NAMESPACE-}" != yes ]; then
	IN_NAMESPACE=yes exec unshare --mount --pid --fork --kill-child --mount-proc \
		--propagation private "$0" "$@"
fi
[ -e /dev/fuse ] || modprobe fuse 2>/dev/null || true
if [ ! -e /dev/fuse ]; then
	echo "needs /dev/fuse"
	exit 77
fi

: "${INITFS_BUILD:?}" "${TEST_TMP:?}"
PATH=$INITFS_BUILD:$INITFS_BUILD/tests/ns:$PATH
root=$TEST_TMP/root
state=$root/run/initfs
# In a pid namespace of its own each test has the same process number.
image=$(mktemp /dev/shm/initfs-hold.XXXXXX)
loop=

fail() { # TEXT
	echo "FAILED: $*" >&2
	sed 's/^/timeline: /' "$state/timeline" >&2 2>/dev/null || true
	exit 1
}

# Views are detached before the loop device goes: a loop device outlives the namespace.
scene_end() {
	local status=$?
	trap - EXIT
	initfs-hold --undo -- "$root" 2>/dev/null || true
	umount -R -l "$root" 2>/dev/null || true
	[ -z "$loop" ] || losetup -d "$loop" 2>/dev/null || true
	rm -f "$image"
	exit "$status"
}
trap scene_end EXIT

# scene_make DIR...: the disk, with those directories in it and files of the lower layer
scene_make() {
	local dir
	mkdir -p "$root"
	truncate -s "${IMAGE_SIZE-64M}" "$image"
	case ${SCENE_FS-ext4} in
	ext4) mkfs.ext4 -q -I 256 "$image" ;;
	*) "mkfs.$SCENE_FS" -q "$image" ;;
	esac
	# Tests that run at the same time look for a free device, too.
	until_true 5 loop_attach || fail "no loop device"
	mount "$loop" "$root"
	mkdir -p "$root/proc" "$root/dev" "$root/run"
	for dir; do
		mkdir -p "$root$dir"
		scene_fill "$root$dir"
	done
	chmod 1777 "$root/tmp" 2>/dev/null || true
	umount "$root"
	scene_mount ro
}

# scene_mount OPTIONS: the root as dracut mounts it, with what is bound into it
scene_mount() {
	mount -o "$1" "$loop" "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mkdir "$state"
}

loop_attach() {
	loop=$(losetup -f --show "$image")
}

scene_fill() { # DIR
	mkdir -p "$1/log" "$1/spool" "$1/deep/er"
	printf 'old\n' >"$1/log/messages"
	printf 'deep\n' >"$1/deep/er/file"
	head -c 100000 /dev/zero | tr '\0' x >"$1/big"
	printf 'one of two\n' >"$1/link-a"
	ln "$1/link-a" "$1/link-b"
	ln -s log/messages "$1/symlink"
	mkfifo "$1/fifo"
}

# scene_up DIR...: layers and views
scene_up() {
	initfs-overlay --size=64M -- "$root" "$@" || fail "no overlays"
	initfs-hold -- "$root" || fail "no views"
}

# until SECONDS COMMAND...: polls; fails when the time is up
until_true() {
	local left=$(($1 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.02
	done
}

# ours DIR: the mounts of ours in it. By their source: a directory of a test may have our name in its path.
ours() {
	grep -F " $1" /proc/self/mountinfo | grep -E ' - [a-z0-9.-]+ (initfs|/dev/loop[0-9]+ ro)'
}

nothing_of_ours() { # DIR
	! ours "$1"
}

mount_type() { # PATH prints the type of what is mounted on top of it
	awk -v path="$1" '$5 == path { for (i = 7; $i != "-"; i++); type = $(i + 1) } END { print type }' \
		/proc/self/mountinfo
}

# expect TEXT COMMAND...: what the command prints
expect() {
	local want=$1 got
	shift
	got=$("$@" 2>&1) || true
	[ "$got" = "$want" ] || fail "$*: «$got», not «$want»"
}

expect_exit() { # CODE COMMAND...
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" = "$want" ] || fail "$*: exit $got, not $want"
}
