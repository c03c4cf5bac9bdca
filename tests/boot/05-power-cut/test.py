#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What a merge has reported as done is on the disk, also when the power goes at once.
import shlex

from lab import Archive, Guest, expect

# Files of many sizes, made in RAM early; their sums are kept outside of the guest.
MAKE = """
set -e
mkdir -p /var/lib/boot-lab/a/b /var/lib/boot-lab/c && cd /var/lib/boot-lab
i=0
while [ $i -lt 60 ]; do
    i=$((i + 1))
    dd if=/dev/urandom of=a/$i bs=$((i * 997)) count=1 2>/dev/null
    ln a/$i c/$i
done
seq 1 100000 >a/b/large
ln -s ../a/b/large c/link
rm /var/lib/dpkg/status-old
chmod 600 a/1 && chown 1000:1000 a/2 && touch -d '2001-02-03 04:05:06.789' a/3
sha256sum a/[0-9]* a/b/large >sums
"""
HOOK = f"""
chroot "$NEWROOT" /bin/sh -c {shlex.quote(MAKE)}
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", HOOK)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait("agent")
    sums = g.need("cat /var/lib/boot-lab/sums")
    expect(len(sums.splitlines()) == 61, "the files are there, early")
    g.poll("grep -q ' merge.done' /run/initfs/timeline")
    g.cut()
    disk = g.disk

with Guest(disk=disk, name="after-the-cut", cpus=1) as g:
    g.wait("agent")
    # The fsck has had its turn.
    g.poll("grep -q ' / / rw' /proc/self/mountinfo")
    g.check("assert.sh")
    expect(g.need("cat /var/lib/boot-lab/sums") == sums, "the list of sums is the one from before")
