#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that dies is started again with back-off, five times in a minute at most; one that is stopped is not.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# shellcheck disable=SC2317 # within calls it
started() { # COUNT NAME: so often the daemon has come so far that it answers SIGTERM
	[ "$(wc -l <"$root/var/$2.started")" = "$1" ]
}

entry log Kind=syslog 'Exec=/srv/daemon log' PidFile=/run/log.pid
entry bus Kind=bus 'Exec=/srv/daemon bus'
entry screen Kind=screen Wants=bus 'Exec=/srv/daemon screen' PidFile=/run/screen.pid \
	SocketDir=/tmp/.X11-unix
"$supervise" -- "$root" || fail "it did not start"
for name in log bus screen; do
	within 10 marked "early.ready name=$name"
	within 10 test -s "$root/var/$name.started"
done

# a stale pid file goes before the next start
echo 999999 >"$root/run/log.pid"
kill -9 "$(last_pid log)"
within 10 count 2 'early.start name=log'
marked 'early.exit name=log status=signal-9' || fail "the death of log is not told"
[ ! -e "$root/run/log.pid" ] || fail "the stale pid file stayed"
within 10 count 2 'early.ready name=log'

# SIGTERM is how rc stops a service; the daemon answers with exit 0
within 10 started 2 log
kill "$(last_pid log)"
within 10 marked 'early.exit name=log status=0'

# ended by the signal itself
kill -STOP "$(last_pid bus)"
cp "$root/srv/daemon" "$root/srv/new" # a script must not change under its shell
sed -i 's/^trap .*/trap - TERM/' "$root/srv/new"
mv "$root/srv/new" "$root/srv/daemon"
kill -9 "$(last_pid bus)"
within 10 count 2 'early.start name=bus'
within 10 started 2 bus
kill "$(last_pid bus)"
within 10 marked 'early.exit name=bus status=signal-15'

# while /tmp is RAM its sockets are mounted from /run; after the merge nothing is mounted again
mountpoint -q "$root/tmp/.X11-unix" || fail "no mount for the sockets"
umount "$root/tmp/.X11-unix"
rm "$root/run/initfs/layers"
kill -9 "$(last_pid screen)"
within 10 count 2 'early.ready name=screen'
mountpoint -q "$root/tmp/.X11-unix" && fail "a mount came back after the merge"

# five deaths
echo 3 >"$root/var/screen.says"
kill -9 "$(last_pid screen)"
within 60 marked 'early.gave-up name=screen'
count 5 'early.start name=screen' || fail "not five starts"
count 3 'early.exit name=screen status=3' || fail "not three exits of 3"

# what was stopped has not come back meanwhile
count 2 'early.start name=log' || fail "log was started again"
count 2 'early.start name=bus' || fail "bus was started again"

# nothing is left, and logins are open since the layers went
within 10 test ! -e "$root/run/nologin"
within 10 test ! -e "$root/run/initfs/supervise.pid"
[ -z "$(pidof initfs-supervise)" ] || fail "the supervisor stayed"
exit 0
