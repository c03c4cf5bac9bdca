# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The scene of the tests of initfs-overlay: a root on ext4 in an image, mounted ro, with a /run in RAM.
# Sourced first: it starts the test again in a mount namespace of its own and cleans up whatever happens.

if [ "$(id -u)" != 0 ]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [ -z "${OVERLAY_SCENE:-}" ]; then
	OVERLAY_SCENE=1 exec unshare -m --propagation private -- "$0" "$@"
fi

OVERLAY=${INITFS_BUILD:?}/initfs-overlay
# shellcheck disable=SC2034 # for the tests
WITHOUT=$INITFS_BUILD/tests/lib/without-syscall
SCENE=$(mktemp -d /dev/shm/initfs-overlay.XXXXXX)
IMAGE=$SCENE/image
ROOT=$SCENE/root
STATE=$ROOT/run/initfs
failures=0

scene_clean() {
	cd /
	umount -R "$ROOT" 2>/dev/null || umount -l "$ROOT" 2>/dev/null
	rm -rf -- "${SCENE:?}"
}
trap scene_clean EXIT
trap 'exit 1' HUP INT TERM

# What is on the disk: fill TREE puts it below $1.
fill() {
	mkdir -p "$1/var/log" "$1/var/cache" "$1/tmp" "$1/run" "$1/etc" "$1/srv/spool" "$1/home"
	chmod 1777 "$1/tmp"
	chmod 2775 "$1/var"
	chown 7:8 "$1/var"
	setfacl -m u:9:rwx -d -m g:10:rx "$1/var"
	setfattr -n trusted.mark -v here "$1/var"
	setfattr -n trusted.overlay.opaque -v y "$1/var"
	printf 'on the disk\n' >"$1/var/log/messages"
	printf 'a file\n' >"$1/file"
	ln -s var "$1/link"
	touch -d '2001-02-03 04:05:06.789' "$1/var"
}

# scene: the root, fresh, ro, with an empty tmpfs on /run.
scene() {
	umount -R "$ROOT" 2>/dev/null
	rm -rf -- "${SCENE:?}"/*
	mkdir "$SCENE/tree" "$ROOT"
	fill "$SCENE/tree"
	[ $# -eq 0 ] || printf '%s\n' "$@" >"$SCENE/tree/etc/fstab"
	truncate -s 32M "$IMAGE"
	mkfs.ext4 -q -F "$IMAGE"
	# Not mkfs.ext4 -d, which forgets ACLs and trusted attributes.
	if ! { mount -o loop "$IMAGE" "$ROOT" && cp -a --preserve=all "$SCENE/tree/." "$ROOT/" &&
		umount "$ROOT" && mount -o loop,ro "$IMAGE" "$ROOT" &&
		mount -t tmpfs -o mode=0755 run "$ROOT/run"; }; then
		echo "cannot make the scene"
		exit 1
	fi
}

fail() {
	printf 'FAIL: %s\n' "$*"
	failures=$((failures + 1))
}

# expect_exit STATUS COMMAND...: what it says is in $SCENE/said
expect_exit() {
	want=$1
	shift
	status=0
	"$@" >"$SCENE/out" 2>"$SCENE/said" || status=$?
	[ "$status" -eq "$want" ] || {
		fail "status $status, not $want: $*"
		cat "$SCENE/said"
	}
}

# expect_said TEXT: one line, with that text in it
expect_said() {
	[ "$(wc -l <"$SCENE/said")" -eq 1 ] || fail "not one line: $(cat "$SCENE/said")"
	grep -qF -- "$1" "$SCENE/said" || fail "'$1' is not in: $(cat "$SCENE/said")"
}

# expect_nothing: no mount and no file of ours below the root
expect_nothing() {
	grep -F " $STATE" /proc/self/mountinfo && fail "a mount is left behind"
	[ ! -e "$STATE" ] || fail "state is left behind: $(find "$STATE")"
}

# expect_refused TEXT ARG...: exit 3, one line with that text, nothing touched
expect_refused() {
	text=$1
	shift
	expect_exit 3 "$OVERLAY" "$@"
	expect_said "$text"
	expect_nothing
}

finish() {
	[ "$failures" -eq 0 ] || echo "$failures checks failed"
	[ "$failures" -eq 0 ]
	exit
}
