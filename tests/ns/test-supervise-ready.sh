#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A program says that it is ready by a newline on its notify descriptor, or by a line in its log of this start.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# "seat" has the descriptor and no other; it says nothing, then something, then the newline
cat >"$root/srv/seat" <<'SEAT'
#!/bin/sh
: >/var/seat.runs
until [ -e /var/say ]; do sleep 0.05; done
printf 'soon' >&5
until [ -e /var/ready ]; do sleep 0.05; done
echo >&5
exec 5>&-
exec sleep 1000
SEAT
chmod 755 "$root/srv/seat"
entry seat Kind=seat Exec=/srv/seat Ready=notify:5
entry log Kind=syslog 'Exec=/srv/daemon log' 'Ready=line:/var/log.txt is up now'
entry screen Kind=screen Needs=seat 'Exec=/srv/daemon screen' 'WhenShown=echo shown >>/var/shown' ReadyBound=1

# an old line of the same text does not count
echo 'yesterday: it is up now' >"$root/var/log.txt"
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.start name=log'
within 10 test -e "$root/var/seat.runs"
readlink "/proc/$(last_pid seat)/fd/5" | grep -q ^pipe: || fail "seat has no descriptor 5"
# the shell that runs it has its script open, from 10 on
[ "$(find "/proc/$(last_pid seat)/fd" -name '[346789]' | wc -l)" = 0 ] ||
	fail "seat has other descriptors: $(ls -l "/proc/$(last_pid seat)/fd")"

: >"$root/var/say"
printf 'today: it is' >>"$root/var/log.txt"
sleep 0.3
marked 'early.ready name=(seat|log)' && fail "ready too early"
: >"$root/var/ready"
printf ' up now, really\n' >>"$root/var/log.txt"
within 10 marked 'early.ready name=seat'
within 10 marked 'early.ready name=log'
within 10 marked 'early.start name=screen'
# a screen of which nothing can be seen counts as shown when its time is over
within 10 grep -q shown "$root/var/shown"

# after a death the same, from where the log ends now
kill -9 "$(last_pid log)"
within 10 count 2 'early.start name=log'
sleep 0.3
count 1 'early.ready name=log' || fail "a line of the life before counted"
# a log that was begun anew
echo 'it is up now' >"$root/var/log.txt"
within 10 count 2 'early.ready name=log'
[ "$(wc -l <"$root/var/shown")" = 1 ] || fail "WhenShown was run again"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
