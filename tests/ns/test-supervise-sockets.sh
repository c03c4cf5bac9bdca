#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where /tmp has no layer, the directory of the X server's sockets is made there before the server comes, and one that
# is there is left alone; nothing is mounted over it.
# shellcheck disable=SC2154 # early-root.sh assigns the rest
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

printf '0\t/var\n' >"$root/run/initfs/layers"
entry screen Kind=screen 'Exec=/srv/daemon screen' SocketDir=/tmp/.X11-unix
sockets=$root/tmp/.X11-unix

plain() { # MODE: it is a directory of /tmp
	[ "$(stat -c '%a %u %d' "$sockets")" = "$1 0 $(stat -c %d "$root/tmp")" ] ||
		fail "SocketDir: $(stat -c '%a %u %d' "$sockets")"
	! grep -F " $sockets " /proc/self/mountinfo || fail "something is mounted there"
	[ ! -e "$root/run/initfs/sockets" ] || fail "there is another place for sockets"
}

for mode in 1777 1755; do
	"$supervise" --syslog=off -- "$root" || fail "it did not start"
	within 20 test -s "$root/var/screen.started"
	plain "$mode"
	"$supervise" --undo -- "$root" || fail "undo"
	chmod 1755 "$sockets"
	rm "$root/var/screen.started"
done
