#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen that comes first for the processors is not waited for; one that cannot is, and the reason is written down.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

comes=$root/run/initfs/screen-comes
entry lightdm Kind=screen 'Exec=/srv/daemon lightdm' Ready=path:/run/lightdm.is-ready ReadyBound=60
mkdir -p "$root/etc/init.d"

# Who mounts cgroup v1 needs the controller that the group would have; a comment needs nothing.
printf '%s\n' '#!/bin/sh' '# Should-Start: cgroupfs-mount' >"$root/etc/init.d/virtual"
printf '%s\n' '#!/bin/sh' '	cgroupfs_mount' >"$root/etc/init.d/docker"
ln -s nowhere "$root/etc/init.d/dangling"
"$supervise" --syslog=off --share=30 -- "$root" || fail "it did not start"
within 10 marked ' share\.none claim=/etc/init\.d/docker$'
[ -e "$comes" ] || fail "nobody waits"
marked ' share\.begin' && fail "it was done all the same"
"$supervise" --undo -- "$root" || fail "undo"
rm "$root/etc/init.d/docker" "$timeline"

# Whether the kernel can do it is this machine's affair; either way it is said, and undone.
"$supervise" --syslog=off --share=30 -- "$root" || fail "it did not start"
[ -e "$comes" ] || marked ' share\.begin$' || fail "nobody waits until it is known"
within 10 marked ' early\.start name=lightdm'
within 10 marked ' share\.(begin|none)'
if marked ' share\.begin$'; then
	within 10 test ! -e "$comes"
	grep -q '^0::/initfs-screen$' "/proc/$(last_pid lightdm)/cgroup" || fail "it does not come first"
	: >"$root/run/lightdm.is-ready"
	within 20 marked ' share\.end why='
	grep -q '^0::/initfs-screen$' "/proc/$(last_pid lightdm)/cgroup" && fail "the group is not empty"
else
	[ -e "$comes" ] || fail "nobody waits"
	marked ' share\.none why="' || fail "no reason"
	: >"$root/run/lightdm.is-ready"
	within 20 test ! -e "$comes"
fi
"$supervise" --undo -- "$root" || fail "undo"
rm "$timeline"

# Who does not ask for it has the hook wait.
rm "$root/run/lightdm.is-ready"
"$supervise" --syslog=off -- "$root" || fail "it did not start"
[ -e "$comes" ] || fail "nobody waits"
marked ' share\.' && fail "not asked for"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
