#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What makes a network, and what headers, overrides and facilities say of who needs one; stopping is never filtered.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make

order() { chroot "$root" insserv 2>&1 | grep -v warning >&2 || true; }

boot() {
	: >"$log"
	: >"$TEST_TMP/output"
	rm -f "$state/timeline"
	start_filter --pace=off --net=0
	in_root /etc/init.d/rc 2 || fail "rc ends with $?"
	until_true no_views
	[ ! -e "$state/rcfilter.sock" ] || ask off >/dev/null || true
	expect_gone
}

# --- an address counts that others can reach, on an interface with a carrier
script plain 01 '# Required-Start:\n'
script netsvc 02 '# Required-Start: $network plain\n'
order
expect_network() { # yes|no WHAT
	boot
	if [ "$1" = yes ]; then
		expect_log plain netsvc
	else
		expect_log plain
		has_event 'rc.aside name=netsvc' || fail "netsvc did not step aside: $2"
	fi
	echo "$2: $1"
}
ip link set lo up
ip addr add 192.0.2.7/32 dev lo
expect_network no "an address of lo"
ip link add cable type veth peer name plug
ip addr add 192.0.2.1/24 dev cable
expect_network no "an interface that is down"
ip link set cable up
expect_network no "no carrier"
ip addr flush dev cable
ip link set plug up
expect_network no "a carrier, and no address but a link-local one"
ip addr add 169.254.3.4/16 dev cable
expect_network no "169.254.0.0/16"
ip -6 addr add 2001:db8::1/64 dev cable nodad
expect_network yes "IPv6"
ip -6 addr flush dev cable
ip addr add 192.0.2.1/24 dev cable
expect_network yes "IPv4"

# --- when it goes away nobody is stopped
sed -i '/^\[ "\$1" = start \]/d; s/^echo netsvc/& $1/' "$root/etc/init.d/netsvc"
: >"$log"
start_filter --pace=off
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
ip link del cable
expect_gone
expect_log plain netsvc start
echo "it goes away: ok"

# --- headers
script shared 02 '# Required-Start:\n'
script admins 02 '# Required-Start: $network\n'
script gate 02 '# Required-Start:\n' 'exit 1'
script portal 03 '# Required-Start: $portal\n'
script soft 03 '# Required-Start: $weak\n'
script parallel 03 '# Required-Start:\n# X-Parallel-Requires: $network\n'
script parallel2 03 '# Required-Start:\n# Should-Start: gate\n# X-Parallel-Requires: gate\n'
script bare 02 ''
printf '#!/bin/sh\n# chkconfig: 2345 90 10\n# description: order only\necho bare >>/run/log/log\n' \
	>"$root/etc/init.d/bare"
mkdir -p "$root/usr/share/insserv/overrides" "$root/etc/insserv/overrides" "$root/etc/insserv.conf.d"
override() { # NAME DIRECTORY WORDS
	printf '### BEGIN INIT INFO\n# Provides: %s\n# Required-Start: %s\n# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop:\n### END INIT INFO\n' \
		"$1" "$3" >"$root/$2/insserv/overrides/$1"
}
override shared usr/share '$network'
override admins usr/share '$network'
override admins etc ''
echo '$portal gate' >"$root/etc/insserv.conf.d/portal"
echo '$weak +gate' >"$root/etc/insserv.conf.d/weak"
order
boot
for name in plain admins gate soft bare; do
	grep -qx "$name" "$log" || fail "$name did not start"
done
for name in shared portal parallel parallel2; do
	! grep -qx "$name" "$log" || fail "$name started"
	has_event "rc.aside name=$name " || fail "$name did not step aside"
done
expect_output 'shared stepped aside: it requires $network'
expect_output 'portal stepped aside: it requires gate, which has failed'
expect_output 'parallel2 stepped aside: it requires gate, which has failed'
echo "headers: ok"

# --- initfs rc off, in the middle: from there on it is as without the filter
rm -f "$root"/etc/init.d/{shared,admins,gate,portal,soft,parallel,parallel2,bare} \
	"$root"/etc/insserv/overrides/* "$root"/usr/share/insserv/overrides/* "$root"/etc/insserv.conf.d/*
find "$root"/etc/rc?.d -xtype l -delete
script slow 02 '# Required-Start: plain\n' 'touch /run/log/slow; while [ ! -e /run/log/go ]; do sleep 0.05; done'
script later 03 '# Required-Start: slow $network\n'
order
rm -f "$TEST_TMP/slow" "$TEST_TMP/go"
: >"$log"
start_filter --pace=off
(
	until_true test -e "$TEST_TMP/slow"
	cli rc off || fail "initfs rc off ends with $?"
	no_views || fail "views after initfs rc off"
	touch "$TEST_TMP/go"
) &
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
wait $! || exit 1
expect_gone
grep -qx later "$log" || fail "later did not start although the filter was off"
echo "off: ok"

# --- a change of the runlevel stops what it stops, also what steps aside at its start
sed -i '/^\[ "\$1" = start \]/d; s/^echo [a-z]*/& $1/' "$root"/etc/init.d/{plain,later}
rm -f "$root"/etc/rc3.d/S??{plain,later} "$root/etc/init.d/.depend.stop"
ln -s ../init.d/plain "$root/etc/rc3.d/K01plain"
ln -s ../init.d/later "$root/etc/rc3.d/K02later"
touch "$TEST_TMP/go"
for mode in sequential startpar; do
	rm -f "$root/etc/init.d/.legacy-bootordering" "$state/timeline"
	[ $mode = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	if [ $mode = startpar ]; then
		printf 'TARGETS = plain later\nINTERACTIVE =\nlater: plain\n' >"$root/etc/init.d/.depend.stop"
	fi
	: >"$log"
	start_filter --pace=off
	RUNLEVEL=3 PREVLEVEL=2 in_root /etc/init.d/rc 3 || fail "$mode: rc 3 ends with $?"
	until_true no_views
	ask off >/dev/null 2>&1 || true
	expect_gone
	[ "$(grep stop "$log" | tr '\n' ' ')" = "plain stop later stop " ] || fail "$mode: stopped: $(logged)"
	! grep -q 'start' "$log" || fail "$mode: started: $(logged)"
	! has_event 'rc.aside name=plain' || fail "$mode: a stop stepped aside"
	echo "$mode, runlevel 3: ok"
done
