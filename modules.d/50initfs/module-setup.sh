#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build host: what "dracut --add initfs" puts into an initramfs.

initfs_helpers=(initfs-overlay initfs-hold initfs-merge initfs-rcfilter initfs-supervise initfs-keep
    initfs-readahead)

# Prints where a helper is. dracut looks in the system's own folders, but a "make install" without a
# prefix puts them below /usr/local.
initfs_find() {
    find_binary "$1" && return 0
    [[ -x ${dracutsysrootdir-}/usr/local/sbin/$1 ]] && printf '%s\n' "/usr/local/sbin/$1"
}

# called by dracut; 255: only when asked for by name
check() {
    local helper
    for helper in "${initfs_helpers[@]}"; do
        if ! initfs_find "$helper" > /dev/null; then
            derror "dracut module 'initfs' cannot be installed: $helper is not there"
            return 1
        fi
    done
    require_binaries mount umount modprobe timeout chroot rmdir || return 1
    return 255
}

# called by dracut; drm: the screen's device has to be there before the root's own udev is; dm: udev's rules
# for volumes that mount-overlay.sh opens, without which whoever opens one waits for udev for ever
depends() {
    echo base drm
    if find_binary dmsetup > /dev/null; then echo dm; fi
}

# called by dracut; without hostonly: an image made in a chroot or for a machine with other hardware
# has to start the same screen. These are small; the large drivers are drm's own choice.
installkernel() {
    hostonly='' instmods overlay fuse loop
    # For directories with a file system of their own; with hostonly, what this machine uses.
    instmods ext4 xfs btrfs
    hostonly='' instmods evdev mousedev psmouse atkbd i8042 \
        usbhid hid-generic hid-multitouch i2c-hid-acpi virtio_input \
        bochs virtio-gpu qxl cirrus vmwgfx vboxvideo simpledrm
}

# Prints where a busybox is that can be the syslog of a root without one. In the hostonly mode the root
# is this one: where it has a syslog daemon, nothing is carried.
initfs_find_syslog() {
    local busybox name
    if [[ $hostonly ]]; then
        for name in rsyslogd syslog-ng syslogd metalog; do
            ! find_binary "$name" > /dev/null || return 1
        done
    fi
    if ! busybox=$(find_binary busybox) ||
        [[ $("${dracutsysrootdir-}$busybox" --list 2> /dev/null | grep -cxE 'syslogd|klogd|true') != 3 ]]; then
        dinfo "dracut module 'initfs': there is no busybox here that could log for a root without a syslog daemon"
        return 1
    fi
    printf '%s\n' "$busybox"
}

# called by dracut
install() {
    local helper busybox
    # At a place that is in the initramfs's PATH, wherever they are here.
    for helper in "${initfs_helpers[@]}"; do
        inst_binary "$(initfs_find "$helper")" "/usr/sbin/$helper"
    done
    inst_multiple mount umount modprobe timeout chroot mkdir rm rmdir sleep cp
    # What an X server asks udev: without the first it takes no keyboard before init starts the root's udev.
    inst_rules 60-input-id.rules 60-evdev.rules 70-mouse.rules 70-touchpad.rules 70-joystick.rules
    ! busybox=$(initfs_find_syslog) || inst_binary "$busybox" /usr/lib/initfs/busybox

    # What the machine says of drivers (no nouveau, an option) counts for those that come with this module, in boots
    # without rd.initfs, too. dracut takes it along with hostonly only.
    inst_multiple -H -o "/etc/modprobe.d/*.conf" /etc/modprobe.conf

    # The names of logical volumes that mount-overlay.sh opens: upstream's file and Debian's. Not the one
    # that opens whatever udev finds.
    inst_rules 11-dm-lvm.rules 56-lvm.rules

    # shellcheck disable=SC2154 # moddir is dracut's
    inst_simple "$moddir/initfs-lib.sh" "/lib/initfs-lib.sh"
    inst_simple "$moddir/initfs-undo.sh" "/lib/initfs-undo.sh"
    inst_simple "$moddir/initfs-volumes.sh" "/lib/initfs-volumes.sh"
    # After parse-root-opts.sh (10), before whatever reads rflags (95).
    inst_hook cmdline 20 "$moddir/parse-initfs.sh"
    # The root is there, and the processors are what the others below wait for.
    inst_hook pre-pivot 20 "$moddir/read-ahead.sh"
    # After mount-usr.sh (50) and the security policies (60): the root's own programs run then.
    inst_hook pre-pivot 84 "$moddir/mount-overlay.sh"
    inst_hook pre-pivot 86 "$moddir/start-early.sh"
    inst_hook pre-pivot 88 "$moddir/filter-rc.sh"
    inst_hook pre-pivot 90 "$moddir/finish-early.sh"
}
