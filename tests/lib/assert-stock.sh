# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# After initfs has given up: what a stock boot looks like, and the record of why it is one.
ours='initfs-(overlay|hold|merge|rcfilter|supervise)|/initfs( |$)'

disk=$(stat -c %d /)
expect "no process of ours runs" nothing processes "$ours"
expect "no mount of ours" nothing grep -E 'initfs|fuse' /proc/self/mountinfo
expect "no FUSE session" nothing ls /sys/fs/fuse/connections/
expect "/var is the plain disk" equal "$disk" "$(stat -c %d /var)"
expect "/tmp is the plain disk" equal "$disk" "$(stat -c %d /tmp)"
expect "nobody is kept from logging in" test ! -e /run/nologin
expect "the record says once that it is the stock boot" \
	equal 1 "$(grep -c ' boot\.stock ' /run/initfs/timeline)"
expect "nothing else of ours is left in /run" nothing find /run -name '*initfs*' \
	! -path /run/initfs
expect "nothing is in /run/initfs but the record" equal timeline "$(ls /run/initfs)"
expect "the kernel's log has no other line of ours" equal 1 \
	"$(dmesg | grep -v 'ommand line:' | grep -c initfs)"
expect "the log is on the disk" test -s /var/log/syslog
