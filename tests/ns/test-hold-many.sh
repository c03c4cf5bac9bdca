#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More files than there may be descriptors: what nobody uses is forgotten, in time and before a switch.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

command -v setpriv >/dev/null || {
	echo "needs setpriv"
	exit 77
}
scene_make /var
initfs-overlay --size=64M -- "$root" /var
# Without CAP_SYS_RESOURCE it cannot raise its limit beyond this.
(
	ulimit -n 1500
	exec setpriv --bounding-set -sys_resource initfs-hold -- "$root"
) || fail "no view"
pid=$(cat "$state/hold.pid")

descriptors() {
	local all=("/proc/$pid/fd/"*)
	echo "${#all[@]}"
}
few() { [ "$(descriptors)" -lt "$1" ]; }
# What nobody uses is forgotten in the background: on a busy machine that takes its time.
until_few() {
	until_true 30 few 1000 || fail "$(descriptors) descriptors after $1"
}

exec 7>"$root/var/spool/open"
for dir in 0 1 2 3 4 5 6 7; do
	mkdir "$root/var/spool/$dir"
	for file in {1..250}; do
		echo "$file" >"$root/var/spool/$dir/$file" || fail "cannot make file $file in $dir"
	done
	until_few "making $dir"
done
for dir in 0 1 2 3 4 5 6 7; do
	expect 250 eval "cat '$root/var/spool/$dir'/* | wc -l"
	until_few "reading $dir"
done

# Somebody who may be about to switch is connected: only what is used stays, and directories.
coproc socat -t 30 "UNIX-CONNECT:$state/hold.sock,type=5" -
until_true 10 few 100 || fail "$(descriptors) descriptors while a merge is connected"
echo still >&7
expect still cat "$root/var/spool/open"
expect "$root/var/spool/open" readlink "/proc/$$/fd/7" # not "(deleted)"
