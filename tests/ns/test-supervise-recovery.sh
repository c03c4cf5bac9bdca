#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# While init asks for maintenance a recovery is started, once; where it does not ask, nothing is.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

entry rescue Kind=recovery 'Exec=/srv/daemon rescue'
pid() {
	pid=$(supervisor_pid)
}

# init comes to its runlevel
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 supervisor_pid
pid
runlevel 2
rm "$root/run/initfs/layers"
within 20 is_gone "$pid"
marked 'name=rescue|boot.maintenance' && fail "nobody has asked"

# nobody wants it
rm "$root/run/utmp"
printf '0\t/var\n' >"$root/run/initfs/layers"
"$supervise" --gui=off --syslog=off --recovery=off -- "$root" || fail "it did not start"
within 10 supervisor_pid
"$supervise" --undo -- "$root" || fail "undo"

# init asks: what its script has running is called sulogin
"$supervise" --gui=off --syslog=off --recovery=rescue -- "$root" || fail "it did not start"
within 10 supervisor_pid
cp /bin/sleep "$tmp/sulogin"
"$tmp/sulogin" 1000 &
within 10 marked 'early.start name=rescue'
count 1 'boot.maintenance' || fail "said twice"
within 10 marked 'early.ready name=rescue'
# it dies and comes back, as any screen
kill -9 "$(last_pid rescue)"
within 10 count 2 'early.start name=rescue'
"$supervise" --undo -- "$root" || fail "undo"
kill $!

# a wish that cannot be met is told
"$supervise" --gui=off --syslog=off --recovery=nonsense -- "$root" 2>"$tmp/said" || fail "it did not start"
grep -q "'nonsense': there is no recovery of that name" "$tmp/said" || fail "$(cat "$tmp/said")"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
