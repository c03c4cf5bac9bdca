#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Where /var is a disk of its own and /tmp a tmpfs, init checks and mounts them as ever; the screen came
# early, and what was written early is there.
import os
import subprocess

from lab import Archive, Guest, guest_folder, wait_event

folder = os.environ["TEST_TMP"]
own = os.path.join(folder, "var.raw")
subprocess.run(["debugfs", "-R", f"rdump /var {folder}", os.path.join(guest_folder(), "disk.raw")],
               check=True, stderr=subprocess.DEVNULL)
subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "guest-var", "-d", os.path.join(folder, "var"),
                own, "1G"], check=True)

# The image stays as it is: another fstab lies over the root's.
FSTAB = """
mkdir -p /boot-lab && mount -t tmpfs boot-lab /boot-lab
cp "$NEWROOT/etc/fstab" /boot-lab/fstab
echo "LABEL=guest-var /var ext4 defaults 0 2" >>/boot-lab/fstab
echo "tmpfs /tmp tmpfs nosuid,nodev,mode=1777 0 0" >>/boot-lab/fstab
mount --bind /boot-lab/fstab "$NEWROOT/etc/fstab"
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/80-boot-lab.sh", FSTAB)
with Guest(initrd="initfs", append="rd.initfs", addon=addon, more=[own]) as g:
    g.wait("greeter")
    g.wait("agent")
    pids = g.need("{ pidof Xorg; cat /run/rsyslogd.pid /run/lightdm.pid; } | xargs").strip()
    g.wait("login")
    wait_event(g, "layer.gone")
    print(g.need("cat /run/initfs/timeline"))
    g.check("assert.sh", PIDS=pids)
