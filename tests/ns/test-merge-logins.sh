#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The merge opens logins; where /home is not mounted yet, it leaves that to the supervisor, if there is one.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

# merged WHO: the pid file of the supervisor names that process
merged() {
	scene_up /var /tmp
	echo "initfs: a moment" >"$root/run/nologin"
	echo "$1" >"$state/supervise.pid"
	initfs-merge --wait -- "$root" || fail "the merge does not wait"
	mount -o remount,rw "$loop" "$root"
	until_true 60 test -e "$root/var/log/initfs/timeline" || fail "it is not merged"
	until_true 20 test ! -e "$state/merge.pid" || fail "the merge does not end"
	mount -o remount,ro "$loop" "$root"
}

scene_make /var /tmp
mount -o remount,rw "$loop" "$root"
mkdir -p "$root/etc" "$root/home"
printf '%s\n' "/dev/root / ext4 defaults 0 1" "none /home tmpfs defaults 0 0" >"$root/etc/fstab"
mount -o remount,ro "$loop" "$root"

merged $$
[ -e "$root/run/nologin" ] || fail "logins are open, and /home is not there"
# Nobody else would ever remove it.
mount -o remount,rw "$loop" "$root" && rm -r "$root/var/log/initfs" && mount -o remount,ro "$loop" "$root"
merged 999999999
[ ! -e "$root/run/nologin" ] || fail "there is no supervisor, and logins stay closed"
