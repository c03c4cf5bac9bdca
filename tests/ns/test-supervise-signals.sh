#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGTERM ends the supervisor alone, --undo everything; in a shutdown nothing is started again.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

entry log Kind=syslog 'Exec=/srv/daemon log'
entry screen Kind=screen 'Exec=/srv/daemon screen' SocketDir=/tmp/.X11-unix \
	PidFile=/run/screen.pid WritePidFile=yes

# What the hook's shell has open is not kept open for hours.
"$supervise" -- "$root" 9<"$root/srv" || fail "it did not start"
within 10 marked 'early.ready name=screen'
pid=$(supervisor_pid)
for fd in "/proc/$pid/fd"/*; do
	[ "$(readlink "$fd")" != "$root/srv" ] || fail "it keeps a folder open"
done
kill "$pid"
within 10 is_gone "$pid"
[ -d "/proc/$(last_pid log)" ] || fail "log went with it"
[ -d "/proc/$(last_pid screen)" ] || fail "the screen went with it"
[ ! -e "$root/run/nologin" ] || fail "nologin stayed"
kill -9 "$(last_pid log)" "$(last_pid screen)"
umount "$root/tmp/.X11-unix" || fail "no mount for sockets"

# undo: also who does not listen to SIGTERM
: >"$timeline"
printf '#!/bin/sh\ntrap "" TERM\necho here >/var/deaf\nwhile :; do sleep 1; done\n' >"$root/srv/deaf"
chmod 755 "$root/srv/deaf"
entry log Kind=syslog Exec=/srv/deaf
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.ready name=screen'
within 10 test -e "$root/var/deaf"
within 10 test -s "$root/var/screen.started"
pid=$(supervisor_pid)
"$supervise" --undo -- "$root" || fail "undo"
is_gone "$pid" || fail "the supervisor stayed"
is_gone "$(last_pid log)" || fail "who is deaf stayed"
is_gone "$(last_pid screen)" || fail "the screen stayed"
[ "$(line_of 'exit name=screen')" -lt "$(line_of 'exit name=log')" ] || fail "not in reverse"
mountpoint -q "$root/tmp/.X11-unix" && fail "a mount stayed"
[ ! -e "$root/run/screen.pid" ] || fail "a pid file that it had written stayed"
[ ! -e "$root/run/nologin" ] || fail "nologin stayed"
count 1 'early.start name=log' || fail "it was started again"
"$supervise" --undo -- "$root" || fail "undo of nothing is no error"

# killall5 -9 in runlevel 6
: >"$timeline"
entry log Kind=syslog 'Exec=/srv/daemon log'
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.ready name=screen'
kill -9 "$(last_pid log)" # dies before, rests
within 10 marked 'early.exit name=log'
runlevel 6
kill -9 "$(last_pid screen)"
within 10 marked 'early.exit name=screen'
pid=$(supervisor_pid)
rm "$root/run/initfs/layers"
within 10 is_gone "$pid"
count 1 'early.start name=log' || fail "log was started into a shutdown"
count 1 'early.start name=screen' || fail "the screen was started into a shutdown"
exit 0
