# SPDX-License-Identifier: GPL-2.0-or-later
"""Initramfs add-ons: a "newc" archive that is appended to the initrd for one boot.

The kernel unpacks archives that stand one behind the other in order, so that a file of a later
one replaces the file of an earlier one. Nothing is built anew.
"""

import os
import shlex
import stat

from .image import guest_folder

def _entry(name, mode, body, ino, rdev=(0, 0)):
    path = name.encode() + b"\0"
    fields = (ino, mode, 0, 0, 1, 0, len(body), 0, 0, rdev[0], rdev[1], len(path), 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + path
    return head + b"\0" * (-len(head) % 4) + body + b"\0" * (-len(body) % 4)


# dracut's initramfs has these as links into usr; a folder of that name would replace the link.
LINKS = ("bin", "lib", "lib64", "sbin")

# Waits in a hook of the initramfs for what the test has to do there.
BREAKPOINT = """#!/bin/sh
modprobe -q virtio_console
/usr/lib/boot-lab/lab-agent lab.early
"""


IN_ROOT = """
mount -o remount,rw "$NEWROOT"
chroot "$NEWROOT" /bin/sh -c {}
mount -o remount,ro "$NEWROOT"
"""


class Archive:
    """Files for one boot; all belong to root."""

    def __init__(self):
        self._entries = []
        self._names = set()

    def add(self, name, body, mode=0o755):
        """A regular file; body is text or bytes."""
        if name.split("/")[0] in LINKS:
            raise ValueError(f"{name}: say usr/{name}")
        self._parents(name)
        if isinstance(body, str):
            body = body.encode()
        self._put(name, stat.S_IFREG | mode, body)

    def add_file(self, name, path, mode=0o755):
        with open(path, "rb") as f:
            self.add(name, f.read(), mode)

    def breakpoint(self, hook, order="00"):
        """Stops the boot at a hook of dracut ("pre-pivot"), among its scripts by order, until
        Guest.early_go(); Guest.early.run() runs shell text there."""
        self.add_file("usr/lib/boot-lab/lab-agent", os.path.join(guest_folder(), "lab-agent"))
        self.add(f"usr/lib/dracut/hooks/{hook}/{order}-boot-lab.sh", BREAKPOINT)

    def in_root(self, text):
        """Runs shell text in the guest's root, before initfs has looked at it."""
        self.add("usr/lib/dracut/hooks/pre-pivot/00-boot-lab.sh", IN_ROOT.format(shlex.quote(text)))

    def add_folder(self, folder):
        """Everything below folder, as it lies there."""
        for top, dirs, files in os.walk(folder):
            for name in sorted(dirs + files):
                path = os.path.join(top, name)
                inside = os.path.relpath(path, folder)
                mode = os.lstat(path).st_mode
                if stat.S_ISLNK(mode):
                    self._put(inside, mode, os.readlink(path).encode())
                elif stat.S_ISREG(mode):
                    with open(path, "rb") as f:
                        self.add(inside, f.read(), stat.S_IMODE(mode))
                elif stat.S_ISDIR(mode):
                    self._put(inside, mode, b"")

    def _parents(self, name):
        parts = name.split("/")[:-1]
        for i in range(len(parts)):
            self._put("/".join(parts[:i + 1]), stat.S_IFDIR | 0o755, b"")

    def _put(self, name, mode, body):
        # A directory that is named again would only set its mode again, so once is enough.
        if stat.S_ISDIR(mode) and name in self._names:
            return
        self._names.add(name)
        self._entries.append(_entry(name, mode, body, len(self._entries) + 1))

    def data(self):
        """The archive with its trailer, padded as cpio does."""
        data = b"".join(self._entries) + _entry("TRAILER!!!", 0, b"", 0)
        return data + b"\0" * (-len(data) % 512)
