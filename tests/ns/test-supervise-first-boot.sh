#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# While its file is there a wizard has the screen, until it has done its work; then the greeter's rc script starts it.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

flag=$root/etc/initfs/first-boot
default=$root/etc/X11/default-display-manager
cp "$INITFS_SRC/helpers/supervise/first-boot" "$root/srv/first-boot"
# The entry that comes with it, without an X server.
sed -e 's|^Program=.*|Program=/srv/first-boot|' -e 's|^Exec=.*|Exec=/usr/bin/env PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin /srv/first-boot|' \
	-e '/^Before=/d; /^WhenShown=/d; /^Needs/d; /^SocketDir=/d; /^Ready/d' \
	"$INITFS_SRC/helpers/supervise/early.d/first-boot.conf" >"$root/etc/initfs/early.d/first-boot.conf"
entry lightdm Kind=screen 'Exec=/srv/daemon lightdm'
mkdir -p "$root/etc/X11" "$root/etc/default" "$root/etc/init.d" "$root/srv/bin"
echo /usr/sbin/lightdm >"$default"
echo "WIZARD='echo asks >>/var/asked; [ -e /var/answer ]'" >"$root/etc/default/initfs-first-boot"
# shellcheck disable=SC2016 # they expand it themselves
printf '#!/bin/sh\necho "greeter, and $(cat /etc/X11/default-display-manager)" >>/var/greeter\n' >"$root/etc/init.d/lightdm"
# shellcheck disable=SC2016
printf '#!/bin/sh\nclient="$1 $2"\nexec $client\n' >"$root/srv/bin/xinit"
printf '#!/bin/sh\ncat /var/runlevel\n' >"$root/srv/bin/runlevel"
chmod 755 "$root/etc/init.d/lightdm" "$root"/srv/bin/*
echo N S >"$root/var/runlevel"
: >"$flag"

"$supervise" --syslog=off -- "$root" || fail "it did not start"
# A wizard that ends otherwise is asked again; the file stays.
within 20 count 2 'early.start name=first-boot'
marked 'early.exit name=first-boot status=1$' || fail "no end"
[ -e "$flag" ] || fail "taken for done"
[ ! -e "$root/var/greeter" ] || fail "the greeter comes all the same"
# It has done its work: the file goes. rc has not come to the greeter yet, and would leave it out.
: >"$root/var/answer"
within 20 test ! -e "$flag"
[ "$(cat "$default")" = /usr/lib/initfs/first-boot ] || fail "rc would start the greeter over it: $(cat "$default")"
marked 'name=lightdm' && fail "two screens"
# Only when rc has done does the greeter come.
sh -c 'while :; do sleep 0.1; done; :' /etc/init.d/rc 2 &
rc=$!
echo N 2 >"$root/var/runlevel"
kill "$rc"
within 20 test -e "$root/var/greeter"
[ "$(cat "$root/var/greeter")" = "greeter, and /usr/sbin/lightdm" ] || fail "$(cat "$root/var/greeter")"
within 20 marked 'early.exit name=first-boot status=0'
"$supervise" --undo -- "$root" || fail "undo"

# Without the file there is no such entry.
rm "$timeline"
"$supervise" --syslog=off -- "$root" || fail "it did not start"
within 20 marked 'early.start name=lightdm'
marked first-boot && fail "asked again"
"$supervise" --undo -- "$root" || fail "undo"

# Told to end in the middle it gives back what it holds.
: >"$flag"
rm "$root/var/answer" "$timeline"
echo "WIZARD='sleep 1000'" >"$root/etc/default/initfs-first-boot"
"$supervise" --syslog=off -- "$root" || fail "it did not start"
within 20 grep -q " $default " /proc/self/mountinfo
"$supervise" --undo -- "$root" || fail "undo"
grep -q " $default " /proc/self/mountinfo && fail "the greeter is still held off"
exit 0
