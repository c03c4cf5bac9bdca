# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# With the word, when the layer is gone.
status=/run/boot-lab-status
handed=/run/boot-lab-mounts

view() { # DIR TYPE: init was handed that view
	grep -qE " $1 [^-]* - fuse\.$2 " "$handed"
}

expect "init was handed a view of /var" view /var initfs-hold
expect "and of /tmp" view /tmp initfs-hold
expect "and of the start scripts" view /etc/init.d initfs-rcfilter
expect "below them were two layers in RAM" equal 2 "$(grep -c ' /run/initfs/layer/[0-9]* .* - overlay ' "$handed")"
expect "the root was read-only" grep -qE ' / / ro[, ]' "$handed"

expect "a driver that is blacklisted in /etc/modprobe.d is not loaded" nothing grep '^psmouse ' /proc/modules
expect "no mount of ours but sockets in use, which initfs status names" nothing mounts_of_ours
expect "initfs status: all is on the disk" grep -qx 'phase    disk: everything is on the disk' "$status"
expect "it tells of the merge" grep -qE '^merge    done at [0-9.]+ s, [0-9]+ names, [0-9]+ bytes, programs waited' "$status"
expect "it knows the log" grep -qE '^early +.*rsyslog[[:space:]]+ready since' "$status"
expect "and the screen" grep -qE '^ +lightdm[[:space:]]+ready since' "$status"
expect "nobody is kept from logging in" test ! -e /run/nologin
expect "the record is on the disk" test -s /var/log/initfs/timeline
expect "no staging directory is left" test ! -e /.initfs-staging
expect "the log has the kernel's first line" grep -q 'kernel:.* Linux version' /var/log/syslog

pkill -u lightdm dbus-daemon # has a socket in /tmp
expect "no mount of ours is left when their programs have ended" poll 120 nothing grep -E 'initfs|fuse' /proc/self/mountinfo
