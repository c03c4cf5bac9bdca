#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions that open volumes which init would open a moment later, so that what is on them can be shown:
# by the root's own programs, by its own crypttab. Sourcing it does nothing else.
#
# For whom a passphrase has to be typed is asked last, and only where a protected directory is on that very
# volume: init asks for all others.

# A key may take seconds to derive, and the machine may be slow. A person has to be found first: who is
# not there in ten minutes is asked by init.
initfs_open_limit=120
initfs_ask_limit=600

# Without these rules udev does not say that it has seen a volume, and whoever opens one waits for that.
initfs_has_dm_rules() {
    local dir
    for dir in lib usr/lib etc; do
        [ -e "${PREFIX-}/$dir/udev/rules.d/95-dm-notify.rules" ] && return 0
    done
    return 1
}

# Prints what the root's fstab wants for those directories and is not there, one on a line.
initfs_missing() {
    local source
    initfs_run initfs-overlay --missing -- "$NEWROOT" "$@" > "${PREFIX-}/tmp/initfs.missing" || return 0
    while read -r source; do
        case "$source" in
            /dev/* | UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*) printf '%s\n' "$source" ;;
        esac
    done < "${PREFIX-}/tmp/initfs.missing"
}

# Prints the volumes of the root's crypttab that a key file opens.
initfs_keyed_volumes() {
    local name key options
    [ -f "$NEWROOT/etc/crypttab" ] || return 0
    while read -r name _ key options _ || [ -n "$name" ]; do
        case "$name:$key" in :* | \#*) continue ;; *:/dev/*) continue ;; *:/*) ;; *) continue ;; esac
        # What is made anew at each boot, and what a person or a script has to say something to, is init's.
        case ",$options," in
            *,noauto,* | *,swap,* | *,tmp,* | *,tmp=* | *,plain,* | *,keyscript=*) continue ;;
        esac
        [ -f "$NEWROOT$key" ] && printf '%s\n' "$name"
    done < "$NEWROOT/etc/crypttab"
    return 0
}

# True if the crypttab has a volume of that name for which init would ask for a passphrase.
initfs_is_asked_for() {
    local name key options
    [ -f "$NEWROOT/etc/crypttab" ] || return 1
    while read -r name _ key options _ || [ -n "$name" ]; do
        [ "$name" = "$1" ] || continue
        case "$key:,$options," in
            *,noauto,* | *,swap,* | *,tmp,* | *,tmp=* | *,plain,*) return 1 ;;
            none:* | -:*) return 0 ;;
        esac
        return 1
    done < "$NEWROOT/etc/crypttab"
    return 1
}

# initfs_open NAME SECONDS COMMAND ARG...: runs a command of the root; a volume that it does not open is named.
initfs_open() {
    local name="$1" limit="$2" status=0
    shift 2
    initfs_mark boot.open volume "$name"
    initfs_run_for "$limit" chroot "$NEWROOT" "$@" > /dev/null || status=$?
    [ "$status" -eq 0 ] || initfs_say "$name is not opened early: $(initfs_why "$status" "$1")"
    udevadm settle --timeout=10
    return 0
}

initfs_open_logical() {
    [ ! -x "$NEWROOT/sbin/lvm" ] || initfs_open lvm "$initfs_open_limit" lvm vgchange -aay --sysinit
}

# The kernel asks for ciphers by the modprobe of the initramfs, which does not have them; the root has.
initfs_load_ciphers() {
    initfs_run chroot "$NEWROOT" modprobe -q -a -b dm-crypt crypto-aes crypto-xts crypto-cbc crypto-ecb \
        crypto-essiv crypto-sha1 crypto-sha256 crypto-sha512
    return 0 # what it does not know may be built in
}

# False where there is none. A blank in a name is \040 there, so each is one word.
initfs_open_keyed() {
    local name found=1
    [ -x "$NEWROOT/sbin/cryptdisks_start" ] || return 1
    for name in $(initfs_keyed_volumes); do
        [ -e "${PREFIX-}/dev/mapper/$name" ] && continue
        [ "$found" -eq 0 ] || initfs_load_ciphers
        initfs_open "$name" "$initfs_open_limit" cryptdisks_start "$name"
        found=0
    done
    return "$found"
}

# Debian's askpass asks on plymouth's splash, where there is one, and on the console, which also shows what
# became of the answer.
initfs_open_asking() {
    local source
    [ -x "$NEWROOT/sbin/cryptdisks_start" ] || return 0
    for source; do
        case "$source" in /dev/mapper/*) ;; *) continue ;; esac
        initfs_is_asked_for "${source#/dev/mapper/}" || continue
        initfs_load_ciphers
        # shellcheck disable=SC2016 # the root's shell expands it
        initfs_open "${source#/dev/mapper/}" "$initfs_ask_limit" sh -c \
            'exec cryptdisks_start "$0" < /dev/console > /dev/console 2>&1' "${source#/dev/mapper/}"
    done
}

# initfs_open_volumes DIR...: encrypted ones may lie on logical ones, and the other way round.
initfs_open_volumes() (
    set -f # no name is a pattern; in a subshell, because the shell is init's
    [ -n "$(initfs_missing "$@")" ] || return 0
    if ! initfs_has_dm_rules; then
        initfs_say "no volumes can be opened early: dracut's module 'dm' is not in this initramfs"
        return 0
    fi
    modprobe -q dm-mod
    initfs_open_logical
    [ -n "$(initfs_missing "$@")" ] || return 0
    if initfs_open_keyed && [ -n "$(initfs_missing "$@")" ]; then
        initfs_open_logical
    fi
    # Logs that cannot be seen are joined with those of the disk: nobody has to be asked for them.
    for dir; do
        shift
        case "$dir" in */log) ;; *) set -- "$@" "$dir" ;; esac
    done
    # shellcheck disable=SC2046 # one word for each; fstab writes a blank as \040
    [ $# -eq 0 ] || initfs_open_asking $(initfs_missing "$@")
)
