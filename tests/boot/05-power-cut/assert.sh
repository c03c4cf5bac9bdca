# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
cd /var/lib/boot-lab || exit 1
expect "every file has its bytes" sha256sum --quiet -c sums
expect "hard links are links" equal 60 "$(find c -links 2 -type f | wc -l)"
expect "the symbolic link leads to the file" cmp c/link a/b/large
expect "modes" equal 600 "$(stat -c %a a/1)"
expect "owners" equal 1000:1000 "$(stat -c %u:%g a/2)"
expect "times" equal '2001-02-03 04:05:06.789000000' "$(stat -c %y a/3 | cut -d' ' -f1-2)"
expect "what was deleted is gone" test ! -e /var/lib/dpkg/status-old
expect "the staging directory is gone or empty" nothing ls -A /.initfs-staging
expect "the log of the boot before is there" grep -q 'Linux version' /var/log/syslog
expect "the file system has no faults" nothing sh -c "dmesg | grep -i 'EXT4-fs error'"
