# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The screen, initfs-hold and what was started before the group were in it, init was not; nothing of it is left, and nothing was mounted.
expect "X, hold, syslog, bus and init were where they belong" equal \
	"0::/initfs-screen 0::/initfs-screen 0::/initfs-screen 0::/initfs-screen 0::/" \
	"$(grep '^0:' /run/boot-lab-groups | xargs)"
expect "X is where everybody is" equal "0::/" "$(grep '^0:' "/proc/$(pidof Xorg)/cgroup")"

mkdir /run/boot-lab-cgroup
mount -t cgroup2 cgroup2 /run/boot-lab-cgroup
expect "the group is gone" sh -c '! [ -e /run/boot-lab-cgroup/initfs-screen ]'
expect "nobody has got the controller" equal "" "$(cat /run/boot-lab-cgroup/cgroup.subtree_control)"
umount /run/boot-lab-cgroup
mount -t cgroup -o cpu cgroup /run/boot-lab-cgroup
expect "cgroup v1 can have it" test -e /run/boot-lab-cgroup/cpu.shares
umount /run/boot-lab-cgroup
grep cgroup /proc/mounts
# elogind has its own, as in each boot.
expect "nothing else of it was mounted" equal "" "$(grep ' cgroup2 ' /proc/mounts | grep -v ' /sys/fs/cgroup')"
