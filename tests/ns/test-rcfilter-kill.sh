#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The serving process is killed before, in and after every script: each runs, and rc ends.
# shellcheck disable=SC2016 # words of a header are not the shell's
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
names="a b c d e"
# A script stands still in its middle, when the test wants to do something there.
middle='if [ "$(cat /run/log/stop)" = ${0##*/} ]; then touch /run/log/stopped; while [ -e /run/log/stopped ]; do sleep 0.02; done; fi'
previous=
number=0
for name in $names; do
	number=$((number + 1))
	script "$name" 0$number "# Required-Start: $previous\n" \
		"${middle//'${0##*/}'/$name}
echo $name-end >>/run/log/log"
	previous=$name
done
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
deaths() { [ "$(grep -c rc.again "$state/timeline")" -ge "$1" ]; }
served() { cat "$state/rcfilter-serve.pid"; }

# Every name has begun and ended; once is enough, again is allowed after a death.
check_all() { # WHAT
	local name
	expect_gone
	for name in $names; do
		grep -qx "$name" "$log" || fail "$1: $name did not start"
		grep -qx "$name-end" "$log" || fail "$1: $name did not end"
	done
	rm -f "$state/timeline"
}

for mode in sequential startpar; do
	rm -f "$root/etc/init.d/.legacy-bootordering"
	[ $mode = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"

	: >"$log"
	echo none >"$TEST_TMP/stop"
	start_filter --pace=off
	kill -9 "$(served)"
	until_true has_event rc.again
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?"
	check_all "$mode, killed before"

	for name in $names; do
		: >"$log"
		rm -f "$TEST_TMP/stopped"
		echo "$name" >"$TEST_TMP/stop"
		start_filter --pace=off
		(
			until_true test -e "$TEST_TMP/stopped"
			kill -9 "$(served)"
			until_true has_event rc.again
			echo none >"$TEST_TMP/stop"
			rm "$TEST_TMP/stopped"
		) &
		in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?, killed in $name"
		wait $!
		check_all "$mode, killed in $name"
	done

	# At any time, but for the instant in which the runner reads its list: as many deaths as the
	# guard forgives.
	: >"$log"
	echo none >"$TEST_TMP/stop"
	start_filter --pace=off
	(
		until_true test -s "$log"
		for i in 1 2 3 4; do
			kill -9 "$(served)" 2>/dev/null || true
			until_true deaths $i
		done
	) 2>/dev/null &
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?, killed often"
	kill $! 2>/dev/null || true
	check_all "$mode, killed often"

	# One death too many: the directories as they are on disk, and everybody starts.
	: >"$log"
	start_filter --pace=off
	for i in 1 2 3 4 5 6; do
		until_true test -e "$state/rcfilter-serve.pid"
		pid=$(served)
		kill -9 "$pid" 2>/dev/null || true
		until_true grep -q -e "rc.gave-up" -e "rc.again pid=.*" "$state/timeline"
		[ $i = 6 ] || until_true deaths $i
	done
	until_true no_views
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?, given up"
	for name in $names; do
		grep -qx "$name-end" "$log" || fail "$mode, given up: $name did not end"
	done
	until_true filter_gone
	rm -f "$state/timeline"

	# The guard: its child goes on alone, and ends alone.
	: >"$log"
	start_filter --pace=off
	kill -9 "$(cat "$state/rcfilter.pid")"
	rm "$state/rcfilter.pid"
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?, without a guard"
	check_all "$mode, without a guard"
	echo "$mode: ok"
done

# Without a guard, what is aside when rc has ended comes back all the same.
script netsvc 06 '# Required-Start: $network\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
: >"$log"
start_filter --pace=off
kill -9 "$(cat "$state/rcfilter.pid")"
in_root /etc/init.d/rc 2 || fail "rc ends with $?, without a guard and a network"
until_true no_views
! grep -qx netsvc "$log" || fail "netsvc started without a network"
until_true test -S "$state/rcfilter.sock"
[ "$(cat "$state/rcfilter.pid")" = "$(cat "$state/rcfilter-serve.pid")" ] || fail "nobody waits"
net_up
expect_gone
grep -qx netsvc "$log" || fail "netsvc did not come back without a guard"
