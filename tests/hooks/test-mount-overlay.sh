#!/usr/bin/env dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The overlay hook ends with layers and view up, or with the stock boot and one line that says why.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what pretend.sh and the hooks share with a case
# shellcheck disable=SC2016,SC2317 # text for other shells; cases are called through check
set -u
# shellcheck source-path=SCRIPTDIR source=pretend.sh
. "${0%/*}/pretend.sh"

off() (
    pretended "rd.initfs" # given, but the command line hook refused
    run_hook mount-overlay
    expect_console 0
    [ ! -s "$calls" ] || fail "something was called"
    finish
)

good() (
    pretended "rd.initfs $1"
    turned_on
    printf '%s\n' "$2" > "$NEWROOT/etc/initfs.conf"
    run_hook mount-overlay
    expect_on
    for dir in dev proc sys run; do expect_call "mount --rbind $PREFIX/$dir $NEWROOT/$dir"; done
    expect_call "initfs-overlay --size=$3 -- $NEWROOT $4"
    expect_call "initfs-hold -- $NEWROOT"
    expect_console 0
    expect_once mount-overlay
    finish
)

# A file system of its own, by the root's fstab: udev is told to leave its loop device alone, before.
own() (
    pretended "rd.initfs $1"
    turned_on
    mkdir -p "$NEWROOT/etc/initfs.conf.d"
    printf '%s\n' "${5-}" > "$NEWROOT/etc/initfs.conf.d/local.conf"
    printf '%s\n' '# /var' 'LABEL=root / ext4 defaults 0 1' "$2" > "$NEWROOT/etc/fstab"
    pretend udevadm "[ \"\$1\" != control ] || grep -q loop '$PREFIX/run/udev/rules.d/10-initfs.rules' || echo no rule >> '$console'"
    run_hook mount-overlay
    expect_on
    expect_console 0
    if [ "$3" = yes ]; then
        expect_call "modprobe -q loop"
        expect_call "udevadm control --reload"
        expect_call "initfs-overlay --own --size=50% -- $NEWROOT /var /tmp${4:+ $4}"
    else
        expect_no_call udevadm
        expect_no_call "modprobe -q loop"
        expect_call "initfs-overlay --size=50% -- $NEWROOT /var /tmp"
    fi
    finish
)

# What has to be checked first is, by the root's own fsck, and then there is a second try.
unclean() (
    pretended "rd.initfs $1"
    turned_on
    printf '%s\n' 'LABEL=var /var ext4 defaults 0 2' > "$NEWROOT/etc/fstab"
    pretend udevadm
    pretend chroot "exit $2"
    pretend initfs-overlay "case \"\$*\" in *--unclean*) echo /var; exit $3 ;; esac
mkdir -p '$NEWROOT/run/initfs/ram'
printf '0\t/var\n1\t/tmp\n' > '$NEWROOT/run/initfs/layers'"
    run_hook mount-overlay
    expect_on
    expect_console 0
    if [ "$4" = yes ]; then
        expect_call "chroot $NEWROOT fsck -a -T /var"
        grep -q ' boot.check dir=/var$' "$PREFIX/run/initfs/timeline" || fail "no event"
    else
        expect_no_call chroot
    fi
    expect_call "initfs-overlay --own --size=50% -- $NEWROOT /var /tmp"
    finish
)

# Debian's init mounts a tmpfs on /tmp by itself.
with_ramtmp() { # LINE OF ITS SETTINGS
    mkdir -p "$NEWROOT/lib/init" "$NEWROOT/etc/default"
    printf '' > "$NEWROOT/lib/init/tmpfs.sh"
    printf '# RAMTMP=yes\n%s\n' "$1" > "$NEWROOT/etc/default/tmpfs"
    printf 'RAM\n' > "$NEWROOT/etc/default/rcS"
    pretend chroot "echo 'tmpfs $NEWROOT/tmp tmpfs rw 0 0' >> '$PREFIX/proc/mounts'"
}

# Then it comes now, and has no layer.
ramtmp() (
    pretended "rd.initfs $1"
    turned_on
    with_ramtmp "$2"
    printf '%s\n' "$3" > "$NEWROOT/etc/fstab"
    pretend udevadm
    run_hook mount-overlay
    expect_on
    expect_console 0
    if [ "$4" = yes ]; then
        expect_order "chroot $NEWROOT /usr/lib/initfs/ramtmp" "initfs-overlay --size=50% -- $NEWROOT $5"
        expect_event "boot.ramtmp$"
    else
        expect_no_call chroot
    fi
    grep -qx "initfs-overlay.* -- $NEWROOT $5" "$calls" || fail "no layers over $5"
    expect_once mount-overlay
    finish
)

# What cannot be done is said; then it is as it would be without.
ramtmp_fails() (
    pretended "rd.initfs"
    turned_on
    with_ramtmp RAMTMP=yes
    pretend chroot "echo 'mount: no tmpfs' >&2; exit 32"
    run_hook mount-overlay
    expect_on
    expect_console 1 "/tmp gets no tmpfs early: mount: no tmpfs"
    expect_call "initfs-overlay --size=50% -- $NEWROOT /var /tmp"
    finish
)

# The stock boot begins without it.
ramtmp_undone() (
    pretended "rd.initfs $1"
    turned_on
    with_ramtmp RAMTMP=yes
    pretend initfs-hold 'exit 1'
    run_hook mount-overlay
    expect_call "umount -l $NEWROOT/tmp"
    [ ! -e "$PREFIX/tmp/initfs.ramtmp" ] || fail "it is still noted"
    expect_stock "$2"
    finish
)

# Each mistake in the root's own files is named, and the next best value counts.
conf_mistakes() (
    pretended "rd.initfs rd.initfs.size=banana"
    turned_on
    mkdir -p "$NEWROOT/etc/initfs.conf.d"
    printf '# comment\n\nsize = 30%%\noverlay=var\ncolour=red\n' > "$NEWROOT/etc/initfs.conf"
    printf 'size=70%%' > "$NEWROOT/etc/initfs.conf.d/10-site.conf"
    printf 'size=all of it\n' > "$NEWROOT/etc/initfs.conf.d/20-typo.conf"
    run_hook mount-overlay
    expect_console 3 "/etc/initfs.conf: overlay=var is ignored" \
        "/etc/initfs.conf: colour is not known" \
        "/etc/initfs.conf.d/20-typo.conf: size=all of it is ignored"
    expect_call "initfs-overlay --size=70% -- $NEWROOT /var /tmp"
    finish
)

# What somebody else mounted there already is used, and left to him.
bound_before() (
    pretended "rd.initfs"
    turned_on
    printf 'devtmpfs %s devtmpfs rw 0 0\n' "$NEWROOT/dev" >> "$PREFIX/proc/mounts"
    pretend initfs-hold 'exit 1'
    run_hook mount-overlay
    expect_no_call "mount --rbind $PREFIX/dev"
    expect_no_call "umount -l $NEWROOT/dev"
    expect_call "umount -l $NEWROOT/run"
    finish
)

bind_fails() (
    pretended "rd.initfs"
    turned_on
    pretend mount "case \"\$3\" in */sys) echo 'mount: /sys: no such place' >&2; exit 32 ;; esac"
    run_hook mount-overlay
    expect_no_call initfs-overlay
    expect_call "umount -l $NEWROOT/proc"
    expect_call "umount -l $NEWROOT/dev"
    expect_stock "mount: /sys: no such place"
    finish
)

refused() (
    pretended "rd.initfs"
    turned_on
    case "$1" in
        hang) pretend initfs-overlay "$hang" ;;
        deaf) pretend initfs-overlay "trap '' TERM; : > '$scene/hangs.'\$\$; while :; do sleep 1; done" ;;
        *) pretend initfs-overlay "$1" ;;
    esac
    run_hook mount-overlay
    expect_no_call initfs-hold
    for dir in dev proc sys run; do expect_call "umount -l $NEWROOT/$dir"; done
    expect_stock "$2"
    finish
)

hold_fails() (
    pretended "rd.initfs"
    turned_on
    body="$1"
    [ "$body" != hang ] || body="$hang"
    pretend initfs-hold "case \"\$*\" in *--undo*) ;; *) $body ;; esac"
    run_hook mount-overlay
    expect_call "initfs-hold --undo -- $NEWROOT"
    expect_call "initfs-overlay --undo -- $NEWROOT"
    expect_stock "$2"
    finish
)

# Where a helper hangs it cannot undo either: the hook sweeps its mounts away itself.
nothing_answers() (
    pretended "rd.initfs"
    turned_on
    pretend initfs-overlay "case \"\$*\" in *--undo*) $hang ;; esac
mkdir -p '$NEWROOT/run/initfs/ram' '$NEWROOT/run/initfs/layer/0'
printf '0\t/var\n' > '$NEWROOT/run/initfs/layers'
{
    echo 'initfs $NEWROOT/run/initfs/ram tmpfs rw 0 0'
    echo 'initfs $NEWROOT/run/initfs/layer/0 overlay rw 0 0'
    printf '%s\n' 'initfs $NEWROOT/with\\040blank fuse.initfs-hold rw 0 0'
    echo 'other $NEWROOT/home ext4 rw 0 0'
} >> '$PREFIX/proc/mounts'"
    pretend initfs-hold "$hang"
    run_hook mount-overlay
    expect_call "umount -l $NEWROOT/with blank"
    expect_call "umount -l $NEWROOT/run/initfs/layer/0"
    expect_call "umount -l $NEWROOT/run/initfs/ram"
    expect_no_call "umount -l $NEWROOT/home"
    [ "$(grep -n "with blank" "$calls" | cut -d: -f1)" -lt \
        "$(grep -n "initfs/ram$" "$calls" | cut -d: -f1)" ] || fail "the view is not taken away first"
    expect_stock "initfs-hold did not answer in time"
    finish
)

check off
check good "" "" 50% "/var /tmp"
check good "rd.initfs.size=1g rd.initfs.overlay=/srv/a,/b" "" 1g "/srv/a /b"
check good "" "size=200m" 200m "/var /tmp"
check good "rd.initfs.size=1g" "size=200m" 1g "/var /tmp" # the command line wins
check good "rd.initfs.overlay=/*" "" 50% "/*"
check own "" "LABEL=var /var ext4 defaults 0 2" yes
check own "" "/dev/sdb1	/tmp/	ext4" yes
check own "" "LABEL=log /var/log ext4 defaults 0 2" yes /var/log
check own "" "LABEL=lib /var/lib/ ext4 defaults 0 2" yes /var/lib
check own "" "LABEL=x /var/lib/docker ext4 defaults 0 2" no
check own "" "LABEL=log /srv/log ext4 defaults 0 2" no
check own "rd.initfs.merge=manual" "LABEL=log /var/log ext4 defaults 0 2" no
check own "" "#LABEL=var /var ext4 defaults 0 2" no
# Nobody would put it beneath the view.
check own "rd.initfs.merge=manual" "LABEL=var /var ext4 defaults 0 2" no
check own "" "LABEL=var /var ext4 defaults 0 2" no "" merge=manual
check own "rd.initfs.merge=auto" "LABEL=var /var ext4 defaults 0 2" yes "" merge=manual
check unclean "" 1 0 yes
check unclean "" 4 0 yes # initfs-overlay judges what came of it
check unclean "" 1 3 no
check unclean "fastboot" 1 0 no
check ramtmp "" "RAMTMP=yes" "" yes /var
check ramtmp "" "  export RAMTMP='yes'" "" yes /var
check ramtmp "rd.initfs.overlay=/tmp,/srv,/tmp,/var/tmp,/tmp" "RAMTMP=yes" "" yes "/srv /var/tmp"
check ramtmp "rd.initfs.overlay=/var,/srv/tmp" "RAMTMP=yes" "" no "/var /srv/tmp"
check ramtmp "" "" "" no "/var /tmp"
check ramtmp "" "RAMTMP=yes" "tmpfs /tmp tmpfs defaults 0 0" no "/var /tmp"
check ramtmp_fails
check ramtmp_undone "" "initfs-hold ended with status 1"
check ramtmp_undone "rd.initfs.overlay=/tmp" "/tmp is a tmpfs of the root, and nothing else is protected"
check conf_mistakes
check bound_before
check bind_fails
check refused "echo 'initfs-overlay: cannot protect the directory' >&2; exit 3" \
    "initfs: initfs-overlay: cannot protect the directory;"
check refused "exit 1" "initfs-overlay ended with status 1"
check refused hang "initfs-overlay did not answer in time"
check refused deaf "initfs-overlay did not answer in time"
check refused 'kill -SEGV $$' "initfs-overlay died of signal 11"
check hold_fails "echo 'initfs-hold: no /dev/fuse' >&2; exit 1" "initfs-hold: no /dev/fuse"
check hold_fails hang "initfs-hold did not answer in time"
check nothing_answers
exit "$status"
