# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
log=/var/log/messages

# The numbers of the lines that match, of the current file and the one that busybox has turned over.
cat "$log.0" "$log" >/run/boot-lab-log 2>/dev/null
first() {
	[ "$(grep -Ec -- "$1" /run/boot-lab-log)" = 1 ] && grep -En -- "$1" /run/boot-lab-log | cut -d: -f1
}

in_order() { # REGEX...: each has one line, one after the other
	local last=0 this regex
	for regex in "$@"; do
		this=$(first "$regex") || { echo "not there once: $regex"; return 1; }
		[ "$this" -gt "$last" ] || { echo "too early: $regex"; return 1; }
		last=$this
	done
}

expect "the wizard's file is gone" test ! -e /etc/initfs/first-boot
expect "what it asked for is on the disk" equal orion "$(cat /var/lib/boot-lab-name)"
expect "nothing is mounted over the greeter's name" equal /usr/sbin/lightdm "$(cat /etc/X11/default-display-manager)"
expect "its script knows the greeter" sh -c "service lightdm start | grep -q 'already running'"
expect "there is one X server" equal 1 "$(pidof Xorg | wc -w)"
expect "the carried syslog has kernel, initramfs, fsck and merge, each once" poll 120 in_order \
	'kernel: \[ *0\.000000\] Linux version' 'dracut: .*Debian GNU/Linux' 'dracut: .*Switching root' \
	'checkroot: .*guest-root: clean' 'initfs-merge: .* are on the disk'
expect "its file is on the disk" equal "$(stat -c %d /)" "$(stat -c %d "$log")"
expect "it goes on" sh -c "logger boot-lab-says; grep -q boot-lab-says $log"
expect "only its own file system is left of ours" equal /run/initfs/carried "$(mounts_of_ours)"
expect "nobody is kept from logging in" poll 120 test ! -e /run/nologin
