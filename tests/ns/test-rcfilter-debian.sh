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

without() { # NAME...: the stock sequence without them
	local name
	for name in $stock; do
		case " $* " in *" $name "*) ;; *) printf '%s ' "$name" ;; esac
	done | sed 's/ $//'
}

in_order() { # NAME...: do they stand in the log in this order?
	local name last=0 line
	for name; do
		line=$(grep -nx "$name" "$log" | cut -d: -f1 | head -n 1)
		[ "${line:-0}" -gt "$last" ] || return 1
		last=$line
	done
}

for mode in sequential startpar; do
	run_rc $mode
	[ "$mode" = startpar ] || stock=$(logged)
	# What rc prints when nobody steps aside: in the order of startpar, which is not always the same.
	sed '/broken/d' "$TEST_TMP/output" | sort >"$TEST_TMP/stock-$mode"
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
	# The rest in its order: all of it where one follows the other, else what is behind something.
	[ $mode = startpar ] || [ "$(logged)" = "$(without netsvc delta epsilon victim)" ] ||
		fail "the order of the rest: $(logged), stock: $stock"
	in_order alpha beta broken zeta || fail "$mode: the order of the rest: $(logged)"
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
	in_order alpha netsvc delta epsilon || fail "$mode: order: $(logged)"
	in_order alpha beta broken victim zeta || fail "$mode: order: $(logged)"
	sort "$TEST_TMP/output" | diff "$TEST_TMP/stock-$mode" - || fail "$mode: another output than stock"
	sed -i 's/^:$/exit 3/' "$root/etc/init.d/broken"
	ip link del cable
	rm -f "$state/timeline"
	echo "$mode: ok"
done

# --- rcS: what mounts remote file systems waits for nobody without a network, and comes in runlevel 2
echo 'server:/export /mnt nfs defaults 0 0' >"$root/etc/fstab"
rm -f "$root"/etc/init.d/{alpha,netsvc,beta,delta,epsilon,soft,broken,victim,zeta} "$root"/etc/rc?.d/S*
for_levels=S
script mountall.sh 01 '# Required-Start:\n'
script mountnfs 02 '# Required-Start: mountall.sh\n# Should-Start: $network\n'
script bootmisc 03 '# Required-Start: $remote_fs\n'
for_levels="2 3 4 5"
script alpha 01 '# Required-Start:\n'
for mode in sequential startpar; do
	rm -f "$root/etc/init.d/.legacy-bootordering"
	[ $mode = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
	: >"$log"
	: >"$TEST_TMP/output"
	start_filter --pace=off
	RUNLEVEL=S in_root /etc/init.d/rcS || fail "$mode: rcS ends with $?"
	[ "$(logged)" = mountall.sh ] || fail "$mode: rcS started $(logged)"
	expect_output 'mountnfs stepped aside: it requires the network for remote file systems of fstab'
	[ "$(views)" -ge 4 ] || fail "$mode: the views went with rcS"
	net_up
	until_true has_event rc.net-up
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?"
	expect_gone
	in_order mountall.sh alpha mountnfs bootmisc || fail "$mode: $(logged)"
	ip link del cable
	rm -f "$state/timeline"
	echo "$mode, rcS: ok"
done

# --- by option only a default route makes a network
: >"$root/etc/fstab"
script netsvc 02 '# Required-Start: $network alpha\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
net_up
: >"$log"
start_filter --pace=off --net=0,route
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
until_true no_views
expect_log alpha
ip route add default via 192.0.2.254 dev cable
expect_gone
expect_log alpha netsvc
ip route del default
ip -6 addr add 2001:db8::1/64 dev cable nodad
ip -6 route add default via 2001:db8::2 dev cable
: >"$log"
start_filter --pace=off --net=0,route
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
expect_gone
expect_log alpha netsvc
echo "route: ok"
