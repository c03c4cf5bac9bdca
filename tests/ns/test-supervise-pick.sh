#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# auto starts what rc would start; a name is obeyed; an unknown name is named with what there is.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

again() {
	"$supervise" --undo -- "$root" || fail "undo"
	rm -f "$timeline"
	"$supervise" "$@" -- "$root" 2>"$tmp/err" || fail "it did not start: $(cat "$tmp/err")"
}

entry aaa Kind=syslog 'Exec=/srv/daemon aaa'
entry bbb Kind=syslog 'Exec=/srv/daemon bbb'
entry kdm Kind=screen 'Exec=/srv/daemon kdm'
entry xdm Kind=screen 'Exec=/srv/daemon xdm'

again
within 10 marked 'early.start name=kdm'
marked 'early.start name=aaa' || fail "aaa is the first syslog"

# no start link: the admin has disabled it
mv "$root/etc/rc2.d/S01aaa" "$root/etc/rc2.d/K01aaa"
mkdir "$root/etc/X11"
echo /usr/bin/xdm >"$root/etc/X11/default-display-manager"
again
within 10 marked 'early.start name=xdm'
marked 'early.start name=bbb' || fail "bbb is the enabled syslog"
marked 'name=aaa|name=kdm' && fail "too much was started"

echo 'id:3:initdefault:' >"$root/etc/inittab"
mkdir "$root/etc/rc3.d"
again
within 10 marked 'early.skipped name=xdm why="not enabled in runlevel 3"'
marked 'early.skipped name=bbb why="not enabled in runlevel 3"' || fail "bbb was not skipped"
marked 'early.start' && fail "started though not enabled"

# by name, also where rc would not
again --syslog=aaa --gui=off
within 10 marked 'early.start name=aaa'
marked 'xdm|kdm' && fail "a screen with --gui=off"

again --syslog=off --gui=banana
grep -q "'banana': there is no screen of that name; auto is used. There are auto, off, kdm, xdm" \
	"$tmp/err" || fail "banana is not named: $(cat "$tmp/err")"

# the admin's empty file takes an entry away; a wrong one is named and does not count
: >"$root/etc/initfs/early.d/xdm.conf"
printf 'Kind=syslog\nColour=red\n' >"$root/etc/initfs/early.d/bbb.conf"
again --syslog=bbb --gui=xdm
grep -q "early.d/bbb.conf:2: there is no key 'Colour'; the line is left out" "$tmp/err" ||
	fail "the wrong line is not named: $(cat "$tmp/err")"
grep -q 'early.d/bbb.conf: it has no Program=; the entry cannot be used' "$tmp/err" ||
	fail "the wrong entry is not named: $(cat "$tmp/err")"
marked 'early.start' && fail "an entry that is not there was started"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
