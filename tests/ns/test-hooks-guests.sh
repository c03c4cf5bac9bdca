#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# When the hooks undo, every program of the root that was started early ends, and nobody else.
# shellcheck disable=SC2317 # getarg is for the library
if [ "$(id -u)" != 0 ]; then
	echo "chroot: only root can run this"
	exit 77
fi
INITFS_SRC=${INITFS_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
PREFIX=$(mktemp -d /tmp/initfs-guests.XXXXXX)
NEWROOT=$PREFIX/sysroot
mine=
trap 'kill -KILL $mine 2>/dev/null; rm -rf -- "${PREFIX:?}"' EXIT
trap 'exit 1' HUP INT TERM

getarg() { :; } # so that the library does not look for dracut's
. "$INITFS_SRC/modules.d/50initfs/initfs-lib.sh"
. "$INITFS_SRC/modules.d/50initfs/initfs-undo.sh"

# A root with a shell in it, without what the shell is linked with: the machine's own, seen there.
mkdir -p "$NEWROOT/bin" "$NEWROOT/lib64"
for file in $(ldd /bin/sh | grep -o '/[^ ]*') /bin/sh /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*'); do
	mkdir -p "$NEWROOT$(dirname "$file")"
	cp -L "$file" "$NEWROOT$file"
done

sleep 1000 &
stranger=$!
chroot "$NEWROOT" /bin/sleep 1000 &
obeys=$!
chroot "$NEWROOT" /bin/sh -c 'trap "" TERM; echo >/deaf; while :; do sleep 1; done' &
ignores=$!
cp "$NEWROOT/bin/sleep" "$NEWROOT/bin/initfs-hold"
chroot "$NEWROOT" /bin/initfs-hold 1000 &
helper=$!
mine="$stranger $obeys $ignores $helper"

fail() {
	echo "FAIL: $*"
	exit 1
}

tries=0
until [ -e "$NEWROOT/deaf" ] && [ "$(initfs_guests | wc -l)" -ge 2 ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail "the programs of the root are not seen"
	sleep 0.1
done
initfs_guests | grep -qx "$stranger" && fail "a program outside is taken for one of the root"
initfs_guests | grep -qx "$helper" && fail "a helper is taken for a program of the root"
initfs_stop_guests
[ -z "$(initfs_guests)" ] || fail "left: $(initfs_guests)"
wait "$obeys"
[ $? -eq 143 ] || fail "one that would have obeyed was not asked"
wait "$ignores"
[ $? -eq 137 ] || fail "one that does not obey was not made to"
if ! kill -0 "$stranger" || ! kill -0 "$helper"; then
	fail "somebody else was ended"
fi

# Where the root is everybody's root, nobody is meant.
NEWROOT=/
[ -z "$(initfs_guests)" ] || fail "everybody is taken for a program of the root"
exit 0
