#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What Debian's package has dracut make boots with the word and without it, also with hostonly; purged, it boots stock.
#
# The package is installed with apt on a machine whose dracut is as Debian has it, for all machines; then again in the
# running guest, for this machine only. Kernel and initramfs are those on the disk.
import os
import subprocess
import sys

from lab import Disk, Guest, Timeline, console_lines, expect
from lab.login import early_screen
from lab.timeline import table

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
STOCK = os.path.join(HERE, "..", "01-stock", "assert.sh")
LONG = 1500  # seconds, at most, that dracut takes in the guest
APT = "PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive apt-get -q -y"
HOSTONLY = f"""
echo 'hostonly="yes"' >/etc/dracut.conf.d/local.conf
{APT} install --reinstall /srv/initfs.deb
"""
folder = os.environ["TEST_TMP"]


def on_disk(disk, name):
    """The kernel and the initramfs that lie on the disk, for Guest()."""
    place = os.path.join(folder, f"{name}-on-disk")
    disk.copy_out("/boot", place)
    found = {file.split("-")[0]: os.path.join(place, "boot", file) for file in os.listdir(os.path.join(place, "boot"))}
    print(f"{name}: {os.path.getsize(found['initrd.img']) >> 20} MiB of initramfs")
    return {"disk": disk, "kernel": found["vmlinuz"], "initrd": found["initrd.img"], "name": name}


def with_word(g):
    early_screen(g, "lightdm")
    line = Timeline(g)
    print(table([(g.name, line)]))
    expect(line.times["first log line"] < line.times["fsck started"], "the first log line comes before the fsck")
    g.check("assert.sh")
    expect(not console_lines(g, r"initfs[-a-z]*: (?!.* names with .* on the disk).*"), "and nobody had to complain")


def without_word(g):
    g.wait("greeter")
    g.wait("login")
    g.check(STOCK)
    expect(not g.run("grep '^psmouse ' /proc/modules"), "a driver that is blacklisted in /etc/modprobe.d is not loaded")
    expect(g.run("test -s /run/boot-lab-mounts && ! grep -E 'initfs|fuse' /run/boot-lab-mounts"),
           "init was handed no mount of ours")


def go_down(g):
    g.need("rm -f /var/log/syslog")  # the next boot's log begins with its own first line
    g.power_off()


disk_folder = os.path.join(folder, "installed")
subprocess.run([os.path.join(HERE, "make-disk"), disk_folder], check=True)
disk = Disk.throw_away(disk_folder, os.path.join(folder, "disk.qcow2"))

# Nobody has asked for anything yet.
with Guest(**on_disk(disk, "without-word")) as g:
    without_word(g)
    g.check("assert-image.sh", MADE="generic")
    go_down(g)

with Guest(append="rd.initfs", **on_disk(disk, "with-word")) as g:
    with_word(g)
    print(g.need(HOSTONLY, LONG))
    g.check("assert-image.sh", MADE="hostonly")
    go_down(g)

with Guest(append="rd.initfs", **on_disk(disk, "hostonly")) as g:
    with_word(g)
    print(g.need(f"{APT} purge initfs", LONG))
    g.check("assert-image.sh", MADE="without")
    left = g.need("find / -xdev -name '*initfs*' ! -path /srv/initfs.deb")
    expect(not left, f"nothing of ours is left on the disk: {left}")
    go_down(g)

# The word is still there.
with Guest(append="rd.initfs", **on_disk(disk, "purged")) as g:
    without_word(g)
