# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# PIDS: Xorg, rsyslogd and lightdm, when the greeter had just come.
: "${PIDS:?}"
disk=$(cat /sys/block/vdb/dev)

once_mounted() { # /var: one mount, of that device
	equal "$disk" "$(awk '$5 == "/var" { print $3 }' /proc/self/mountinfo)"
}

tmpfs_once() { # /tmp: one mount, init's
	equal "tmpfs tmpfs" "$(awk '$2 == "/tmp" { print $1, $3 }' /proc/mounts)"
}

no_loop() {
	! grep -l . /sys/block/loop*/loop/backing_file 2>/dev/null
}

# The log has what the kernel said, each line once, in order.
kernel_lines() {
	sed -n 's/^[^ ]* guest kernel: \[ *[0-9.]*\] *//p' /var/log/syslog >/tmp/boot-lab-log
	dmesg --kernel | sed 's/^\[ *[0-9.]*\] *//; s/^ *//' >/tmp/boot-lab-dmesg
	head -n "$(wc -l </tmp/boot-lab-log)" /tmp/boot-lab-dmesg | diff - /tmp/boot-lab-log
}

expect "the screen and the log are the processes that were started early" equal "$PIDS" \
	"$({ pidof Xorg; cat /run/rsyslogd.pid /run/lightdm.pid; } | xargs)"
expect "init has mounted /var, and nothing else is there" once_mounted
expect "init has mounted the tmpfs on /tmp, and nothing else is there" tmpfs_once
expect "a client reaches the X server by the link in it" test -S /tmp/.X11-unix/X0
expect "its display lock is there" test -s /tmp/.X0-lock
expect "init has checked it" grep -q 'guest-var: clean' /var/log/fsck/checkfs
expect "its label leads to the disk" equal /dev/vdb "$(readlink -f /dev/disk/by-label/guest-var)"
expect "it was put beneath the view" grep -q ' merge.target dir=/var' /run/initfs/timeline
expect "and the tmpfs, too" grep -q ' merge.target dir=/tmp' /run/initfs/timeline
expect "no mount of ours but sockets in use, which initfs status names" nothing mounts_of_ours
expect "no mount of a loop device, and none that follows another" nothing grep -E '/dev/loop|master:' \
	/proc/self/mountinfo
expect "no loop device is left" no_loop
expect "nothing of it is left in /run" test ! -e /run/initfs/own -a ! -e /run/udev/rules.d/10-initfs.rules
expect "no staging directory is left" test ! -e /.initfs-staging -a ! -e /var/.initfs-staging -a \
	! -e /tmp/.initfs-staging
expect "the record is on the disk" test -s /var/log/initfs/timeline

expect "the kernel's lines are there in order, from the first on" poll 120 kernel_lines
expect "nothing was written beside it" nothing find /var /tmp -name '*.initfs-disk'
logger -t boot-lab "a line after the merge"
expect "rsyslogd writes on in the same file" poll 120 grep -q 'boot-lab: a line after the merge' \
	/var/log/syslog
mkdir /run/boot-lab && mount --bind / /run/boot-lab
expect "the directory below has nothing of this boot" test ! -e /run/boot-lab/var/log/syslog
umount /run/boot-lab
