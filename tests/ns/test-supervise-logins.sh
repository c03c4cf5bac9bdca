#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# /run/nologin is there until the merge, never stays when nobody is left to remove it, and others' stay.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

nologin=$root/run/nologin
is_open() {
	[ ! -e "$nologin" ]
}

# the merge removes /run/initfs/layers
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 grep -q '^initfs: ' "$nologin"
[ "$(stat -c %a "$nologin")" = 644 ] || fail "users cannot read why"
pid=$(supervisor_pid)
rm "$root/run/initfs/layers"
within 10 is_open
within 10 is_gone "$pid"

# /home is not there yet when the merge is done; then it is, or init is in its runlevel without it
for way in mount runlevel; do
	: >"$root/run/initfs/layers"
	mkdir -p "$root/home"
	echo 'none /home tmpfs defaults 0 0' >"$root/etc/fstab"
	"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
	within 10 test -e "$nologin"
	rm "$root/run/initfs/layers"
	sleep 2.5 # it looks each second
	is_open && fail "logins are open before /home is there"
	case $way in
	mount) mount -t tmpfs none "$root/home" ;;
	runlevel) runlevel 2 ;;
	esac
	within 10 is_open
	[ "$way" = runlevel ] || umount "$root/home"
	within 10 test ! -e "$root/run/initfs/supervise.pid"
done
rm "$root/run/utmp" "$root/etc/fstab"

# the merge has removed nologin itself
: >"$root/run/initfs/layers"
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 test -e "$nologin"
pid=$(supervisor_pid)
rm "$nologin"
within 10 is_gone "$pid"

# init is in its runlevel, and no merge is waiting
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 test -e "$nologin"
sleep 1000 &
echo $! >"$root/run/initfs/merge.pid"
runlevel 2
sleep 1.5
[ -e "$nologin" ] || fail "it went though a merge is waiting"
kill $!
wait $! 2>/dev/null
within 10 is_open
rm "$root/run/utmp" "$root/run/initfs/merge.pid"

# left by a supervisor that was killed
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 test -e "$nologin"
kill -9 "$(supervisor_pid)"
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start again"
"$supervise" --undo -- "$root" || fail "undo"
is_open || fail "undo left it behind"

# somebody else's
echo "System bootup in progress - please wait" >"$nologin"
"$supervise" --gui=off --syslog=off -- "$root" || fail "it did not start"
within 10 test ! -e "$root/run/initfs/supervise.pid"
grep -q '^System bootup' "$nologin" || fail "it touched a nologin that is not its own"
exit 0
