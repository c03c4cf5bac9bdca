# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# With RAMTMP=yes /tmp is init's tmpfs, and what came early is in it.
tmpfs_once() {
	equal "tmpfs tmpfs" "$(awk '$2 == "/tmp" { print $1, $3 }' /proc/mounts)"
}

expect "/tmp is a tmpfs, and nothing else is there" tmpfs_once
expect "as init would have made it" grep -q '^tmpfs /tmp tmpfs rw,nosuid,nodev,' /proc/mounts
expect "what was written there early is there" equal "early" "$(cat /tmp/boot-lab-early)"
expect "the X server's socket is its own, not a link" test -S /tmp/.X11-unix/X0 -a ! -L /tmp/.X11-unix/X0
expect "it is in a directory that everybody may use" equal "1777 0" "$(stat -c '%a %u' /tmp/.X11-unix)"
expect "its display lock is there" test -s /tmp/.X0-lock
expect "no mount of ours but sockets in use, which initfs status names" nothing mounts_of_ours
expect "nobody is kept from logging in" test ! -e /run/nologin
mkdir /run/boot-lab && mount --bind / /run/boot-lab
expect "the directory below has nothing of this boot" test ! -e /run/boot-lab/tmp/boot-lab-early -a \
	! -e /run/boot-lab/tmp/.X0-lock -a ! -e /run/boot-lab/tmp/.X11-unix/X0
umount /run/boot-lab
