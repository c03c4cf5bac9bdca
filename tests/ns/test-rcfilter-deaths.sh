#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The serving process is killed at its system calls, from rc's first look to its end: each script runs.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

# RC_POINTS=N: at how many of the calls, in each mode; "all": at each of them. INITFS_SEED chooses.
points=${RC_POINTS:-12}
seed=${INITFS_SEED:-$RANDOM}
tracer=$INITFS_BUILD/tests/lib/at-syscall

scene_make
# Before Linux 6.5 a script may start past the filter when its server dies; not all of a longer rc does.
names="first second third"
script first 01 '# Required-Start:\n' 'sleep 0.05; echo first-end >>/run/log/log'
script second 02 '# Required-Start: first\n' 'sleep 0.05; echo second-end >>/run/log/log'
script third 03 '# Required-Start: second\n' 'sleep 0.05; echo third-end >>/run/log/log'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true

is_traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$1/status"; }

# boot OPTION...: an rc under a server that is traced with these options
boot() {
	local served
	: >"$log"
	: >"$TEST_TMP/output"
	rm -f "$state/timeline"
	start_filter --pace=off
	served=$(cat "$state/rcfilter-serve.pid")
	"$tracer" "$@" --pid="$served" 2>>"$TEST_TMP/tracer" &
	until_true is_traced "$served"
	in_root /etc/init.d/rc 2 || fail "rc ends with $?, $mode, $*"
	wait $! || traced=$?
	expect_gone
}

for mode in sequential startpar; do
	rm -f "$root/etc/init.d/.legacy-bootordering"
	[ $mode = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	boot --list="$TEST_TMP/calls"
	count=$(wc -l <"$TEST_TMP/calls")
	[ "$count" -gt 100 ] || fail "$mode: only $count calls"
	if [ "$points" = all ]; then
		chosen=$(seq "$count")
	else
		chosen=$(shuf -i "1-$count" -n "$points" --random-source=<(yes "$seed"))
	fi
	died=0
	again=0
	for at in $chosen; do
		traced=0
		boot --kill="$at"
		[ $traced = 124 ] || died=$((died + 1)) # 124: this time it had less to do
		for name in $names; do
			grep -qx "$name-end" "$log" || fail "$mode, seed $seed: $name did not run, killed at call $at of $count"
		done
		[ "$(wc -l <"$log")" -le 6 ] || again=$((again + 1))
	done
	[ "$died" -gt 0 ] || fail "$mode: it was never killed"
	echo "$mode: $count calls; killed at $died of them, in $again a script ran twice"
done
