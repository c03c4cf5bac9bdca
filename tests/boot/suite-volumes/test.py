#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Where /var is a logical volume on an encrypted one, which only init opens, the greeter and the log come early all
# the same; the passphrase of an encrypted /home is typed on the greeter's screen, the wrong one first, and who logs in
# there then has a home on it.
from lab import Archive, Guest, events, expect, wait_event
from lab.login import SAYS, log_in_at_lightdm
from lab.volumes import LUKS, PASSPHRASE, asked, empty_disk, encrypted, make, read_encrypted, wait_covered

MAKE_VAR = f"""
mkdir /etc/keys
head -c 64 /dev/urandom >/etc/keys/pv
cryptsetup luksFormat {LUKS} /dev/vdb /etc/keys/pv
cryptsetup open --key-file /etc/keys/pv /dev/vdb pv
pvcreate -q /dev/mapper/pv
vgcreate -q vg /dev/mapper/pv
lvcreate -q -n var -l 100%FREE vg
mke2fs -q -t ext4 /dev/vg/var
mount /dev/vg/var /mnt
cp -a /var/. /mnt
umount /mnt
vgchange -q -an vg
cryptsetup close pv
echo "pv /dev/vdb /etc/keys/pv luks" >>/etc/crypttab
echo "/dev/vg/var /var ext4 defaults 0 2" >>/etc/fstab
"""


def unlock(g):
    asked(g, 1)
    expect(not g.run("mountpoint -q /home"), "before a passphrase was typed /home is not there")
    g.type("wrong-one\n")
    asked(g, 2)
    expect(not g.run("mountpoint -q /home || test -e /dev/mapper/home"), "the wrong one opens nothing")
    g.type(f"{PASSPHRASE}\n")


def session_is_encrypted(g, home):
    """What the session wrote is on the volume that the passphrase has opened, and nowhere else."""
    said = read_encrypted(g.disk, home, f"user/{SAYS}")
    expect(said.startswith("user on :"), f"after a power cut the session's file is on the volume: {said}")
    with open(home, "rb") as f:
        expect(SAYS.encode() not in f.read(), "who has no passphrase does not even find its name there")
    expect(not g.disk.read(f"/home/user/{SAYS}"), "it is not on the root")


addon = Archive()
make(addon, MAKE_VAR + encrypted("/dev/vdc", "home", "/home"))
home = empty_disk("home.raw", 128 << 20)
with Guest(initrd="initfs", append="rd.initfs", addon=addon, flavour="volumes",
           more=[empty_disk("pv.raw", 1 << 30), home]) as g:
    g.wait("greeter")
    g.wait("agent")
    unlock(g)
    g.wait("login")
    wait_event(g, "layer.gone")
    wait_covered(g, False)
    g.screenshot("after")
    print(g.need("cat /run/initfs/timeline"))
    seen = [(event, rest) for _, event, rest in events(g)]
    opened = [rest for event, rest in seen if event == "boot.open"]
    expect(opened == ["volume=lvm", "volume=pv", "volume=lvm"], "what /var is on was opened early, and nothing else")
    expect(seen.count(("early.exit", "name=unlock status=0")) == 2, "two questions were answered on the screen")
    expect(("merge.target", "dir=/var") in seen, "init's /var was put beneath the view")
    g.poll("test ! -e /run/nologin")
    log_in_at_lightdm(g)
    g.screenshot("session")
    g.cut()
session_is_encrypted(g, home)
