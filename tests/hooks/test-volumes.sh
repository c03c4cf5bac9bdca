#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Volumes that a protected directory is on are opened early by the root's own programs, as init would; what init
# has to ask for is asked for only where nothing else helps, and what is not needed stays closed.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

# scene FSTAB CRYPTTAB [WORDS]: with udev's rules; a root that has all programs; each call of chroot may open something
scene() {
    pretended "rd.initfs ${3-}"
    turned_on
    printf '%s\n' "$1" > "$NEWROOT/etc/fstab"
    [ -z "$2" ] || printf '%s\n' "$2" > "$NEWROOT/etc/crypttab"
    mkdir -p "$NEWROOT/sbin" "$NEWROOT/etc/keys" "$PREFIX/lib/udev/rules.d"
    printf '' > "$NEWROOT/etc/keys/good"
    for name in lvm cryptdisks_start; do
        printf '' > "$NEWROOT/sbin/$name"
        chmod 755 "$NEWROOT/sbin/$name"
    done
    printf '' > "$PREFIX/lib/udev/rules.d/95-dm-notify.rules"
    pretend udevadm
    ciphers="chroot $NEWROOT modprobe -q -a -b dm-crypt crypto-aes crypto-xts crypto-cbc crypto-ecb crypto-essiv crypto-sha1 crypto-sha256 crypto-sha512"
    # What is missing stands in a file, one on a line, until one call of chroot has all the words behind it.
    pretend initfs-overlay "case \"\$*\" in *--missing*) cut -d' ' -f1 '$scene/missing'; exit 0 ;; esac
mkdir -p '$NEWROOT/run/initfs/ram'
printf '0\t/var\n1\t/tmp\n' > '$NEWROOT/run/initfs/layers'"
    pretend chroot "shift
while read -r source opens; do
    [ \"\$*\" = \"\$opens\" ] || printf '%s\n' \"\$source \$opens\"
done < '$scene/missing' > '$scene/missing.new'
mv '$scene/missing.new' '$scene/missing'"
}

vgchange="lvm vgchange -aay --sysinit"

nothing_is_missing() (
    scene "/dev/vg/var /var ext4 defaults 0 2" "other /dev/sdb1 /etc/keys/good luks"
    printf '' > "$scene/missing"
    run_hook mount-overlay
    expect_on
    expect_console 0
    expect_call "initfs-overlay --missing -- $NEWROOT /var /tmp"
    expect_no_call chroot
    expect_call "initfs-overlay --own --size=50% -- $NEWROOT /var /tmp"
    finish
)

# What udev cannot name: nothing that could be opened here.
network() (
    scene "server:/var /var nfs defaults 0 0" ""
    printf 'server:/var none\n' > "$scene/missing"
    run_hook mount-overlay
    expect_no_call chroot
    finish
)

logical() (
    scene "$1 /var ext4 defaults 0 2" ""
    printf '%s\n' "$1 $vgchange" > "$scene/missing"
    run_hook mount-overlay
    expect_on
    expect_console 0
    expect_call "modprobe -q dm-mod"
    expect_call "chroot $NEWROOT $vgchange"
    expect_call "udevadm settle --timeout=10"
    expect_event "boot.open volume=lvm"
    [ "$(grep -c "^chroot .*fsck" "$calls")" -eq 0 ] || fail "something is checked"
    expect_call "initfs-overlay --own --size=50% -- $NEWROOT /var /tmp"
    finish
)

# By a key file, all that init would open so: a logical volume may lie on any of them.
keyed() (
    scene "/dev/vg/var /var ext4 defaults 0 2" "# name device key options
pv UUID=1 /etc/keys/good luks,discard
none UUID=2 none luks
gone UUID=3 /etc/keys/gone luks
swap /dev/sdc1 /dev/urandom swap,cipher=aes
swapped /dev/sdc1 /etc/keys/good cipher=aes,swap
scratch /dev/sdc2 /etc/keys/good tmp=ext4
later UUID=4 /etc/keys/good luks,noauto
script UUID=5 /etc/keys/good luks,keyscript=/bin/ask
bare /dev/sdd /etc/keys/good plain,size=256
last UUID=6 /etc/keys/good"
    printf '%s\n' "/dev/vg/var never" > "$scene/missing"
    pretend chroot "[ \"\$2\" = lvm ] && grep -q 'cryptdisks_start last' '$calls' && > '$scene/missing'; exit 0"
    run_hook mount-overlay
    expect_on
    expect_console 0
    [ "$(grep "^chroot" "$calls")" = "chroot $NEWROOT $vgchange
$ciphers
chroot $NEWROOT cryptdisks_start pv
chroot $NEWROOT cryptdisks_start last
chroot $NEWROOT $vgchange" ] || fail "not those are opened"
    expect_event "boot.open volume=pv"
    finish
)

# An encrypted volume on a logical one is there when that is; one that is open is left alone.
stacked() (
    scene "/dev/mapper/var /var ext4 defaults 0 2" "done UUID=1 /etc/keys/good luks
var /dev/vg/crypt /etc/keys/good luks"
    printf '%s\n' "/dev/mapper/var cryptdisks_start var" > "$scene/missing"
    mkdir -p "$PREFIX/dev/mapper"
    printf '' > "$PREFIX/dev/mapper/done"
    run_hook mount-overlay
    expect_on
    expect_console 0
    [ "$(grep "^chroot" "$calls")" = "chroot $NEWROOT $vgchange
$ciphers
chroot $NEWROOT cryptdisks_start var" ] || fail "not those are opened"
    finish
)

# Somebody has to type: once, last, and only for what the directory itself is on.
asked() (
    scene "/dev/mapper/var /var ext4 defaults 0 2" "home UUID=1 none luks
var UUID=2 $1 luks"
    printf '%s\n' "/dev/mapper/var never" > "$scene/missing"
    run_hook mount-overlay
    expect_on
    expect_console 0
    [ "$(grep "^chroot" "$calls")" = "chroot $NEWROOT $vgchange
$ciphers
chroot $NEWROOT sh -c exec cryptdisks_start \"\$0\" < /dev/console > /dev/console 2>&1 var" ] || fail "not asked so"
    finish
)

# Logs that nobody can see yet are joined later.
log_not_asked() (
    scene "/dev/mapper/log /var/log ext4 defaults 0 2" "log UUID=2 none luks" \
        "rd.initfs.overlay=/var,/var/log"
    printf '%s\n' "/dev/mapper/log never" > "$scene/missing"
    pretend initfs-overlay "case \"\$*\" in
*--missing*/var/log*) echo /dev/mapper/log; exit 0 ;;
*--missing*) exit 0 ;;
esac
mkdir -p '$NEWROOT/run/initfs/ram'
printf '0\t/var\n1\t/var/log\n' > '$NEWROOT/run/initfs/layers'"
    run_hook mount-overlay
    expect_on
    expect_call "initfs-overlay --missing -- $NEWROOT /var"
    expect_no_call "chroot $NEWROOT .*cryptdisks_start"
    finish
)

not_asked() (
    scene "$1 /var ext4 defaults 0 2" "$2"
    printf '%s\n' "$1 never" > "$scene/missing"
    run_hook mount-overlay
    expect_no_call "chroot $NEWROOT .*cryptdisks_start"
    finish
)

# The tools are not there, or the rules: initfs-overlay refuses what it cannot see.
without() (
    scene "/dev/mapper/var /var ext4 defaults 0 2" "var UUID=2 /etc/keys/good luks"
    printf '%s\n' "/dev/mapper/var never" > "$scene/missing"
    rm "$scene/$1"
    run_hook mount-overlay
    expect_no_call "chroot $NEWROOT $2"
    expect_console "$3" ${4:+"$4"}
    expect_call "initfs-overlay --own --size=50% -- $NEWROOT /var /tmp"
    finish
)

fails() (
    scene "/dev/vg/var /var ext4 defaults 0 2" ""
    printf '%s\n' "/dev/vg/var never" > "$scene/missing"
    case "$1" in
        hang) pretend chroot "$hang" ;;
        *) pretend chroot "$1" ;;
    esac
    run_hook mount-overlay
    expect_on
    expect_console 1 "$2"
    finish
)

check nothing_is_missing
check network
check logical /dev/vg/var
check logical /dev/mapper/vg-var
check logical UUID=1234
check logical LABEL=var
check keyed
check stacked
check asked none
check asked -
check log_not_asked
check not_asked /dev/mapper/var "other UUID=2 none luks"
check not_asked /dev/mapper/var "var UUID=2 none luks,noauto"
check not_asked /dev/mapper/var "var /dev/sdb /dev/urandom tmp,cipher=aes"
check not_asked UUID=7 "var UUID=2 none luks" # nobody can tell what that is on
check not_asked /dev/mapper/var ""
check without sysroot/sbin/lvm lvm 0
check without sysroot/sbin/cryptdisks_start cryptdisks_start 0
check without initramfs/lib/udev/rules.d/95-dm-notify.rules "" 1 \
    "initfs: no volumes can be opened early: dracut's module 'dm' is not in this initramfs"
check fails "echo 'device-mapper: no such thing' >&2; exit 5" \
    "initfs: lvm is not opened early: device-mapper: no such thing"
check fails hang "initfs: lvm is not opened early: lvm did not answer in time"
exit "$status"
