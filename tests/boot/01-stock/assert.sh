# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# All our names have initfs in them, and no other has.
ours='initfs-(overlay|hold|merge|rcfilter|supervise)|/initfs( |$)'

expect "no process of ours runs" nothing processes "$ours"
expect "no mount of ours" nothing grep -E 'initfs( |/)|initfs-hold|fuse' /proc/self/mountinfo
expect "no file of ours in /run" nothing find /run -name '*initfs*'
expect "no FUSE session" nothing ls /sys/fs/fuse/connections/
expect "nobody is kept from logging in" test ! -e /run/nologin
