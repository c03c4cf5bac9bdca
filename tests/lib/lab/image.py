# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest boots from: the folder that make-guest made, and disks on top of its image."""

import json
import os
import subprocess

LIB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def guest_folder(flavour=""):
    """The folder for the programs of INITFS_BUILD, made where it is not there yet.

    Where the runner has made the plain one, INITFS_GUEST names it. A flavour is a list of more
    packages, tests/lib/guest/packages.FLAVOUR.
    """
    known = "INITFS_GUEST" + (f"_{flavour}" if flavour else "")
    if known not in os.environ:
        build = os.environ.get("INITFS_BUILD")
        what = ["--build", build, flavour] if build else ["--base", "", flavour]
        done = subprocess.run([os.path.join(LIB, "make-guest"), *what], check=True,
                              stdout=subprocess.PIPE, text=True)
        os.environ[known] = done.stdout.strip()
    return os.environ[known]


class Disk:
    """The guest's disk. Writes go to a file of this boot's own, never to the image."""

    def __init__(self, path, base):
        self.path = path
        self.limits = ""  # more words for QEMU's -drive
        self._base = base

    @classmethod
    def throw_away(cls, image, path):
        base = os.path.join(image, "disk.raw")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", path],
                       check=True)
        return cls(path, base)

    @classmethod
    def changed(cls, folder, name, commands, flavour=""):
        """A disk whose image was changed by commands of debugfs(8) before it is ever booted."""
        changed = os.path.join(folder, f"{name}-image")
        os.makedirs(changed)
        raw = os.path.join(changed, "disk.raw")
        subprocess.run(["cp", "--reflink=auto", "--sparse=always",
                        os.path.join(guest_folder(flavour), "disk.raw"), raw], check=True)
        done = subprocess.run(["debugfs", "-w", "-f", "-", raw], check=True, text=True,
                              input="\n".join(commands) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        print(done.stdout, end="")
        return cls.throw_away(changed, os.path.join(folder, f"{name}.qcow2"))

    def drive(self):
        # writeback: what the guest flushes is kept; what it does not flush may be lost at a cut.
        return f"file={self.path},if=virtio,format=qcow2,cache=writeback,discard=unmap{self.limits}"

    def written(self):
        """Bytes of the image that a guest, paused or gone, has written to, whatever the content."""
        out = subprocess.run(["qemu-img", "map", "-U", "--output=json", self.path], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return sum(part["length"] for part in json.loads(out) if part["depth"] == 0
                   and part["present"])

    def read(self, path):
        """The text of a file, once the guest is gone and its journal has been replayed, as the next
        boot's fsck would do it; on a copy."""
        return self._debugfs(f"cat {path}")

    def copy_out(self, path, folder):
        """Copies a directory of the disk into folder, as read() does."""
        os.makedirs(folder, exist_ok=True)
        self._debugfs(f"rdump {path} {folder}")

    def _debugfs(self, command):
        raw = f"{self.path}.raw"
        subprocess.run(["qemu-img", "convert", "-O", "raw", self.path, raw], check=True)
        # 1: it has mended something, as after each power cut.
        if subprocess.run(["e2fsck", "-p", raw], check=False).returncode not in (0, 1):
            raise OSError("e2fsck cannot mend the disk")
        out = subprocess.run(["debugfs", "-R", command, raw], check=True, stdout=subprocess.PIPE,
                             text=True).stdout
        os.unlink(raw)
        return out

    def same_bytes(self):
        """True when the guest would read from this disk exactly what the image holds."""
        done = subprocess.run(["qemu-img", "compare", "-q", "-U", "-f", "qcow2", "-F", "raw",
                               self.path, self._base], check=False)
        return done.returncode == 0
