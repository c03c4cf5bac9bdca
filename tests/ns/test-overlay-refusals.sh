#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What initfs-overlay will not do it refuses as a whole, with its own exit code and one line.
. "$(dirname -- "$0")/overlay-scene.sh"

# --- called wrongly: 2
scene
wrong() { # TEXT ARG...
	text=$1
	shift
	expect_exit 2 "$OVERLAY" "$@"
	expect_said "$text"
	expect_nothing
}
wrong "no ROOT"
wrong "no DIR" "$ROOT"
wrong "no DIR" -- "$ROOT"
wrong "--colour" --colour -- "$ROOT" /var
wrong "needs a value" --size
wrong "takes ROOT alone" --undo "$ROOT" /var
wrong "no ROOT" --undo
for size in "" banana 0 101% 1.5g 10x -1; do
	wrong "not a size: '$size'" --size="$size" -- "$ROOT" /var
done
for dir in var ./var /var/ //var /var/../etc /var/. ""; do
	wrong "not a clean absolute path: '$dir'" -- "$ROOT" /var "$dir"
done
# What a terminal would obey is not said as it is.
wrong "not a clean absolute path: '/a?b'" -- "$ROOT" /var "$(printf '/a\tb')"
# shellcheck disable=SC2046 # one word for each
wrong "more than 32" -- "$ROOT" $(seq -f /d%g 33)
expect_exit 0 "$OVERLAY" --help
grep -q "^Usage: initfs-overlay" "$SCENE/out" || fail "no help"
expect_exit 0 "$OVERLAY" --version
grep -q "^initfs-overlay [0-9]" "$SCENE/out" || fail "no version"

# --- directories: 3, and the good one beside the bad one is not built either
expect_refused "'/nonexistent': No such file" -- "$ROOT" /var /nonexistent
expect_refused "'/file': Not a directory" -- "$ROOT" /var /file
expect_refused "'/link':" -- "$ROOT" /link
expect_refused "symbolic link" -- "$ROOT" /link/log
expect_refused "dracut's own overlayfs module" -- "$ROOT" /
expect_refused "'/run'" -- "$ROOT" /run
mount -t tmpfs own "$ROOT/home"
expect_refused "not on the root's file system" -- "$ROOT" /var /home
mount -t tmpfs below "$ROOT/srv/spool"
expect_refused "something is mounted at /srv/spool already" -- "$ROOT" /srv
umount "$ROOT/home" "$ROOT/srv/spool"

# --- the root: 3
expect_refused "No such file" -- "$SCENE/none" /var
expect_refused "Not a directory" -- "$IMAGE" /var
mkdir "$SCENE/plain" "$SCENE/plain/var" "$SCENE/plain/run"
expect_refused "it is not a mount point" -- "$SCENE/plain" /var
expect_refused "it is not a mount point" -- "$ROOT/var" /log
umount "$ROOT/run"
expect_refused "/run is not a tmpfs" -- "$ROOT" /var
umount "$ROOT"
mount -o loop "$IMAGE" "$ROOT"
mount -t tmpfs run "$ROOT/run"
expect_refused "mounted rw" -- "$ROOT" /var
# Its own mount is ro, but somebody else can write to the file system.
mount --bind "$ROOT" "$SCENE/plain" && mount -o remount,bind,ro "$SCENE/plain" &&
	mount -t tmpfs run "$SCENE/plain/run"
expect_refused "mounted rw" -- "$SCENE/plain" /var
umount -R "$SCENE/plain"

# --- fstab: 3
for line in "/dev/sdb1 /var ext4 defaults 0 2" "UUID=1 /srv/ ext4 noauto 0 0" \
	"host:/x /srv/spool nfs4 _netdev 0 0"; do
	scene "# a comment" "/dev/sda1 / ext4 defaults 0 1" "$line"
	case $line in
	*/var*) expect_refused "at /var" -- "$ROOT" /tmp /var ;;
	*) expect_refused "at /srv" -- "$ROOT" /srv/spool ;;
	esac
done

# --- the kernel: 3
scene
for fs in tmpfs overlay; do
	n=1
	[ "$fs" = tmpfs ] || n=2 # they are asked for in this order
	expect_exit 3 "$WITHOUT" fsopen=ENODEV@="$n" "$OVERLAY" -- "$ROOT" /var
	expect_said "use the kernel's file system '$fs': No such device"
	expect_nothing
done
# A kernel that is too old is an error, never worked around.
for call in openat2 statx; do
	expect_exit 3 "$WITHOUT" "$call=ENOSYS" "$OVERLAY" -- "$ROOT" /var
	expect_said "Function not implemented"
	expect_nothing
done
expect_exit 3 "$OVERLAY" --undo -- "$SCENE/none"
expect_said "No such file"
finish
