#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs start when what they need is ready, in a clean surrounding, with the pid file of their script.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

entry log Kind=syslog 'Exec=/srv/daemon log' PidFile=/run/log.pid WritePidFile=yes Ready=pidfile
entry bus Kind=bus 'Exec=/srv/daemon bus' 'Before=echo before >>/var/bus.started' \
	'MakeDir=/run/bus 0751 demo:adm' Ready=path:/run/bus/ready
entry seat Kind=seat Needs=bus 'Exec=/srv/daemon seat /run/seat.ready' Ready=path:/run/seat.ready
entry screen Kind=screen Needs=bus Wants=seat 'Defaults=/etc/default/screen' 'Export=COLOUR' \
	'Environment=SHAPE=round one' SocketDir=/tmp/.X11-unix 'MakeFifo=/run/pipe 0640 demo' \
	"Exec=/srv/daemon \"\$DAEMON_NAME\""
mkdir "$root/etc/default"
printf 'COLOUR=blue\nHIDDEN=1\nDAEMON_NAME=screen\n' >"$root/etc/default/screen"

# what a hook may leave behind: an open descriptor, a blocked and an ignored signal, a umask
umask 077
(
	trap '' HUP
	exec 9</etc/passwd
	exec "$supervise" -- "$root"
) || fail "it did not start"
umask 022

within 10 marked 'early.ready name=log'
within 10 marked 'early.start name=bus'
[ -e "$root/var/log.started" ] || within 10 test -e "$root/var/log.started"
marked 'name=seat|name=screen' && fail "something did not wait for the bus"
[ "$(stat -c '%a %u %g' "$root/run/bus")" = '751 77 79' ] || fail "MakeDir"
within 10 test -s "$root/var/bus.started"
[ "$(head -n 1 "$root/var/bus.started")" = before ] || fail "Before"

: >"$root/run/bus/ready"
within 10 marked 'early.start name=screen'
[ "$(line_of 'ready name=bus')" -lt "$(line_of 'start name=seat')" ] || fail "seat before bus"
[ "$(line_of 'ready name=seat')" -lt "$(line_of 'start name=screen')" ] || fail "screen before seat"

pid=$(last_pid log)
[ "$(cat "$root/run/log.pid")" = "$pid" ] || fail "the pid file names somebody else"
[ "$(stat -c %a "$root/run/log.pid")" = 644 ] || fail "the mode of the pid file"
[ "$(stat -c '%a %u %F' "$root/run/pipe")" = '640 77 fifo' ] || fail "MakeFifo"

pid=$(last_pid screen)
within 10 test -s "$root/var/screen.started"
[ "$(cat "$root/var/screen.started")" = "$pid" ] || fail "the pid is not the program's"
tr '\0' '\n' <"/proc/$pid/environ" | sort >"$tmp/environ"
# dash adds PWD to what it is given
grep -v '^PWD=' "$tmp/environ" >"$tmp/got"
cat >"$tmp/want" <<'WANT'
COLOUR=blue
HOME=/
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SHAPE=round one
TERM=linux
WANT
cmp "$tmp/want" "$tmp/got" || fail "the environment: $(cat "$tmp/got")"
# 10 is the script that the shell reads
for fd in "/proc/$pid/fd/"*; do
	case ${fd##*/} in
	0 | 1 | 2) [ "$(readlink "$fd")" = "$root/dev/null" ] || fail "stdio: $(readlink "$fd")" ;;
	10) [ "$(readlink "$fd")" = "$root/srv/daemon" ] || fail "fd 10: $(readlink "$fd")" ;;
	*) fail "a descriptor leaked: $fd is $(readlink "$fd")" ;;
	esac
done
[ "$(cat "/proc/$pid/oom_score_adj")" = 0 ] || fail "the OOM killer spares it"
[ "$(ps -o sid= "$pid" | tr -d ' ')" = "$pid" ] || fail "no session of its own"
grep -q '^SigIgn:.0*$' "/proc/$pid/status" || fail "ignored signals were handed on"
grep -q '^Umask:.0022$' "/proc/$pid/status" || fail "umask"
[ "$(readlink "/proc/$pid/root")" = "$root" ] || fail "not in the root"

# the sockets of the screen are on /run
[ "$(stat -c '%a %d' "$root/tmp/.X11-unix")" = "1777 $(stat -c %d "$root/run")" ] || fail "SocketDir"
: >"$root/tmp/.X11-unix/X0"
[ -e "$root/run/initfs/sockets/X11-unix/X0" ] || fail "SocketDir is somewhere else"

# a container may not have CAP_SYS_RESOURCE; then nobody is protected
if sh -c 'echo -1000 >/proc/self/oom_score_adj' 2>/dev/null; then
	[ "$(cat "/proc/$(supervisor_pid)/oom_score_adj")" = -1000 ] || fail "it is not protected"
fi
exit 0
