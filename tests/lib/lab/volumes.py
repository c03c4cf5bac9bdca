# SPDX-License-Identifier: GPL-2.0-or-later
"""Volumes for a guest of the flavour "volumes", made in the guest itself before initfs has looked at
anything: the host needs no device mapper. And somebody who types their passphrases."""

import os

from . import screen
from .cpio import Archive
from .guest import BOOT_LIMIT, Guest

# Few rounds: the guest's processor is slow, and nobody attacks it.
LUKS = "--batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
PASSPHRASE = "open-sesame"
# The kernel would look for them in the initramfs.
MODULES = "dm-mod dm-crypt crypto-aes crypto-xts crypto-sha256 crypto-sha512"
# A dialog has some 20,000, a clock a few hundred.
DIALOG_PIXELS = 10000

_HOOK = """
mount -o remount,rw "$NEWROOT"
cp /boot-lab-make.sh /run
for dir in dev proc sys run; do mount --bind "/$dir" "$NEWROOT/$dir"; done
chroot "$NEWROOT" /bin/sh -ex /run/boot-lab-make.sh >/run/boot-lab-made 2>&1 ||
    warn "boot-lab: the volumes are not made: $(cat /run/boot-lab-made)"
for dir in dev proc sys run; do umount "$NEWROOT/$dir"; done
mount -o remount,ro "$NEWROOT"
"""


_READ = f"""
for dir in dev proc sys run; do mount --bind "/$dir" "/sysroot/$dir"; done
exec chroot /sysroot /bin/sh -ec '
modprobe -q -a {MODULES} || true
printf %s {PASSPHRASE} | cryptsetup open --key-file - /dev/vdb boot-lab
mount /dev/mapper/boot-lab /mnt
cat "/mnt/PATH"'
"""


def make(addon, text):
    """Runs shell text in the guest's root, with its /dev, before the hooks of initfs."""
    addon.add("boot-lab-make.sh", f"modprobe -q -a {MODULES} || true\n" + text)
    addon.add("usr/lib/dracut/hooks/pre-pivot/00-boot-lab.sh", _HOOK)


def encrypted(device, name, folder):
    """Shell text: device becomes an encrypted volume with what is in folder, and fstab and crypttab name it."""
    return f"""
printf %s {PASSPHRASE} | cryptsetup luksFormat {LUKS} {device} -
printf %s {PASSPHRASE} | cryptsetup open --key-file - {device} {name}
mke2fs -q -t ext4 /dev/mapper/{name}
mount /dev/mapper/{name} /mnt
cp -a {folder}/. /mnt
echo unlocked >/mnt/boot-lab
umount /mnt
cryptsetup close {name}
echo "{name} {device} none luks" >>/etc/crypttab
echo "/dev/mapper/{name} {folder} ext4 defaults 0 2" >>/etc/fstab
"""


def empty_disk(name, size):
    """An empty file for Guest(more=[…])."""
    path = os.path.join(os.environ["TEST_TMP"], name)
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def wait_covered(g, is_covered, limit=BOOT_LIMIT):
    """Waits until a dialog is in front of the greeter, or not any more. (Its clock and cursor are small.)"""
    greeter = g.watcher.pictures[screen.GREETER]
    g.wait_until(f"{'a' if is_covered else 'no'} dialog is in front of the greeter",
                 lambda: (screen.differences(greeter, g.picture()) >= DIALOG_PIXELS) == is_covered, limit)


def asked(g, number):
    """Waits until a dialog in front of the greeter shows the question of that number."""
    g.poll(f"[ \"$(grep -c ' early.start name=unlock' /run/initfs/timeline)\" -ge {number} ]")
    g.poll("test -s /run/initfs/unlock-dialog.pid")
    wait_covered(g, True)
    g.screenshot(f"question-{number}")


def read_encrypted(disk, volume, path):
    """The text of a file on an encrypted volume: its own boot, which ends before anything of the root runs."""
    addon = Archive()
    addon.breakpoint("pre-pivot")
    with Guest(initrd="initfs", append="rd.initfs", addon=addon, flavour="volumes", name="read", disk=disk,
               more=[volume], cpus=1) as g:
        g.early.ping(BOOT_LIMIT)
        return g.early.run(_READ.replace("PATH", path), BOOT_LIMIT).output
