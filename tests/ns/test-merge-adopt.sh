#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A tmpfs that a start script mounts on /tmp without a line in fstab is what the RAM of /tmp is merged into: what was
# made early is found there, also its sockets, programs go on, and the disk's /tmp is as it was. Another file
# system, or one over a view that is shown elsewhere, too, stays until it is unmounted, and one line says why.
for kind in tmpfs late other elsewhere; do
	[ $# = 0 ] || break
	mkdir -p "${TEST_TMP:?}/$kind"
	TEST_TMP=$TEST_TMP/$kind "$0" "$kind" || exit $?
	echo "ok: $kind"
done
[ $# != 0 ] || exit 0
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"
kind=$1

has() { # TEXT: the timeline has it
	grep -q -- "$1" "$state/timeline"
}

# By relative names: a path of the test may be too long for a socket.
serve() { # DIR NAME
	(cd "$1" && exec /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
while True:
    s.accept()[0].send(b"hello")' "$2") &
	until_true 20 answers "$1" "$2" || fail "nobody serves $2"
}
answers() { # DIR NAME
	(cd "$1" && timeout 10 /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
sys.exit(s.recv(99) != b"hello")' "$2")
}

stand() { # DIR: somebody does, and is standing
	(cd "$1" && exec sleep 300) &
	standing=$!
	until_true 20 grep -qx sleep "/proc/$standing/comm" || fail "nobody stands in $1"
}

disk_is_as_it_was() {
	mkdir "$TEST_TMP/disk"
	mount --bind "$root" "$TEST_TMP/disk"
	(cd "$TEST_TMP/disk/tmp" && find . -type f -exec cksum {} + | sort -k 3) >"$TEST_TMP/after"
	diff "$TEST_TMP/before" "$TEST_TMP/after" || fail "the disk's /tmp is another one"
	umount "$TEST_TMP/disk"
}

scene_make /var /tmp
tmp=$root/tmp
(cd "$tmp" && find . -type f -exec cksum {} + | sort -k 3) >"$TEST_TMP/before"
scene_up /var /tmp
initfs-merge --wait -- "$root" || fail "the merge does not wait"
merge_pid=$(cat "$state/merge.pid")

# --- early: what is new, and what the disk has, changed, removed and only read
printf 'early\n' >"$tmp/early"
mkdir -m 751 "$tmp/dir"
printf 'in a directory\n' >"$tmp/dir/file"
printf 'changed\n' >>"$tmp/log/messages"
rm "$tmp/link-a"
printf 'in var\n' >"$root/var/spool/job"
exec 7>>"$tmp/early" 8<"$tmp/big" 9<"$tmp/log/messages"
ls -lR "$tmp" >/dev/null # the kernel knows them all

case $kind in
other | elsewhere)
	if [ "$kind" = other ]; then
		mkdir "$root/run/other"
		mount --bind "$root/run/other" "$root/run/other"
		wanted="over '/tmp': .*: something is mounted over it that /etc/fstab does not name"
		mount -t ramfs other "$tmp"
	else
		mkdir "$root/run/copy"
		mount --bind "$tmp" "$root/run/copy"
		wanted="at '/tmp': .*: it hides the view, which is also mounted at /run/copy: unmount one of them"
		mount -t tmpfs other "$tmp"
	fi
	mount -o remount,rw "$root" # last: the merge takes no longer than that
	until_true 20 has "merge.*why=.*$wanted" || fail "it is not said"
	printf 'theirs\n' >"$tmp/theirs"
	expect theirs ls "$tmp"
	[ -e "$state/layers" ] || fail "something was merged"
	# As it is at a shutdown: what is in RAM comes to the disk.
	umount "$tmp"
	until_true 60 test ! -e "$state/layers" || fail "it is not merged"
	expect "early" cat "$tmp/early"
	expect "$(printf 'old\nchanged')" cat "$tmp/log/messages"
	expect "in var" cat "$root/var/spool/job"
	exit 0
	;;
esac

mkdir -p "$state/sockets/X11-unix" "$tmp/.X11-unix"
chmod 1777 "$state/sockets/X11-unix" "$tmp/.X11-unix"
mount --bind "$state/sockets/X11-unix" "$tmp/.X11-unix"
serve "$tmp/.X11-unix" X0
serve "$tmp" bus
stand "$tmp/deep/er" # which nobody will see
stand "$tmp/dir"

# --- the script: at once, or before the merge has seen it what others write is in the tmpfs
[ "$kind" = tmpfs ] || kill -STOP "$merge_pid"
mount -t tmpfs -o size=100m,mode=1777,nosuid script "$tmp"
if [ "$kind" = late ]; then
	printf 'theirs\n' >"$tmp/early"
	printf 'theirs\n' >"$tmp/theirs"
	kill -CONT "$merge_pid"
fi
until_true 20 has "merge.target dir=/tmp$" || fail "it is not taken"
printf 'more\n' >&7
expect "$(printf 'early\nmore')" cat "$tmp/early"
mount -o remount,rw "$root"
until_true 60 test ! -e "$state/layers" || fail "it is not merged"

# --- /tmp is that tmpfs
printf 'after\n' >&7
name=early
if [ "$kind" = late ]; then
	name=early.initfs-early
	expect theirs cat "$tmp/early"
	expect theirs cat "$tmp/theirs"
fi
expect "$(printf 'early\nmore\nafter')" cat "$tmp/$name"
expect "in a directory" cat "$tmp/dir/file"
expect 751 stat -c %a "$tmp/dir"
expect "1777 tmpfs" stat -f -c "$(stat -c %a "$tmp") %T" "$tmp"
expect "$(printf 'old\nchanged')" cat "$tmp/log/messages"
expect "$(printf 'old\nchanged')" cat <&9
expect 100000 sh -c 'wc -c <&8'
[ ! -e "$tmp/big" ] || fail "what is only on the disk is seen"
expect "/run/initfs/sockets/X11-unix/X0" readlink "$tmp/.X11-unix/X0"
answers "$state/sockets/X11-unix" X0 || fail "the X server is not there"
answers "$tmp" bus || fail "the socket is not there"
printf 'made\n' >"/proc/$standing/cwd/made"
expect made cat "$tmp/dir/made"
expect "in var" cat "$root/var/spool/job"
expect "" find "$tmp" -name '.initfs*'
disk_is_as_it_was

# --- nothing of ours stays but the socket, as long as it is used
exec 7>&- 8<&- 9<&-
# shellcheck disable=SC2046 # one word for each
kill $(jobs -p)
until_true 20 nothing_of_ours "$root" || fail "left: $(ours "$root")"
expect 1 sh -c "grep -c ' $tmp ' /proc/self/mountinfo"
[ ! -e "$state/own" ] || fail "left: $(find "$state/own")"
until_true 20 sh -c "! pgrep initfs-" || fail "left: $(pgrep -a initfs-)"
