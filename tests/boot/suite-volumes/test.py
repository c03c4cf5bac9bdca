#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Where /var is a logical volume on an encrypted one, which only init opens, the greeter and the log come early all
# the same; the passphrase of an encrypted /home is typed on the greeter's screen, the wrong one first.
from lab import Archive, Guest, events, expect, wait_event
from lab.volumes import LUKS, PASSPHRASE, answer, empty_disk, encrypted, make, wait_covered

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

addon = Archive()
make(addon, MAKE_VAR + encrypted("/dev/vdc", "home", "/home"))
with Guest(initrd="initfs", append="rd.initfs", addon=addon, flavour="volumes",
           more=[empty_disk("pv.raw", 1 << 30), empty_disk("home.raw", 128 << 20)]) as g:
    g.wait("greeter")
    g.wait("agent")
    answer(g, 1, "wrong-one")
    answer(g, 2, PASSPHRASE)
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
