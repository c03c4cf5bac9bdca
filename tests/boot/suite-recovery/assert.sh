# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
lines() { # REGEX: how many of the log
	grep -Ec -- "$1" /var/log/syslog
}

expect "what was written early in the damaged boot is there" equal precious "$(cat /var/lib/boot-lab/early)"
expect "what was written in the recovery is there" test -e /var/lib/boot-lab/typed
expect "the log of the damaged boot is there, once" equal 1 "$(lines 'checkroot: .*UNEXPECTED INCONSISTENCY')"
expect "and that of this boot's merge" equal 1 "$(lines 'initfs-merge: .* are on the disk')"
expect "the check finds nothing any more" grep -q 'checkroot: guest-root: .*files.*blocks' /var/log/syslog
expect "the file system has no faults" nothing sh -c "dmesg | grep -i 'EXT4-fs error'"
expect "nobody is kept from logging in" poll 120 test ! -e /run/nologin
expect "nobody asks for maintenance" nothing grep boot.maintenance /run/initfs/timeline
