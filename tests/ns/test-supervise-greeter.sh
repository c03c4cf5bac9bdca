#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gdm3's greeter is let in by PAM while nobody may log in, and only then, also when it dies meanwhile; who types a
# password at lightdm's is told that it is too early, by PAM, in a text that stays.
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

# What Debian's file for lightdm asks, with a password that everybody has.
ln -s /run "$root/var/run" # where pam_nologin looks
cp "$INITFS_SRC/tests/ns/pam-ask.py" "$root/srv"
printf '%s\n' '#%PAM-1.0' 'auth requisite pam_nologin.so' 'auth required pam_permit.so' \
	'-auth optional pam_gnome_keyring.so' 'account required pam_permit.so' >"$root/etc/pam.d/lightdm"
asks() { # STATUS SAID USER
	said=$(chroot "$root" /usr/bin/python3 /srv/pam-ask.py lightdm "$3") && status=0 || status=$?
	[ "$status $said" = "$1 $2" ] || fail "$3 gets $status '$said', not $1 '$2'"
}
closed=$(cat "$root/run/nologin")
asks 1 "error $closed" demo
chroot "$root" /srv/greeter --ask-last lightdm || fail "PAM is not asked last"
asks 1 "info $closed " demo
asks 0 "" root
grep -q '^-auth optional pam_gnome' "$root/etc/pam.d/lightdm" || fail "more than that line is another"

# Logins open.
rm "$root/run/initfs/layers"
runlevel 2
within 20 test ! -e "$root/run/nologin"
within 20 grep -q nologin "$service"
[ "$(mounts "/proc/$(last_pid gdm3)")" = 0 ] || fail "a mount has stayed"
within 20 test ! -e "$root/run/initfs/pam-gdm-launch-environment"

within 20 grep -q '^auth requisite pam_nologin' "$root/etc/pam.d/lightdm"
asks 0 "" demo

# Where logins are open already, or nothing is asked for, nothing is mounted.
kill -9 "$(last_pid gdm3)"
within 20 count 3 'early.ready name=gdm3'
[ "$(mounts "/proc/$(last_pid gdm3)")" = 0 ] || fail "it is mounted for nothing"
chroot "$root" /srv/greeter another || fail "a service that is not there is an error"
kill "$(last_pid gdm3)"
"$supervise" --undo -- "$root" || fail "undo"

# lightdm itself is not kept waiting, and does not find a child that it has not started.
rm "$root/run/utmp"
printf '0\t/var\n1\t/tmp\n' >"$root/run/initfs/layers"
mkdir "$root/srv/slow"
cat >"$root/srv/slow/greeter" <<'SLOW'
#!/bin/sh
until [ -e /srv/slow/go ]; do sleep 0.1; done
exec /srv/greeter "$@"
SLOW
chmod 755 "$root/srv/slow/greeter"
before=$(sed -n 's|^Before=\(.*/greeter .*\)|\1|p' "$INITFS_SRC/helpers/supervise/early.d/lightdm.conf" |
	sed 's|/usr/lib/initfs|/srv/slow|')
: >"$timeline"
entry lightdm Kind=screen Program=/srv/daemon "Before=$before" 'Exec=/srv/daemon lightdm'
# shellcheck disable=SC2317 # within calls it
has_one_child() { # its sleep
	[ "$(pgrep -c -P "$(last_pid lightdm)")" = 1 ]
}

"$supervise" --gui=lightdm -- "$root" || fail "it did not start"
within 20 test -s "$root/var/lightdm.started"
grep -q 'requisite pam_nologin' "$root/etc/pam.d/lightdm" || fail "what is slow was not asked to be"
: >"$root/srv/slow/go"
within 20 grep -q 'pam_exec.*--may-log-in' "$root/etc/pam.d/lightdm"
within 20 has_one_child
"$supervise" --undo -- "$root" || fail "undo"
within 20 grep -q 'requisite pam_nologin' "$root/etc/pam.d/lightdm"
exit 0
