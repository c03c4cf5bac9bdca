#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds: for the screen and for the disk, two at a time, bounded, not for what the screen needs; the check of
# the disk for a screen that comes first; and a long one stops neither the directory nor a signal.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
# A kernel without PSI has no such folder, and nothing to be told in it.
psi=
[ ! -d "$root/proc/pressure" ] || psi=yes
[ -z "$psi" ] || mount -t tmpfs pressure "$root/proc/pressure"
script base 01 '# Required-Start:\n'
script lightdm 02 '# Required-Start: base\n'
for name in one two three four five; do
	script $name 02 '# Required-Start:\n'
done
chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
names="base five four lightdm one three two"

pressure() { # PERCENT
	[ -z "$psi" ] || echo "some avg10=$1.00 avg60=0.00 avg300=0.00 total=1" >"$root/proc/pressure/io"
}

boot() { # OPTION...
	rm -f "$state/timeline" "$state/rcfilter.services"
	mkdir -p "$state"
	: >"$log"
	[ -z "${screen-}" ] || echo "1.000000 early.start name=greeter pid=1" >"$state/timeline"
	start_filter "$@"
	in_root /etc/init.d/rc 2 || fail "rc ends with $?"
	expect_gone
	[ "$(sort "$log" | tr '\n' ' ')" = "$names " ] || fail "not everybody ran: $(logged)"
}

held() { # REASON: how many were held
	grep -c "rc.hold .*why=$1\$" "$state/timeline" || true
}
expect_held_of() { # NAME REASON
	grep -q "rc.hold name=$1 why=$2" "$state/timeline" || fail "$1 was not held"
	cli explain "$1" | grep -q 'it was held for ' || fail "the hold of $1 is not told: $(cli explain "$1")"
}

# The screen: at most two are held, so that startpar has places for what the screen needs.
screen=yes
boot --pace=gui
[ "$(held screen)" -ge 2 ] || fail "nobody was held for the screen"
! grep -E 'rc.hold name=(base|lightdm) ' "$state/timeline" || fail "what the screen needs was held"
first=$(sed -n 's/.* rc.hold name=\([a-z]*\) .*/\1/p' "$state/timeline" | head -n 1)
expect_held_of "$first" screen
cli services --json | /usr/bin/python3 -c 'import json, sys
held = [float(x["held"]) for x in json.load(sys.stdin) if x["held"]]
assert len(held) >= 2 and sum(held) > 2, held' || fail "services --json does not tell the holds"
# How many are held at the same time, by the order in which the record has their holds and starts.
awk '/ rc.hold / { split($3, n, "="); if (!(n[2] in h)) { h[n[2]]; now++ } }
	/ rc.start / { split($3, n, "="); if (n[2] in h) { delete h[n[2]]; now-- } }
	now > 2 { exit 1 }' "$state/timeline" || fail "more than two were held at the same time"

# It is there already, or will not come: nobody waits.
for word in ready late gave-up exit; do
	rm -f "$state/timeline"
	printf '1.000000 early.start name=greeter pid=1\n2.000000 early.%s name=greeter\n' $word >"$state/before"
	screen=
	cp "$state/before" "$state/timeline"
	start_filter --pace=gui
	: >"$log"
	in_root /etc/init.d/rc 2 || true
	expect_gone
	[ "$(held screen)" = 0 ] || fail "held although the screen is $word"
done

# The disk, by PSI.
if [ -n "$psi" ]; then
	pressure 80
	boot --pace=io
	[ "$(held disk)" -ge 2 ] || fail "nobody was held for the disk"
fi
pressure 10
boot --pace=io
[ "$(held disk)" = 0 ] || fail "held although the disk has time"
boot --pace=gui
[ "$(held disk)" = 0 ] || fail "held for the disk, and nobody has asked for that"

# Without PSI: the disk's own figures. One that is at work all the time, by a hundred times what time
# there is, so that a late writer does not count…
rm -f "$root/proc/pressure/io"
: >"$TEST_TMP/diskstats"
mount --bind "$TEST_TMP/diskstats" "$root/proc/diskstats"
(
	while sleep 0.01; do
		read -r up _ </proc/uptime
		printf ' 254 0 vda 1 2 3 4 5 6 7 8 0 %012d 9 0 0 0 0 1 2\n' $((10#${up/./} * 1000)) \
			1<>"$TEST_TMP/diskstats"
	done
) &
disk=$!
until_true test -s "$TEST_TMP/diskstats"
# The first look has nothing to compare with: base ends when the disk has worked for a while.
cat >"$TEST_TMP/until-worked" <<-'END'
	worked() { set -- $(cat /proc/diskstats); echo "${13}" | sed 's/^0*//'; }
	before=$(worked)
	while [ "$(worked)" -lt $((before + 30000)) ]; do sleep 0.02; done
END
cp "$root/etc/init.d/base" "$TEST_TMP/base"
sed -i 's/^echo base.*/&; . \/run\/log\/until-worked/' "$root/etc/init.d/base"
boot --pace=io
[ "$(held disk)" -ge 1 ] || fail "not held for a busy disk without PSI"
cp "$TEST_TMP/base" "$root/etc/init.d/base"
kill $disk
wait $disk 2>/dev/null || true
# …and one that is not.
boot --pace=io
[ "$(held disk)" = 0 ] || fail "held without PSI although the disk has time"
umount "$root/proc/diskstats"

# Sequential: a hold would be one of everybody.
touch "$root/etc/init.d/.legacy-bootordering"
pressure 80
screen=yes
boot --pace=gui,io
[ "$(held .*)" = 0 ] || fail "held in sequential mode"
screen=

# Beside a screen that comes first the check of the disk is held: until that ends, or its time has passed, or
# there is nobody any more who would say that it ends.
script checkroot.sh 01 '# Required-Start:\n'
checks_after() { # SECONDS COMMAND...
	rm -f "$state/timeline"
	echo "1.000000 share.begin" >"$state/timeline"
	sleep 1000 &
	supervisor=$!
	echo "$supervisor" >"$state/supervise.pid"
	start_filter --pace=gui --screen="$1"
	shift
	in_root /etc/init.d/rc 2 &
	rc=$!
	until_true grep -q 'rc.hold name=checkroot.sh why=screen$' "$state/timeline"
	"$@"
	until_true grep -q 'rc.start name=checkroot.sh$' "$state/timeline"
	wait $rc || fail "rc ends with $?"
	expect_gone
	kill $supervisor 2>/dev/null || true
	rm "$state/supervise.pid"
}
no_longer_first() { echo "2.000000 share.end why=still" >>"$state/timeline"; }
supervisor_dies() {
	kill -KILL $supervisor
	wait $supervisor 2>/dev/null || true
}
checks_after 3600 no_longer_first
checks_after 1 :
checks_after 3600 supervisor_dies
rm "$root"/etc/rc?.d/S01checkroot.sh "$root/etc/init.d/checkroot.sh"

# The late slot waits for a network that is coming, here for ten minutes: long enough to look at
# twelve starts that wait. The directory answers, and so do they, to a signal.
script netsvc 03 '# Required-Start: $network\n'
cat >"$root/etc/init.d/rc.sysvinit" <<-'END'
	#!/bin/sh
	/etc/rc2.d/S03netsvc start
	ls /etc/rc2.d/ >/dev/null
	i=0
	while [ $i -lt 12 ]; do
		/etc/rc2.d/S99initfs-late start &
		echo $! >>/run/log/waiting
		i=$((i + 1))
	done
	touch /run/log/all-wait
	wait
END
chmod 755 "$root/etc/init.d/rc.sysvinit"
net_up
ip addr flush dev cable
rm -f "$state/timeline" "$TEST_TMP/waiting"
start_filter --net=600 --pace=off
in_root /etc/init.d/rc.sysvinit &
rc=$!
until_true test -e "$TEST_TMP/all-wait"
still_wait() { # how many of them have not become their script: their name is still the runner's
	local pid n=0
	while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != rc.sysvinit ] || n=$((n + 1))
	done <"$TEST_TMP/waiting"
	[ $n = "$1" ]
}
until_true still_wait 12
ls -l "$root/etc/init.d" "$root/etc/rc2.d" >"$TEST_TMP/listing"
grep -q netsvc "$TEST_TMP/listing" || fail "no list of the directory while starts wait"
cat "$root/etc/init.d/netsvc" >/dev/null
in_root /etc/init.d/base start || fail "an administrator's start waits with them"
still_wait 12 || fail "they do not wait any more"
kill -TERM "$(sed -n 1p "$TEST_TMP/waiting")"
kill -KILL "$(sed -n 2p "$TEST_TMP/waiting")"
until_true still_wait 10
ip addr add 192.0.2.1/24 dev cable
wait $rc || true
grep -qx netsvc "$log" || fail "netsvc did not come back"
ask off >/dev/null || true
expect_gone
echo ok
