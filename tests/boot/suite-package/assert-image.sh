# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the initramfs on the disk has. MADE: "generic" for all machines, "hostonly" for this one, "without" initfs.
: "${MADE:?}"
kernel=$(uname -r)
list=/run/boot-lab-initramfs
lsinitrd "/boot/initrd.img-$kernel" >"$list"

driver() { # in the initramfs or in the kernel
	grep -qE "/$1\.ko(\.[a-z]+)?\$" "$list" || grep -qE "/$1\.ko\$" "/lib/modules/$kernel/modules.builtin"
}

helpers() {
	grep -oE 'usr/sbin/initfs-[a-z]+$' "$list" | sort | xargs -n 1 basename | xargs
}

expect "it can be read" grep -q 'usr/bin/mount$' "$list"
if [ "$MADE" = without ]; then
	expect "nothing of ours is in the initramfs" nothing grep initfs "$list"
else
	expect "all helpers are in the initramfs" equal "initfs-hold initfs-keep initfs-merge initfs-overlay \
initfs-rcfilter initfs-readahead initfs-supervise" "$(helpers)"
	for name in overlay fuse loop ext4 virtio_pci virtio_blk bochs evdev atkbd usbhid hid-generic virtio_input; do
		expect "the initramfs has $name" driver "$name"
	done
fi
case $MADE in
generic) expect "it is for other machines, too" driver nouveau ;;
*) expect "it is for this machine only" sh -c "! grep -q '/nouveau\\.ko' $list" ;;
esac
