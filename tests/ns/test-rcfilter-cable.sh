#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rc does not wait for a cable that is not there, and who keeps a script open keeps nobody from coming back.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

ip link add cable type veth peer name plug
scene_make
# As ifupdown with dhclient: the interface is up from here on, and it goes on until it has an address.
script networking 01 '# Required-Start:\n' 'ip link set cable up
tries=0
until ip -4 addr show dev cable | grep -q inet; do
	tries=$((tries + 1)) && [ $tries -lt 600 ] || exit 1
	sleep 0.05
done
echo "address ${0##*/}" >>/run/log/log'
script plain 02 '# Required-Start:\n# Should-Start: networking\n'
script netsvc 03 '# Required-Start: $network\n# Should-Start: plain\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true

cable_out() {
	ip link set plug down
	ip link set cable down
	ip addr flush dev cable
}

mode() { # sequential | startpar
	rm -f "$root/etc/init.d/.legacy-bootordering" "$state/timeline"
	[ "$1" = startpar ] || touch "$root/etc/init.d/.legacy-bootordering"
	cable_out
	: >"$log"
}

# The script that was left has ended by itself, and who waited for it has started.
expect_both() {
	expect_gone
	grep -qx "address $entry" "$log" || fail "networking has not ended"
	grep -qx netsvc "$log" || fail "netsvc did not come back"
}

for mode in sequential startpar; do
	entry=networking
	[ $mode = startpar ] || entry=S01networking

	# no cable: rc goes on, the script does too
	mode $mode
	start_filter --pace=off
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?"
	expect_log networking plain
	has_event 'rc.left name=networking why="no carrier"' || fail "$mode: networking was waited for"
	cli explain networking | grep -q 'goes on' || fail "$mode: $(cli explain networking)"
	until_true no_views
	net_up
	expect_both

	# a cable, and an address that comes late: as without the filter
	mode $mode
	ip link set plug up
	start_filter --pace=off
	(
		until_true has_event 'rc.start name=networking'
		until_true sh -c 'ip link show cable up | grep -q LOWER_UP'
		ip addr add 192.0.2.1/24 dev cable
	) &
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?"
	wait $!
	expect_log networking "address $entry" plain netsvc
	! has_event rc.left || fail "$mode: networking was left although it had a cable"
	expect_gone

	# a cable, and nobody who gives out addresses
	mode $mode
	ip link set plug up
	start_filter --pace=off --net=0
	in_root /etc/init.d/rc 2 || fail "$mode: rc ends with $?"
	expect_log networking plain
	has_event 'rc.left name=networking why="no address"' || fail "$mode: networking was waited for"
	net_up
	expect_both
	echo "$mode: ok"
done

# --- how it ends is how the script ends, and a script without input or terminal is no less run
rm "$root"/etc/init.d/networking "$root"/etc/rc?.d/S*networking
script networking 01 '# Required-Start:\n' 'read -r line; echo "read:$line" >>/run/log/log; exit 3'
script victim 02 '# Required-Start: networking\n'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
mode sequential
start_filter --pace=off
in_root /bin/sh -c 'exec 0<&-; exec /etc/init.d/rc 2' || fail "rc ends with $?"
has_event 'rc.end name=networking code=3' || fail "how networking ended was not seen"
expect_log networking read: plain
ask off >"$TEST_TMP/output"
expect_gone
echo "as its script: ok"

# --- a script that somebody has open for good
rm "$root"/etc/init.d/{networking,victim} "$root"/etc/rc?.d/S*{networking,victim}
script keeper 01 '# Required-Start:\n' 'exec 3</etc/init.d/keeper
(while [ ! -e /run/log/enough ]; do sleep 0.05; done) &'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
mode startpar
rm -f "$TEST_TMP/enough"
start_filter --pace=off
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
until_true no_views
[ -e "$state/rcfilter-serve.pid" ] || fail "nobody has a script open"
net_up
until_true grep -qx netsvc "$log"
touch "$TEST_TMP/enough"
until_true filter_gone
echo "kept open: ok"

# --- nobody comes back into a machine that is going down
rm "$root"/etc/init.d/{plain,netsvc} "$root"/etc/rc?.d/S*{plain,netsvc}
script netsvc 02 '# Required-Start: $network\n'
script slow 03 '# Required-Start:\n# Should-Start: netsvc\n' 'tries=0
until grep -q rc.detached /run/initfs/timeline; do
	tries=$((tries + 1)) && [ $tries -lt 600 ] || exit 1
	sleep 0.05
done'
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
mkdir -p "$root/etc/rc6.d"
ln -sf ../init.d/slow "$root/etc/rc6.d/K01slow"
mode startpar
start_filter --pace=off
(
	until_true has_event 'rc.start name=slow'
	RUNLEVEL=6 PREVLEVEL=2 in_root /etc/init.d/rc 6
	net_up
) &
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
wait $!
until_true filter_gone
has_event 'rc.aside name=netsvc' || fail "netsvc did not step aside"
has_event 'rc.detached' || fail "the views were not taken away"
! grep -qx netsvc "$log" || fail "netsvc was started on the way to runlevel 6"
echo "going down: ok"
