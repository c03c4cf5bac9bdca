# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
cp /var/log/syslog /run/boot-lab-syslog
second=$(grep -n ' kernel: \[ *0\.000000\] Linux version' /run/boot-lab-syslog | sed -n '2s/:.*//p')
head -n "$((second - 1))" /run/boot-lab-syslog >/run/boot-lab-first
tail -n "+$second" /run/boot-lab-syslog >/run/boot-lab-second

# The log has what the kernel said, each line once, in order. Only the forms differ: dmesg shows a
# message of several lines with one time, rsyslog writes each line with it.
kernel_lines() {
	sed -n 's/^[^ ]* guest kernel: \[ *[0-9.]*\] *//p' /run/boot-lab-second >/run/boot-lab-log
	dmesg --kernel | sed 's/^\[ *[0-9.]*\] *//; s/^ *//' >/run/boot-lab-dmesg
	head -n "$(wc -l </run/boot-lab-log)" /run/boot-lab-dmesg | diff - /run/boot-lab-log
}

# The same of what others wrote to the kernel's log, those of the initramfs and ours, until the merge.
user_lines() {
	grep -v ' kernel: ' /run/boot-lab-second |
		sed -n 's/^[^ ]* guest \([a-z-]*\): \(\[ *[0-9]*\.[0-9]\{6\}\]\) /\2 \1: /p' |
		sed 's/ kmsg: / /; /initfs-merge: .* are on the disk/q' >/run/boot-lab-log
	dmesg --userspace | sed 's/ *$//; /initfs-merge: .* are on the disk/q' >/run/boot-lab-dmesg
	diff /run/boot-lab-dmesg /run/boot-lab-log
}

once_in() { # FILE REGEX: prints the number of its only line
	[ "$(grep -Ec -- "$2" "$1")" = 1 ] && grep -En -- "$2" "$1" | cut -d: -f1
}

in_order() { # FILE REGEX...: each has one line, one after the other
	local file="$1" last=0 this regex
	shift
	for regex in "$@"; do
		this=$(once_in "$file" "$regex") || { echo "not there once: $regex"; return 1; }
		[ "$this" -gt "$last" ] || { echo "too early: $regex"; return 1; }
		last=$this
	done
}

expect "two boots are in the log" test -n "$second"
expect "the first: kernel, initramfs, and the fsck that wanted a reboot" in_order /run/boot-lab-first \
	'kernel: \[ *0\.000000\] Linux version' 'dracut: \[.*Debian GNU/Linux' 'dracut: \[.*Switching root' \
	'checkroot: Log of fsck' 'checkroot: .*ref count is 3, should be 1' \
	'checkroot: .*REBOOT SYSTEM' 'checkroot: guest-root: .*files'
expect "nothing came after that" sh -c "! grep -q 'initfs-merge: .*on the disk' /run/boot-lab-first"
expect "the second: until the merge" in_order /run/boot-lab-second \
	'kernel: \[ *0\.000000\] Linux version' 'dracut: \[.*Debian GNU/Linux' 'dracut: \[.*Switching root' \
	'checkroot: Log of fsck' 'checkroot: guest-root: .*files' \
	'initfs-merge: .* names with .* bytes are on the disk'
expect "the kernel's lines are there in order, from the first on" kernel_lines
expect "what others wrote to its log is there, in order" user_lines
expect "fsck's own file has this boot's result" grep -q 'guest-root: .*files' /var/log/fsck/checkroot
expect "the log is on the disk" equal "$(stat -c %d /)" "$(stat -c %d /var/log/syslog)"
expect "what was kept is not kept any more" poll 60 test ! -e /run/initfs/keep.pid
expect "the file system has no faults" nothing sh -c "dmesg | grep -i 'EXT4-fs error'"
