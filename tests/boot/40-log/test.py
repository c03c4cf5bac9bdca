#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The log has kernel, initramfs, fsck and merge, each line once, also of a boot whose fsck wants a reboot.
import os
import subprocess

from lab import Archive, Disk, Guest, wait_event

folder = os.environ["TEST_TMP"]
keep = os.path.join(os.environ["INITFS_BUILD"], "initfs-keep")
tree = os.path.join(folder, "tree")
os.makedirs(os.path.join(tree, "var/lib"))
subprocess.run([keep, "--make=2m", "--", tree], check=True)
# fsck corrects a count of links by itself, and asks for a reboot, because the root is mounted.
disk = Disk.changed(folder, "disk", [
    "mkdir /var/lib/initfs",
    f"write {tree}/var/lib/initfs/reserve /var/lib/initfs/reserve",
    "set_inode_field /etc/issue links_count 3",
])

# What the last second of that boot has said is kept a second later: Debian's script waits five, and a
# busy host needs more for that.
slow = Archive()
slow.in_root("sed -i 's/sleep 5$/sleep 20/' /etc/init.d/checkroot.sh")

APPEND = "rd.initfs rd.initfs.gui=off forcefsck"
with Guest(initrd="initfs", append=APPEND, addon=slow, disk=disk,
           name="fsck-wants-a-reboot") as g:
    g.wait_console("The file system check corrected errors on the root partition")
    g.wait_end(900)

with Guest(initrd="initfs", append=APPEND, disk=disk, name="after-the-reboot") as g:
    g.wait("login")
    wait_event(g, "layer.gone")
    g.poll("grep -q 'initfs-merge: .* are on the disk' /var/log/syslog")
    g.check("assert.sh")
