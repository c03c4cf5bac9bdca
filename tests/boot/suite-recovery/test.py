#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A damaged root: a shell on the console, a recovery on the screen; repaired there nothing is lost, and who logs in may.
import os
import shlex

from lab import Archive, Disk, Guest, expect, wait_event
from lab.login import PASSWORD, be_refused, log_in_after_refusal, session_is_on_disk

folder = os.environ["TEST_TMP"]
# An inode of no type, one that is free and has a name, and the first copy of the superblock is gone:
# fsck -a does not mend that, and the file system knows of it.
disk = Disk.changed(folder, "disk", [
    "mkdir /srv/damaged", "write /etc/hostname /srv/damaged/one", "clri /srv/damaged/one",
    "mkdir /srv/other", "set_inode_field /srv/other mode 0",
    "set_super_value state 2",
    "zap_block 32768",
], flavour="rescue")

EARLY = "mkdir /var/lib/boot-lab; echo precious >/var/lib/boot-lab/early"
# Init does not go on to its check before the test wants it.
GO = "/run/boot-lab-go"
HOLD = f"sed -i '1a [ \"$1\" != start ] || until [ -e {GO} ]; do sleep 0.2; done' /etc/init.d/checkroot.sh"


def repair(g):
    """On the screen, as somebody who sits there."""
    # Its terminal stands in the upper left.
    g.wait_bright("the recovery's terminal", 0.75, 2, 55, 3, 60)
    g.screenshot("recovery")
    print("ok: a terminal is on the screen while init's shell is on the console", flush=True)
    g.poll("grep -q 'checkroot: .*UNEXPECTED INCONSISTENCY' /var/log/syslog")
    print("ok: the log says why, and can be read")
    expect(g.run("grep -q '^initfs: ' /run/nologin"), "nobody else can log in")
    # sulogin asks for Enter, where root has no password; for the shell it is an empty line.
    g.type("\n")
    g.type_until("touch /var/lib/boot-lab/typed", "test -e /var/lib/boot-lab/typed")
    g.screenshot("typed")
    expect(not g.run("grep -q ' / / rw' /proc/self/mountinfo"), "that was in RAM")
    g.type_until("e2fsck -fy /dev/vda", "dumpe2fs -h /dev/vda | grep -q 'state: *clean'", again=120)
    g.type_until("initfs merge --repaired", "grep -q ' merge.repaired ' /run/initfs/timeline", again=120)
    g.screenshot("repaired")
    expect(not g.run("grep -q ' / / rw' /proc/self/mountinfo"), "the root was not written to by its own mount")
    expect(g.run("! dmesg | grep -i 'EXT4-fs error'"), "and the kernel has seen no error")


def be_too_early(g):
    """Somebody logs in at the greeter while the disk is not there yet."""
    expect(g.run("head -n 1 /run/nologin | grep '^initfs: '"), "logins are closed, with a word about it")
    be_refused(g, "refused")


addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh",
          f'chroot "$NEWROOT" /bin/sh -c {shlex.quote(EARLY)}\n')
with Guest(initrd="initfs", append="rd.initfs", addon=addon, disk=disk, name="damaged",
           flavour="rescue") as g:
    g.wait_console("Press Enter for maintenance|Give root password for maintenance")
    g.wait("agent")
    g.poll("grep -q ' early.ready name=recovery' /run/initfs/timeline")
    repair(g)
    g.cut()

addon = Archive()
addon.in_root(f"{HOLD}; echo user:{PASSWORD} | chpasswd")
with Guest(initrd="initfs", append="rd.initfs forcefsck", addon=addon, disk=disk, name="repaired",
           flavour="rescue") as g:
    g.wait("greeter")
    g.wait("agent")
    pids = g.need("cat /run/lightdm.pid; pidof Xorg")
    be_too_early(g)
    g.need(f"touch {GO}")
    g.wait("login")
    wait_event(g, "layer.gone")
    g.poll("grep -q 'initfs-merge: .* are on the disk' /var/log/syslog")
    g.check("assert.sh")
    expect(g.need("cat /run/lightdm.pid; pidof Xorg") == pids, "the greeter is the one from before")
    log_in_after_refusal(g)
    g.screenshot("session")
    g.cut()
    session_is_on_disk(g)
