#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Before the fsck has looked at the disk there are a log and a greeter, and no byte was written.
from lab import Archive, Guest, expect

# The fsck of the root, seen from inside: it says that it starts, and waits until it may.
FSCK = """#!/bin/sh
echo "boot-lab: fsck starts" >/dev/console
until [ -e /run/boot-lab-go ]; do sleep 0.1; done
umount -l /sbin/fsck # this script is open
exec /sbin/fsck "$@"
"""
HOOK = f"""
mkdir -p /boot-lab && mount -t tmpfs boot-lab /boot-lab # /run does not execute
cat >/boot-lab/fsck <<'END'
{FSCK}END
chmod 755 /boot-lab/fsck
mount --bind /boot-lab/fsck "$NEWROOT/sbin/fsck"
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", HOOK)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait_console("boot-lab: fsck starts")
    g.wait("agent")
    g.need("grep -q ' overlay.up ' /run/initfs/timeline")
    g.wait("greeter")
    g.screenshot("greeter")
    g.need("grep -q 'Linux version' /var/log/syslog")
    g.need("sync")
    g.pause()
    written, same = g.disk.written(), g.disk.same_bytes()
    expect(written == 0, f"no byte of the disk has been written ({written} bytes)")
    expect(same, "the disk holds the same bytes as before power-on")
    g.resume()
    g.need("touch /run/boot-lab-go")
    g.poll("grep -q ' / / rw' /proc/self/mountinfo")
    g.need("echo boot-lab >/etc/boot-lab && sync")
    expect(g.disk.written() > 0, "once the disk is writable, the test does see writes")
