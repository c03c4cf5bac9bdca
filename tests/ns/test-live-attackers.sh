#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile users who swap, rename, link, chmod and bind under the merge lead it nowhere, and see nothing that they should not.
# INITFS_ATTACK says for how many seconds, INITFS_SEED how their deeds are chosen.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

IMAGE_SIZE=256M scene_make /var /tmp
# What is outside of the layers, on the same file system.
mount -o remount,rw "$root"
mkdir -p "$root/outside/below/deep" "$root/etc" "$root/var/tmp"
chmod 1777 "$root/var/tmp"
chmod 711 "$root/outside"
chmod 700 "$root/outside/below"
printf 'outside\n' >"$root/outside/file"
printf 'outside\n' >"$root/outside/below/deep/file"
printf 'public\n' >"$root/outside/public"
chmod 600 "$root/outside/file"
ln -s file "$root/outside/link"
mkfifo "$root/outside/fifo"
mount -o remount,ro,strictatime "$root"
/usr/bin/python3 -B "${0%/*}/live-attackers.py" "$root" "${INITFS_ATTACK:-8}" "${INITFS_SEED:-$RANDOM}" || fail "see above"
