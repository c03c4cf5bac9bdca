#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where somebody has bound a part of a protected directory to another place, it stays there, leads to the
# disk after the merge, and nothing is left when it is unmounted.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp /srv
umount -R "$root"
mount "$loop" "$root"
mkdir "$root/var/tmp"
umount "$root"
scene_mount ro
scene_up /var /tmp

# As by fstab: "/var/spool /srv none bind" and "/tmp /var/tmp none bind"
mount --bind "$root/var/spool" "$root/srv"
mount --bind "$root/tmp" "$root/var/tmp"
echo early >"$root/var/spool/file"
# The guard looks when mounts change: it has done so when it has taken a dead socket's part away.
looked() {
	mount --bind "$root/var/log" "$root/var/deep" && umount "$root/var/deep"
	[ "$(cat "$root/srv/file")" = early ] && [ "$(mount_type "$root/var/tmp")" = fuse.initfs-hold ]
}
for _ in 1 2 3 4 5 6 7 8 9 10; do
	looked || fail "a bind mount was taken away before the merge"
	sleep 0.05
done

# A socket that is in use keeps a part, which has to go, and the guard looking.
mkdir "$root/tmp/agent"
/usr/bin/python3 -c '
import os, socket, sys
os.chdir(sys.argv[1])
server = socket.socket(socket.AF_UNIX)
server.bind("socket")
os.chdir("/")
sys.stdin.read()' "$root/tmp/agent" < <(until [ -e "$TEST_TMP/end" ]; do sleep 0.05; done) &
server=$!
until_true 10 test -S "$root/tmp/agent/socket" || fail "no socket"
mount -o remount,rw "$root"
initfs-merge --now -- "$root" || fail "the merge: exit $?"
expect fuse.initfs-hold mount_type "$root/tmp/agent"
touch "$TEST_TMP/end"
wait "$server"
gone() {
	[ -z "$(mount_type "$root/tmp/agent")" ]
}
until_true 10 gone || fail "a part is kept whose socket is dead"

expect fuse.initfs-hold mount_type "$root/srv"
expect fuse.initfs-hold mount_type "$root/var/tmp"
expect "" mount_type "$root/var"
expect early cat "$root/srv/file"
echo by-the-disk >"$root/var/spool/file"
expect by-the-disk cat "$root/srv/file"
echo by-the-other >"$root/srv/new"
expect by-the-other cat "$root/var/spool/new"
echo temporary >"$root/var/tmp/here"
expect temporary cat "$root/tmp/here"

pid=$(cat "$state/hold-guard.pid")
umount "$root/srv" "$root/var/tmp"
ended() {
	[ ! -d "/proc/$pid" ]
}
until_true 10 ended || fail "initfs-hold goes on"
