#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own rc, sequential and with startpar: aside without a network, back with it, order kept.
# shellcheck disable=SC2016 # words of a header are not the shell's
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
script alpha 01 '# Required-Start:\n'
script netsvc 02 '# Required-Start: $network alpha\n'
script beta 02 '# Required-Start: alpha\n'
script delta 03 '# Required-Start: netsvc\n'
script epsilon 04 '# Required-Start: delta\n'
script soft 04 '# Required-Start:\n# Should-Start: delta\n'
script broken 04 '# Required-Start: beta\n' 'exit 3'
script victim 05 '# Required-Start: broken\n'
script zeta 05 '# Required-Start: $remote_fs\n# Should-Start: victim soft beta\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
[ -s "$root/etc/init.d/.depend.start" ] || fail "insserv has made no .depend.start"

run_rc() { # MODE
	: >"$log"
	: >"$TEST_TMP/output"
	rm -f "$root/etc/init.d/.legacy-bootordering"
	[ "$1" = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	in_root /etc/init.d/rc 2 || true
}

at_place() { # NAME: is it in the log?
	grep -qx "$1" "$log"
}

for mode in sequential startpar; do
	run_rc $mode
	[ "$mode" = startpar ] || stock=$(logged)
	count=$(wc -l <"$log")
	[ "$count" = 9 ] || fail "$mode: stock started $count"

	# No network, and broken fails.
	start_filter --pace=off
	[ "$(views)" -ge 4 ] || fail "$mode: only $(views) views"
	run_rc $mode
	for name in alpha beta soft broken zeta; do
		at_place $name || fail "$mode: $name did not start"
	done
	for name in netsvc delta epsilon victim; do
		! at_place $name || fail "$mode: $name started"
	done
	expect_output '[info] netsvc stepped aside: it requires $network'
	expect_output '[info] delta stepped aside: it requires netsvc'
	expect_output '[info] victim stepped aside: it requires broken, which has failed'
	if [ $mode = startpar ] && grep -q 'failed' <(grep -v 'stepped aside' "$TEST_TMP/output") ; then
		grep -q 'broken' "$TEST_TMP/output" || fail "startpar names others than broken"
	fi
	until_true no_views
	has_event 'rc.detached' || fail "$mode: not detached"
	[ -e "$state/rcfilter.pid" ] || fail "$mode: nobody waits for the network"
	until_true test -S "$state/rcfilter.sock"
	ask explain netsvc | grep -q 'ok netsvc stepped aside' || fail "$mode: explain"
	cli explain netsvc | grep -q '^netsvc stepped aside' || fail "$mode: initfs explain"
	cli services | grep -q '^victim  *aside .* broken, which has failed$' || fail "$mode: services"
	cli services --json | /usr/bin/python3 -c 'import json, sys
s = {x["name"]: x for x in json.load(sys.stdin)}
assert s["broken"]["code"] == 3 and s["netsvc"]["begun"] is None and s["alpha"]["state"] == "ran"' ||
		fail "$mode: services --json"
	! cli explain nobody 2>/dev/null || fail "$mode: explain nobody"

	# A cable comes after rc.
	: >"$log"
	net_up
	expect_gone
	expect_log netsvc delta epsilon
	ip link del cable
	rm -f "$state/timeline"

	# The network comes while rc runs: the late slot.
	sed -i 's/^echo zeta/touch \/run\/log\/cable; while [ ! -e \/run\/log\/plugged ]; do sleep 0.02; done; &/' \
		"$root/etc/init.d/zeta"
	rm -f "$TEST_TMP/cable" "$TEST_TMP/plugged"
	start_filter --pace=off
	(
		until_true test -e "$TEST_TMP/cable"
		net_up
		until_true has_event rc.net-up
		touch "$TEST_TMP/plugged"
	) &
	run_rc $mode
	expect_gone
	[ "$(tail -n 3 "$log" | tr '\n' ' ')" = "netsvc delta epsilon " ] ||
		fail "$mode: the late slot started: $(logged)"
	has_event 'rc.back name=epsilon' || fail "$mode: epsilon is not noted as back"
	! at_place victim || fail "$mode: victim started"
	sed -i 's/^touch.*; echo zeta/echo zeta/' "$root/etc/init.d/zeta"

	# Nothing to do: the same sequence as without us.
	sed -i 's/^exit 3$/:/' "$root/etc/init.d/broken"
	start_filter --pace=off
	run_rc $mode
	expect_gone
	[ $mode = startpar ] || [ "$(logged)" = "$stock" ] || fail "order: $(logged), stock: $stock"
	[ "$(sort "$log" | tr '\n' ' ')" = "alpha beta broken delta epsilon netsvc soft victim zeta " ] ||
		fail "$mode: started $(logged)"
	! grep -q aside "$TEST_TMP/output" || fail "$mode: somebody stepped aside"
	sed -i 's/^:$/exit 3/' "$root/etc/init.d/broken"
	ip link del cable
	rm -f "$state/timeline"
	echo "$mode: ok"
done
