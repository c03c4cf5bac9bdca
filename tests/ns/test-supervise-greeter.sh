#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gdm3's greeter is let in by PAM while nobody may log in, and only then, also when it dies meanwhile.
# shellcheck disable=SC2154 # what it does not assign, early-root.sh does
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

install -m 755 "$INITFS_SRC/helpers/supervise/greeter" "$root/srv/greeter"
service=$root/etc/pam.d/gdm-launch-environment
mkdir "$root/etc/pam.d"
printf '#%%PAM-1.0\nauth\trequisite\tpam_nologin.so\nauth\trequired\tpam_permit.so\n' >"$service"
entry gdm3 Kind=screen Program=/srv/daemon 'Before=/srv/greeter gdm-launch-environment' \
	'Exec=/srv/daemon screen' SocketDir=/tmp/.X11-unix

lets_in() {
	! grep -q nologin "$service"
}

mounts() {
	grep -c ' /etc/pam.d/gdm-launch-environment ' "$1/mountinfo"
}

"$supervise" -- "$root" || fail "it did not start"
within 20 test -s "$root/var/screen.started"
lets_in || fail "the greeter would be kept out"
grep -q pam_permit "$service" || fail "more than that line has gone"
kill -9 "$(last_pid gdm3)"
within 20 count 2 'early.ready name=gdm3'
lets_in || fail "the greeter that comes again would be kept out"
[ "$(mounts "/proc/$(last_pid gdm3)")" = 1 ] || fail "it is mounted twice"

# Logins open.
rm "$root/run/initfs/layers"
runlevel 2
within 20 test ! -e "$root/run/nologin"
within 20 grep -q nologin "$service"
[ "$(mounts "/proc/$(last_pid gdm3)")" = 0 ] || fail "a mount has stayed"
within 20 test ! -e "$root/run/initfs/pam-gdm-launch-environment"

# Where logins are open already, or nothing is asked for, nothing is mounted.
kill -9 "$(last_pid gdm3)"
within 20 count 3 'early.ready name=gdm3'
[ "$(mounts "/proc/$(last_pid gdm3)")" = 0 ] || fail "it is mounted for nothing"
chroot "$root" /srv/greeter another || fail "a service that is not there is an error"
kill "$(last_pid gdm3)"
exit 0
