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
        deaf) pretend initfs-overlay "trap '' TERM; : > '$scene/hangs'; while :; do sleep 1; done" ;;
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
