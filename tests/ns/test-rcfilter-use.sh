#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# While views are up: tools write through them, 300 services start, slow ones hang nobody, off is off.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

exits_with() { # CODE COMMAND...
	local want=$1 code=0
	shift
	"$@" >"$TEST_TMP/output" 2>&1 || code=$?
	[ $code = "$want" ] || fail "'$*' ends with $code, not $want"
}

# --- refusals touch nothing
mkdir -p "$TEST_TMP/empty/proc" "$TEST_TMP/empty/run" "$TEST_TMP/bare"
mount -t proc proc "$TEST_TMP/empty/proc"
exits_with 3 "$filter" -- "$TEST_TMP/empty" # no start scripts
exits_with 3 "$filter" -- "$TEST_TMP/bare" # no /proc
exits_with 3 "$filter" -- "$TEST_TMP/not-there"
exits_with 2 "$filter"
exits_with 2 "$filter" --net=abc -- "$TEST_TMP/empty"
exits_with 2 "$filter" --net=3601 -- "$TEST_TMP/empty"
for seconds in 0 3601 -1 1.5 soon ""; do
	exits_with 2 "$filter" "--screen=$seconds" -- "$TEST_TMP/empty"
	grep -qF -- "--screen takes 1 to 3600 seconds, not '$seconds'" "$TEST_TMP/output" || fail "$(cat "$TEST_TMP/output")"
	[ "$(wc -l <"$TEST_TMP/output")" = 1 ] || fail "not one line: $(cat "$TEST_TMP/output")"
done
exits_with 2 "$filter" --pace=banana -- "$TEST_TMP/empty"
exits_with 2 "$filter" --banana -- "$TEST_TMP/empty"
exits_with 0 "$filter" --help
exits_with 0 "$filter" --version
exits_with 0 "$filter" --undo -- "$TEST_TMP/empty" # nothing to undo
no_views || fail "a refusal has left a view"
umount "$TEST_TMP/empty/proc"

# --- it is there once, and goes when told
scene_make
script alpha 01 '# Required-Start:\n'
script netsvc 01 '# Required-Start: $network\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
start_filter
exits_with 3 "$filter" -- "$root"
[ "$(views)" -gt 3 ] || fail "the second start has taken views away"
exits_with 0 "$filter" --undo -- "$root"
no_views || fail "views after --undo"
filter_gone || fail "the guard is there after --undo"
exits_with 0 "$filter" --undo -- "$root"
# A pid file outlives its process: who has that number by now is let alone.
sleep 600 &
innocent=$!
echo "$innocent" >"$state/rcfilter.pid"
exits_with 0 "$filter" --undo -- "$root"
kill -0 "$innocent" || fail "--undo has ended somebody else"
kill "$innocent"
# What the hook's shell has open is not kept open for hours.
start_filter 9<"$TEST_TMP"
! [ "/proc/$(cat "$state/rcfilter.pid")/fd/9" -ef "$TEST_TMP" ] || fail "the guard keeps a folder open"
ask off | grep -qx ok || fail "off is not answered with ok"
expect_gone
start_filter
kill "$(cat "$state/rcfilter.pid")"
expect_gone
start_filter
kill "$(cat "$state/rcfilter-serve.pid")"
expect_gone

# --- tools see the bare directories, and write to them
list_all() { (cd "$root/etc" && find init.d rc?.d -printf '%p %l %m %U:%G %y\n' | sort); }
list_all >"$TEST_TMP/before"
start_filter
list_all | diff "$TEST_TMP/before" - || fail "the views show something else"
[ ! -e "$root/etc/rc2.d/S99nobody" ] || fail "a name that nobody made"
script gamma 01 '# Required-Start: alpha\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
grep -q gamma "$root/etc/init.d/.depend.start" || fail "insserv did not write through the view"
chmod 700 "$root/etc/init.d/gamma"
printf 'text' >"$root/etc/init.d/new.dpkg-new"
mv "$root/etc/init.d/new.dpkg-new" "$root/etc/init.d/new"
ln "$root/etc/init.d/new" "$root/etc/init.d/hard"
mkdir "$root/etc/init.d/folder"
truncate -s 2 "$root/etc/init.d/hard"
touch -d @1000 "$root/etc/init.d/new"
chown 12:34 "$root/etc/init.d/new"
rm -r "$root/etc/init.d/folder"
(cd "$root/etc" && find init.d rc?.d -printf '%p %l %m %U:%G %y %s %n %T@\n' | sort) >"$TEST_TMP/through"
cat "$root"/etc/init.d/{new,gamma} >"$TEST_TMP/through-text"
exits_with 0 "$filter" --undo -- "$root"
(cd "$root/etc" && find init.d rc?.d -printf '%p %l %m %U:%G %y %s %n %T@\n' | sort) |
	diff "$TEST_TMP/through" - || fail "what was written is not on the disk"
cat "$root"/etc/init.d/{new,gamma} | cmp - "$TEST_TMP/through-text" || fail "text"
rm "$root"/etc/init.d/{new,hard}

# --- an administrator's start is never filtered
start_filter
: >"$log"
in_root /etc/init.d/netsvc start || fail "netsvc by hand"
expect_log netsvc

# --- halt, reboot and single-user mode meet no view
for level in 0 6 1; do
	exits_with 0 "$filter" --undo -- "$root"
	mkdir -p "$root/etc/rc$level.d"
	ln -sf ../init.d/alpha "$root/etc/rc$level.d/K01alpha"
	start_filter
	RUNLEVEL=$level PREVLEVEL=2 in_root /etc/init.d/rc $level || true
	until_true no_views
	until_true filter_gone
	rm "$root/etc/rc$level.d/K01alpha"
done

# --- 300 services in one line of .depend.start that startpar cannot read
for i in $(seq 100 399); do
	for_levels=2 script "a-service-with-a-long-name-$i" 01 '# Required-Start:\n'
done
chroot "$root" insserv 2>&1 | grep -v -e warning >&2 || true
[ "$(grep TARGETS "$root/etc/init.d/.depend.start" | wc -c)" -gt 2047 ] || fail "the line is too short"
: >"$log"
start_filter
in_root /etc/init.d/rc 2 || true
until_true no_views
[ "$(grep -c a-service "$log")" = 300 ] || fail "only $(grep -c a-service "$log") of 300 ran"
exits_with 0 "$filter" --undo -- "$root"
until_true filter_gone
rm -f "$root"/etc/init.d/a-service* "$root"/etc/rc2.d/S*a-service*

# --- those who never end, keep their script open, become themselves again, ask another's status
script forever 01 '# Required-Start:\n' 'while [ ! -e /run/log/enough ]; do sleep 0.05; done'
script keeper 01 '# Required-Start:\n' 'exec 3</etc/init.d/keeper
(while [ ! -e /run/log/enough-kept ]; do sleep 0.05; done; echo kept >>/run/log/kept) &'
script again 01 '# Required-Start:\n' 'if [ -z "$AGAIN" ]; then AGAIN=1; export AGAIN; exec /etc/init.d/again start; fi'
script asker 02 '# Required-Start: alpha\n' '/etc/init.d/alpha status; $0 status; /etc/init.d/netsvc start'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
: >"$log"
rm -f "$state/timeline"
start_filter
(
	until_true has_event 'rc.end name=asker'
	touch "$TEST_TMP/enough"
) &
in_root /etc/init.d/rc 2 || true
[ "$(grep -cx again "$log")" = 2 ] || fail "the one that becomes itself ran $(grep -cx again "$log") times"
for name in forever keeper asker alpha netsvc; do # netsvc by asker: nobody filters a script's own start
	grep -qx $name "$log" || fail "$name did not start"
done
until_true no_views
[ -e "$state/rcfilter-serve.pid" ] || fail "the server left a file that is open"
touch "$TEST_TMP/enough-kept"
until_true test -e "$TEST_TMP/kept"
until_true test ! -e "$state/rcfilter-serve.pid"
exits_with 0 "$filter" --undo -- "$root" # netsvc waits for a network

# --- one that takes its time, and one that never ends: who need not wait for them does not, who has
# to does, and what comes late comes behind them. RC_SLOW=600 makes it ten minutes.
rm "$root"/etc/init.d/{forever,keeper,again,asker} "$root"/etc/rc?.d/S*{forever,keeper,again,asker}
script slow 01 '# Required-Start:\n' "sleep ${RC_SLOW:-1}"
script after-slow 02 '# Required-Start: slow\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
: >"$log"
rm -f "$state/timeline"
start_filter
(
	until_true has_event 'rc.end name=alpha'
	net_up
	until_true has_event rc.net-up
) &
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
expect_gone
[ "$(tail -n 2 "$log" | tr '\n' ' ')" = "after-slow netsvc " ] || fail "behind the slow one: $(logged)"
has_event 'rc.end name=slow code=0' || fail "the end of the slow one was not seen"
ip link del cable
script endless 01 '# Required-Start:\n' 'echo $$ >/run/log/endless; exec sleep infinity'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
mkdir -p "$root/etc/rc6.d"
ln -sf ../init.d/stopper "$root/etc/rc6.d/K01stopper"
printf '#!/bin/sh\necho stopper $1 >>/run/log/log\n' >"$root/etc/init.d/stopper"
chmod 755 "$root/etc/init.d/stopper"
printf 'TARGETS = stopper\nINTERACTIVE =\n' >"$root/etc/init.d/.depend.stop"
: >"$log"
rm -f "$state/timeline"
start_filter
in_root /etc/init.d/rc 2 &
rc=$!
until_true grep -qx alpha "$log"
until_true has_event 'rc.start name=endless'
kill -0 $rc || fail "rc did not wait for the endless one, as stock does"
[ "$(views)" -gt 3 ] || fail "the views went before rc has ended"
RUNLEVEL=6 PREVLEVEL=2 in_root /etc/init.d/rc 6 || fail "rc 6 ends with $?"
no_views || fail "views in runlevel 6"
grep -qx 'stopper stop' "$log" || fail "runlevel 6 did not stop anything: $(logged)"
kill "$(cat "$TEST_TMP/endless")"
wait $rc || true
expect_gone
echo ok
