#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The syslog is handed what the initramfs wrote to the kernel's log and what fsck said, each line once.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

mknod -m 600 "$root/dev/kmsg" c 1 11
dd if="$root/dev/kmsg" of=/dev/null iflag=nonblock bs=8192 count=1 2>/dev/null || {
	echo "skipped: the kernel's log cannot be read here"
	exit 77
}
mark=initfs-$(cut -c1-13 /proc/sys/kernel/random/uuid) # the kernel's log outlives the test
mkdir -p "$root/var/log/fsck"
echo "of the boot before" >"$root/var/log/fsck/checkroot"

# A syslog that writes each message it gets as a line; python so that its queue is a real one.
cat >"$root/srv/syslog" <<'SYSLOG'
#!/usr/bin/python3
import os
import socket
import threading
import time

reads_kernel = os.path.exists("/var/reads-kernel")
kernel = open("/proc/kmsg" if reads_kernel else "/dev/null", "rb", buffering=0)
if os.path.exists("/dev/log"):
    os.unlink("/dev/log")
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
out = open("/var/messages", "a", encoding="utf-8", buffering=1)


def kernel_lines():
    """As rsyslog has it: a thread of its own, and some time before the lines are in the log."""
    while True:
        lines = kernel.read(8192).decode()
        time.sleep(1)
        out.write(lines)


if reads_kernel:
    threading.Thread(target=kernel_lines, daemon=True).start()
while True:
    out.write(log.recv(65536).decode() + "\n")
SYSLOG
chmod 755 "$root/srv/syslog"
ln -s /proc/self/fd "$root/dev/fd"

syslog_entry() { # LINE...
	entry log Kind=syslog 'Exec=/srv/syslog' Ready=socket:/dev/log "$@"
}

said() { # NUMBER PATTERN: so many messages match
	[ "$(grep -cE -- "$2" "$root/var/messages" 2>/dev/null)" = "$1" ]
}

kmsg() {
	printf '%s\n' "$1" >"$root/dev/kmsg"
}

# The kernel's own lines from before the start come first, though the daemon needs time for them.
mkfifo "$tmp/kmsg"
exec 3<>"$tmp/kmsg"
mount --bind "$tmp/kmsg" "$root/proc/kmsg"
printf '%s\n' "the first line of the kernel" "its second" >&3
: >"$root/var/reads-kernel"
kmsg "<30>$mark: early"
syslog_entry 'Relay=kernel /var/log/fsck/checkroot'
"$supervise" --gui=off -- "$root" || fail "it did not start"
within 20 marked 'early.ready name=log'
echo "$mark: of the check" >"$root/var/log/fsck/checkroot"
within 20 said 1 "$mark: of the check"
order=$(sed -n "s/^the \(first\) .*/\1/p; s/^its \(second\)/\1/p; s/.*$mark: .*\(early\|check\)$/\1/p" "$root/var/messages" | xargs)
[ "$order" = "first second early check" ] || fail "not in order: $(cat "$root/var/messages")"

# What fsck said stands before what was said after it.
echo "$mark: of another check" >>"$root/var/log/fsck/checkroot"
kmsg "<30>$mark: after the check"
within 20 said 1 "$mark: .*after the check"
grep -E "$mark: .*(another|after the) check" "$root/var/messages" | head -n 1 | grep -q another || fail "the merge before fsck"
"$supervise" --undo -- "$root" || fail "undo"
rm "$root/var/reads-kernel" "$root/var/messages"
echo "of the boot before" >"$root/var/log/fsck/checkroot"

mark=$mark-again
kmsg "<30>$mark: before the start"
kmsg "<12>$mark without a name"
syslog_entry 'Relay=kernel /var/log/fsck/checkroot' 'RelayUnless=takes=all /etc/syslog.conf'
"$supervise" --gui=off -- "$root" || fail "it did not start"
within 20 said 1 "^<30>.* $mark: \[ *[0-9]+\.[0-9]{6}\] before the start$"
within 20 said 1 "^<12>.* kmsg: \[ *[0-9.]+\] $mark without a name$"
said 0 '^<[0-7]>' || fail "the kernel's own lines, which syslog reads by itself"

# fsck's words come in pieces
printf 'Log of fsck\n\n%s: cle' "$mark" >"$root/var/log/fsck/checkroot"
within 20 said 1 'checkroot: Log of fsck$'
printf 'an, 1/2 files\n----------------\n' >>"$root/var/log/fsck/checkroot"
within 20 said 1 "checkroot: $mark: clean, 1/2 files$"
said 0 'boot before|----' || fail "an old line, or one that says nothing"
kmsg "<4>$mark: after"
within 20 said 1 "^<12>.* $mark: .*after$"

# It dies and comes back: nothing twice, and what was said meanwhile is not lost.
kill -9 "$(last_pid log)"
within 20 marked 'early.exit name=log status=signal-9' # what is in a dying program's queue is lost
kmsg "<30>$mark: meanwhile"
within 20 said 1 "$mark: .*meanwhile$"
said 1 "$mark: .*before the start$" || fail "said again"
said 1 "Log of fsck$" || fail "fsck's word said again"

# The boot is over: the kernel's log is nobody's business of ours any more.
rm "$root/run/initfs/layers"
runlevel 2
closed() { # it reads it no more; it may still write
	! find "/proc/$(supervisor_pid)/fd" -lname "*/dev/kmsg" -perm -400 | grep -q .
}
within 20 closed
"$supervise" --undo -- "$root" || fail "undo"

# A syslog that takes everything from the kernel's log itself gets nothing twice.
rm -f "$root/run/utmp" "$root/var/messages"
printf '0\t/var\n1\t/tmp\n' >"$root/run/initfs/layers"
echo 'Takes = "All"' >"$root/etc/syslog.conf"
"$supervise" --gui=off -- "$root" || fail "it did not start again"
within 20 count 4 'early.ready name=log'
echo "$mark: last" >"$root/var/log/fsck/checkroot"
within 20 said 1 "checkroot: $mark: last$"
said 0 "$mark: .*before the start" || fail "it was handed what it takes itself"
"$supervise" --undo -- "$root" || fail "undo"
exit 0
