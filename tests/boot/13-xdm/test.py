#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# xdm's greeter is there before the fsck, once, as its script knows it; a login there outlives a power cut. All that on
# a machine whose init mounts a tmpfs on /tmp without a line in fstab.
import os

from lab import Archive, Guest
from lab.guest import LIB
from lab.login import PASSWORD, early_screen, log_in, session_is_on_disk

CHOOSE = """
echo /usr/bin/xdm >/run/boot-lab-screen
mount --bind /run/boot-lab-screen "$NEWROOT/etc/X11/default-display-manager"
{ cat "$NEWROOT/etc/default/tmpfs"; echo RAMTMP=yes; } >/run/boot-lab-tmpfs
mount --bind /run/boot-lab-tmpfs "$NEWROOT/etc/default/tmpfs"
"""
WRITE = 'echo early >"$NEWROOT/tmp/boot-lab-early"'

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/70-boot-lab.sh", CHOOSE)
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab.sh", WRITE)
with Guest(initrd="initfs", append="rd.initfs rd.initfs.rc=off", addon=addon, flavour="screens") as g:
    early_screen(g, "xdm")
    g.check("assert.sh")
    log_in(g, lambda: g.type(f"user\n{PASSWORD}\n"), "esc")
    g.screenshot("session")
    g.check(os.path.join(LIB, "assert-stop.sh"), NAME="xdm")
    g.cut()
    session_is_on_disk(g)
