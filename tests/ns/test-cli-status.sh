#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# initfs status tells the phase, the layers with their RAM, who holds them, and what was started early.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

initfs=${INITFS_BUILD:?}/initfs
# it looks at /run/initfs: this namespace gets the pretended root's /run
mount --rbind "$root/run" /run
timeline=/run/initfs/timeline

status() {
	"$initfs" status >"$tmp/status" 2>&1 || fail "status failed: $(cat "$tmp/status")"
}
says() {
	grep -qE -- "$1" "$tmp/status" || fail "it does not say '$1': $(cat "$tmp/status")"
}
says_not() {
	! grep -qE -- "$1" "$tmp/status" || fail "it says '$1': $(cat "$tmp/status")"
}

# nothing of ours
rm -r /run/initfs
status
[ "$(cat "$tmp/status")" = "phase    stock boot: initfs takes no part in it" ] || fail "$(cat "$tmp/status")"
mkdir /run/initfs
echo '1.000000 boot.stock why="no overlayfs in the kernel"' >"$timeline"
status
says '^phase    stock boot: .* \(no overlayfs in the kernel\)$'

# layers as initfs-overlay makes them
mkdir -m 0700 /run/initfs/ram /run/initfs/layer
mount -t tmpfs -o size=8m initfs /run/initfs/ram
mkdir -p /run/initfs/ram/0/upper/log /run/initfs/ram/0/work /run/initfs/layer/0
mount -t overlay -o "xino=on,lowerdir=$root/var,upperdir=/run/initfs/ram/0/upper,workdir=/run/initfs/ram/0/work" \
	initfs /run/initfs/layer/0 || {
	echo "skipped: no overlayfs here"
	exit 77
}
printf '0\t/var\n' >/run/initfs/layers
cat >"$timeline" <<'EVENTS'
1.000000 overlay.up dirs=/var size=50%
2.000000 early.start name=rsyslog pid=4242
2.250000 early.ready name=rsyslog
2.300000 early.skipped name=lightdm why="no device /dev/dri/card*"
EVENTS
head -c 1048576 /dev/zero >/run/initfs/layer/0/log/big
echo 'initfs: wait' >/run/nologin
cp /bin/sleep /run/initfs/layer/0/program

# a descriptor, a mapping (the program), a working directory
sh -c 'exec 7>>/run/initfs/layer/0/log/open; cd /run/initfs/layer/0/log; exec ../program 1000' &
holder=$!
within 10 sh -c "readlink /proc/$holder/exe | grep -q program"
status
says '^phase    early: '
says '^layers   /var  [0-9]+ names, 1\.[0-9] MiB in RAM$'
says '^merge    not begun; no initfs-merge is running$'
says '^early    rsyslog      ready since 2.250 s, pid 4242$'
says '^         lightdm      skipped: no device /dev/dri/card\*$'
says '^         \(no initfs-supervise is running'
says '^logins   wait: initfs: wait$'
says "$holder program  fd 7  /run/initfs/layer/0/log/open$"
says "$holder program  cwd  /run/initfs/layer/0/log$"
says "$holder program  program  /run/initfs/layer/0/program$"
says_not '^view'
[ "$(grep -c "$holder program" "$tmp/status")" = 3 ] || fail "told twice: $(cat "$tmp/status")"

# a merge that fails, one under way, one that is done
echo '3.000000 merge.refused step="check the space"' >>"$timeline"
status
says '^phase    early: the merge could not be done'
says '^merge    failed at 3.000 s: check the space'
echo '4.000000 merge.wake' >>"$timeline"
echo $$ >/run/initfs/merge.pid
status
says '^phase    merging: '
says '^merge    under way at 4.000 s$'
kill "$holder"
wait "$holder" 2>/dev/null
umount /run/initfs/layer/0 || fail "status keeps the layer busy"
umount /run/initfs/ram || fail "status keeps the RAM busy"
rm /run/initfs/layers /run/nologin
printf '%s\n' '5.000000 merge.unsealed pause_us=8300' '5.500000 merge.done names=12 bytes=3456' \
	'6.000000 early.exit name=rsyslog status=0' >>"$timeline"
status
says '^phase    disk: '
says '^merge    done at 5.500 s, 12 names, 3456 bytes, programs waited 8300 us$'
says '^early    rsyslog      ended at 6.000 s, status 0$'
says_not 'layers|held by|logins'

# parts of the view that wait for a socket to be closed, and one that does not wait any more
printf '%s\n' '7.000000 socket.kept dir=/tmp/agent names=agent.1,agent.2' \
	'7.000000 socket.kept dir=/tmp/top names=top' '7.500000 socket.gone dir=/tmp/top' >>"$timeline"
status
says '^waits    /tmp/agent  in use: agent.1,agent.2$'
says_not '/tmp/top'

# what was in RAM and on the disk; the second attempt says what is true
printf '%s\n' '7.600000 merge.apart name=/var/log/a as=a.initfs-early' \
	'7.700000 merge.joined name=/var/log/syslog' \
	'7.800000 merge.apart name=/var/log/a as=a.initfs-early.1' >>"$timeline"
status
says '^both     /var/log/syslog  joined with the log of the disk$'
says '^         /var/log/a  the early one is now a.initfs-early.1$'
says_not 'initfs-early$'

# a terminal does not obey what a file name says
printf '7.000000 early.skipped name=x why="\\x1b[31mred"\n' >>"$timeline"
status
says 'skipped: \?\[31mred$'
exit 0
