# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
again=$(grep -c ' hold\.again' /run/initfs/timeline)

expect "the guard has brought the view back twice" test "$again" -ge 2
expect "no mount of ours but sockets in use, which initfs status names" nothing \
	mounts_of_ours
expect "/var is the plain disk" equal "$(stat -c %d /)" "$(stat -c %d /var)"
expect "the kernel's first line is in the log" grep -q 'Linux version' /var/log/syslog
logger -t boot-lab "still here"
expect "the log goes on" poll 120 grep -q 'boot-lab: still here' /var/log/syslog
