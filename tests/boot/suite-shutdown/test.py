#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A shutdown makes a last attempt to merge: it succeeds when there is room by then, or the console says what is lost.
#
# The root has a quota on, which binds users, and not the merge: what a user has written early is root's to carry.
import os
import subprocess

from lab import Archive, Disk, Guest, console_lines, expect, wait_event
from lab.down import go_down
from lab.services import NO_SCREEN
from lab.volumes import empty_disk

folder = os.environ["TEST_TMP"]
DONE = r"initfs-merge: [0-9]+ names with [0-9]+ bytes are on the disk"
LOST = r"initfs-merge: lost with this shutdown: .*"

# No merge fits as long as the file is there, and the first shutdown removes it, as a service stops.
FULL = """
set -- $(stat -f -c '%a %S' /)
fallocate -l $((($1 - 100) * $2)) /filler
cat >/etc/init.d/filler <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: filler
# Required-Start: $remote_fs
# Required-Stop: $remote_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 6
### END INIT INFO
[ "$1" != stop ] || [ -e /filler-stays ] || rm -f /filler
END
chmod 755 /etc/init.d/filler
update-rc.d filler defaults
""" + NO_SCREEN

# One file and 8 KiB for user 1000 on the root, enforced, by quotactl(2): there are no quota tools.
LIMIT = """perl -e '
my ($disk, $file, $limits) = ("/dev/vda", "", pack("Q8 L2", 8, 8, 0, 1, 1, 0, 0, 0, 5, 0));
syscall(179, 0x80000200, $disk, 4, $file) == 0 or die "quotaon: $!";
syscall(179, 0x80000800, $disk, 1000, $limits) == 0 or die "setquota: $!";'
"""
USER = "setpriv --reuid=1000 --regid=1000 --clear-groups"
USER_WRITES = f"""
install -d -o 1000 -g 1000 /var/lib/boot-lab /srv/boot-lab
{USER} sh -c 'cd /var/lib/boot-lab && for i in 1 2 3; do head -c 30000 /dev/urandom >$i; done'
sha256sum /var/lib/boot-lab/*
"""

# The same on XFS, which counts by itself, for a merge that is run alone.
XFS = f"""
set -e
mkdir -p /run/boot-lab/upper && mount -t xfs -o uquota /dev/vdb /mnt && mkdir /mnt/var
chown 1000:1000 /mnt/var /run/boot-lab/upper
perl -e '
my ($disk, $limits) = ("/dev/vdb", pack("c2 S L Q6 x56", 1, 1, 15, 1000, 16, 16, 2, 2, 0, 0));
syscall(179, 0x580400, $disk, 1000, $limits) == 0 or die "setqlim: $!";'
if {USER} touch /mnt/var/1 /mnt/var/2 /mnt/var/3; then exit 1; fi
{USER} sh -c 'cd /run/boot-lab/upper && for i in 4 5 6; do head -c 30000 /dev/urandom >$i; done'
initfs-merge --upper=/run/boot-lab/upper --lower=/mnt/var
for i in 4 5 6; do cmp /run/boot-lab/upper/$i /mnt/var/$i; done
[ "$(stat -c %u /mnt/var/6)" = 1000 ] && umount /mnt
"""


def boot(disk, name, more="", disks=()):
    """Without a screen, on a full disk."""
    addon = Archive()
    # The kernel asks for it when a file system with quotas becomes writable.
    addon.add("usr/lib/dracut/hooks/pre-pivot/00-a.sh", 'modprobe -d "$NEWROOT" quota_v2\n')
    addon.in_root(FULL + more)
    return Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off", addon=addon, cpus=1, disk=disk, name=name,
                 more=disks)


def stays_in_ram(g, late):
    """The reason is told, also to who asks; programs go on."""
    g.need("test -s /filler")
    wait_event(g, "merge.refused")
    expect(console_lines(g, r"initfs-merge: .*: No space left on device"), "the console says why nothing is merged")
    asked = g.run("initfs merge")
    print(asked.output)
    expect(asked.status == 3 and "No space left on device" in asked.output, "and so does initfs merge, which refuses")
    g.wait("login")
    g.need(f"echo 'in RAM' >/var/log/{late}; grep -q 'in RAM' /var/log/{late}")
    g.need(f"logger -t boot-lab goes-on-{late}")
    g.poll(f"grep -q goes-on-{late} /var/log/syslog")
    g.need("test -e /run/initfs/layers && mountpoint -q /var")
    expect(not g.console.find(DONE), "nothing is merged as long as the disk is full")


def halt(g):
    go_down(g, "halt", "reboot: Power down")
    g.wait_end(300)


disk = Disk.changed(folder, "quota", [])
subprocess.run(["tune2fs", "-O", "quota", os.path.join(folder, "quota-image", "disk.raw")], check=True)
xfs = empty_disk("xfs.raw", 320 << 20)
subprocess.run(["mkfs.xfs", "-q", xfs], check=True)
with boot(disk, "room-at-last", disks=[xfs]) as g:
    g.wait("agent")
    stays_in_ram(g, "boot-lab-first")
    g.need(LIMIT)
    sums = g.need(USER_WRITES)
    over = g.run(f"cd /srv/boot-lab && {USER} touch 1 2 3")
    expect(over.status != 0 and "quota exceeded" in over.output, f"the quota binds the user: {over.output}")
    print(g.need(XFS))
    halt(g)
    expect(g.console.find(DONE), "when there was room, the shutdown merged")
    expect(not console_lines(g, LOST), "and nothing is said to be lost")

with boot(disk, "no-room", "touch /filler-stays") as g:
    g.wait("agent")
    expect(g.need("sha256sum /var/lib/boot-lab/*") == sums, "what the user wrote is on the disk, whole")
    expect(g.need("stat -c %u:%g /var/lib/boot-lab/*").split() == ["1000:1000"] * 3, "and is the user's")
    g.need("grep -q 'in RAM' /var/log/boot-lab-first && test -e /filler")
    stays_in_ram(g, "boot-lab-second")
    halt(g)
    lost = console_lines(g, LOST)
    print("\n".join(lost))
    expect(len(lost) == 1, "the console has one line about what is lost")
    expect("No space left on device" in lost[0], "it says why")
    expect(not g.console.find(DONE), "nothing was merged")
    expect(not g.disk.read("/var/log/boot-lab-second"), "the disk is as it was")
