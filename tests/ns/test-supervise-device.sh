#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The screen waits for its device and a clean /tmp, within its bound; what cannot start early is skipped with the reason.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# a device that comes late
entry screen Kind=screen 'Exec=/srv/daemon screen' 'NeedsDevice=/dev/dri/card* /dev/fb0' Bound=60
"$supervise" -- "$root" || fail "it did not start"
within 10 test -e "$root/run/initfs/screen-comes"
# the boot does not stand still for it as long as the screen waits
within 20 test ! -e "$root/run/initfs/screen-comes"
mkdir "$root/dev/dri"
: >"$root/dev/dri/card7" # no device, though the name fits
sleep 0.3
marked 'early.start' && fail "a plain file passed for a device"
mknod "$root/dev/dri/card0" c 226 0
within 10 marked 'early.start name=screen'
"$supervise" --undo -- "$root" || fail "undo"

# one that does not come
rm -r "$root/dev/dri"
: >"$timeline"
entry screen Kind=screen 'Exec=/srv/daemon screen' 'NeedsDevice=/dev/dri/card*' Bound=1
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="no device /dev/dri/card\*"'
marked 'early.start' && fail "it was started without a device"
"$supervise" --undo -- "$root" || fail "undo"

# /tmp is being cleaned: who needs it waits, and nobody else
: >"$timeline"
: >"$root/run/initfs/cleaning"
entry log Kind=syslog 'Exec=/srv/daemon log' NeedsWritable=/var
entry screen Kind=screen 'Exec=/srv/daemon screen' 'NeedsWritable=/var /tmp' Wants=log Bound=60
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.ready name=log'
within 10 test -e "$root/run/initfs/screen-comes"
sleep 0.3
marked 'early.start name=screen' && fail "it was started while /tmp was being cleaned"
rm "$root/run/initfs/cleaning"
within 10 marked 'early.start name=screen'
"$supervise" --undo -- "$root" || fail "undo"

# who cleans has gone without a word
: >"$timeline"
: >"$root/run/initfs/cleaning"
entry screen Kind=screen 'Exec=/srv/daemon screen' 'NeedsWritable=/tmp' Bound=1
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="/tmp is being cleaned"'
marked 'early.start name=screen' && fail "it was started while /tmp was being cleaned"
"$supervise" --undo -- "$root" || fail "undo"
rm "$root/run/initfs/cleaning" "$root/etc/initfs/early.d/log.conf"

# a need that never becomes ready, and one that is stopped on purpose
: >"$timeline"
entry bus Kind=bus 'Exec=/srv/daemon bus' Ready=path:/run/never ReadyBound=1
entry screen Kind=screen 'Exec=/srv/daemon screen' Needs=bus
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.late name=bus'
within 10 marked 'early.skipped name=screen why="bus was not ready in time"'
"$supervise" --undo -- "$root" || fail "undo"
: >"$timeline"
echo 0 >"$root/var/bus.says"
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="bus is not there"'
"$supervise" --undo -- "$root" || fail "undo"
rm "$root/var/bus.says"

# a directory that cannot be written
: >"$timeline"
mkdir "$root/srv/ro"
mount -t tmpfs -o ro ro "$root/srv/ro"
entry screen Kind=screen 'Exec=/srv/daemon screen' NeedsWritable=/srv/ro
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="/srv/ro cannot be written"'
"$supervise" --undo -- "$root" || fail "undo"

# somebody else runs it already
: >"$timeline"
cp /bin/sleep "$root/srv/sleep"
chroot "$root" /srv/sleep 1000 &
other=$!
within 10 sh -c "readlink /proc/$other/exe | grep -q srv/sleep"
echo "$other" >"$root/run/sleep.pid"
entry screen Kind=screen 'Exec=/srv/sleep 1000' Program=/srv/sleep PidFile=/run/sleep.pid
"$supervise" -- "$root" || fail "it did not start"
within 10 marked "early.skipped name=screen why=\"it runs already as pid $other\""
[ "$(cat "$root/run/sleep.pid")" = "$other" ] || fail "the pid file of the other is gone"
"$supervise" --undo -- "$root" || fail "undo"
[ -d "/proc/$other" ] || fail "the other was killed"

# somebody else starts it while it rests after a death
: >"$timeline"
rm "$root/run/sleep.pid"
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.start name=screen'
within 10 sh -c "readlink /proc/$(last_pid screen)/exe | grep -q srv/sleep"
echo "$other" >"$root/run/sleep.pid"
kill -9 "$(last_pid screen)"
rm "$root/run/initfs/layers"
within 10 test ! -e "$root/run/initfs/supervise.pid"
count 1 'early.start name=screen' || fail "there are two now"
printf '0\t/var\n1\t/tmp\n' >"$root/run/initfs/layers"
kill "$other"

# init starts services itself by now
: >"$timeline"
runlevel 2
entry screen Kind=screen 'Exec=/srv/daemon screen'
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="init starts it itself by now"'
"$supervise" --undo -- "$root" || fail "undo"
exit 0
