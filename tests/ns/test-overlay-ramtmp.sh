#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tmpfs of RAMTMP=yes that comes early is the one that Debian's own mount_tmp makes later, swap counted, and that
# finds it and mounts nothing more; without RAMTMP=yes there is none.
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

scene_make
install -m 755 "$INITFS_SRC/helpers/overlay/ramtmp" "$root/srv/ramtmp"
truncate -s 600004K "$root/srv/swap"
printf '%s\n' '# LABEL=x none swap sw' '/dev/root / ext4 defaults 0 1' '/srv/swap none swap sw 0 0' \
	'LABEL=none-such none swap sw 0 0' '/srv/ramtmp none swap noauto 0 0' >"$root/etc/fstab"

meminfo() { # RAM SWAP, in KiB
	printf 'MemTotal: %9s kB\nSwapTotal: %8s kB\n' "$1" "$2" >"$TEST_TMP/meminfo"
}
meminfo 1 1
mount --bind "$TEST_TMP/meminfo" "$root/proc/meminfo"

# What mountall.sh calls last, when swap is on.
init_mounts() {
	# shellcheck disable=SC2016 # the inner shell expands it
	chroot "$root" /bin/sh -c '. /lib/init/vars.sh; . /lib/init/tmpfs.sh; . /lib/lsb/init-functions
		. /lib/init/mount-functions.sh; read_fstab; mount_tmp mount_noupdate' >"$TEST_TMP/output"
}

is_there() { # what is mounted on it
	awk -v tmp="$root/tmp" '$2 == tmp { print $3, $4 }' /proc/mounts
}

clear_tmp() {
	until [ -z "$(is_there)" ]; do umount "$root/tmp"; done
}

same() { # SETTING...: the early one is init's
	printf '%s\n' "$@" >"$root/etc/default/tmpfs"
	meminfo 1000000 600000
	init_mounts
	stock=$(is_there)
	clear_tmp
	meminfo 1000000 0
	chroot "$root" /srv/ramtmp >"$TEST_TMP/output" || fail "$*: exit $?"
	[ "$(is_there)" = "$stock" ] || fail "$*: «$(is_there)», not «$stock»"
	[ -z "$stock" ] || [ -e "$root/tmp/.tmpfs" ] || fail "$*: it would be cleaned"
	meminfo 1000000 600000
	init_mounts
	[ "$(is_there)" = "$stock" ] || fail "$*: init has mounted once more: $(is_there)"
	clear_tmp
	rm -f "$root/tmp/.tmpfs"
}

is_of() { # SIZE: init's is
	case "$stock," in *",size=$1,"*) ;; *) fail "not of $1: «$stock»" ;; esac
}

same RAMTMP=yes
is_of 320000k # a fifth of RAM and swap
same RAMTMP=yes TMP_SIZE=10%VM
is_of 160000k
same RAMTMP=yes TMP_SIZE=17m
same RAMTMP=yes TMPFS_SIZE=40%VM TMP_MODE=1770
same RAMTMP=no
[ -z "$stock" ] || fail "nobody wants it: $stock"
same '#RAMTMP=yes'
[ -z "$stock" ] || fail "nobody wants it: $stock"
echo RAMTMP=yes >>"$root/etc/default/rcS"
same TMP_SIZE=18m
is_of 18432k

# A full disk is no reason yet: it is going to be cleaned. Nor is a machine with next to no RAM one.
rm "$root/etc/default/rcS"
printf '%s\n' RAMTMP=no TMP_OVERFLOW_LIMIT=100000000 >"$root/etc/default/tmpfs"
chroot "$root" /srv/ramtmp >"$TEST_TMP/output" || fail "exit $?"
[ -z "$(is_there)" ] || fail "the disk is not full: $(is_there)"
echo RAMTMP=yes >"$root/etc/default/tmpfs"
meminfo 65000 0
chroot "$root" /srv/ramtmp >"$TEST_TMP/output" || fail "exit $?"
[ -z "$(is_there)" ] || fail "there is not enough RAM: $(is_there)"
