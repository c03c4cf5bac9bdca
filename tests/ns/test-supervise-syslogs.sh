#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's small syslog daemons start early by their entries, and have what init's fsck said, once; where something is
# mounted over /var/log afterwards, they write there.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns the rest; functions are called through within
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# The packages conflict with the machine's own syslog, so they are not installed but laid over /usr.
cache=${INITFS_CACHE:-/var/cache/initfs-tests}/syslog-debs
mkdir -p "$cache" "$tmp/upper" "$tmp/work"
mount -t tmpfs over "$tmp/work"
mkdir "$tmp/work/upper" "$tmp/work/work" "$tmp/work/debs"
for package in busybox busybox-syslogd inetutils-syslogd; do
	if ! ls "$cache/${package}"_*.deb >/dev/null 2>&1; then
		(cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "$package") >"$tmp/out" 2>&1 || {
			echo "skipped: no package $package: $(tail -n 1 "$tmp/out")"
			exit 77
		}
	fi
	for deb in "$cache/${package}"_*.deb; do
		dpkg-deb -x "$deb" "$tmp/work/debs" || fail "$deb"
	done
done
mkdir "$tmp/work/upper/bin" "$tmp/work/upper/sbin"
cp -a "$tmp/work/debs/bin/busybox" "$tmp/work/upper/bin/"
ln -s busybox "$tmp/work/upper/bin/syslogd" # it knows by its name what it is to be
# /sbin/syslogd is busybox's, /usr/sbin/syslogd that of inetutils; in a merged /usr they are one place.
cp -a "$tmp/work/debs/usr/sbin/syslogd" "$tmp/work/upper/sbin/inetutils-syslogd"
umount -R -l "$root/usr"
mount -t overlay usr -o "lowerdir=/usr,upperdir=$tmp/work/upper,workdir=$tmp/work/work" "$root/usr" || fail "/usr"
mkdir -p "$root/etc/default" "$root/var/log/fsck" "$root/var/log/news"
cp "$tmp/work/debs/etc/default/"* "$root/etc/default/"
ln -s /proc/self/fd "$root/dev/fd"
ln -s ../run "$root/var/run"
# The kernel's log is the machine's: what is read from it here would be missing there.
: >"$tmp/kmsg"
mount --bind "$tmp/kmsg" "$root/proc/kmsg"

in_log() { # NUMBER TEXT: so many lines of one file below /var/log
	[ "$(cat "$root/var/log/messages" "$root/var/log/syslog" 2>/dev/null | grep -cF -- "$2")" = "$1" ]
}

in_covered_log() { # TEXT: said until it is seen
	logger -u "$root/dev/log" "$1"
	grep -rqF -- "$1" "$root/var/log"
}

# try NAME PROGRAM PIDFILE: that daemon, by the entry that comes with it
try() {
	local pid
	sed -e "s|^Program=.*|Program=$2|" -e "s|^Exec=[^ ]*|Exec=$2|" -e '/^Also=/d' \
		"$INITFS_SRC/helpers/supervise/early.d/$1.conf" >"$root/etc/initfs/early.d/$1.conf"
	ln -sf "../init.d/$1" "$root/etc/rc2.d/S01$1"
	rm -f "$root/var/log/messages" "$root/var/log/syslog"
	echo "of the boot before" >"$root/var/log/fsck/checkroot"
	"$supervise" --gui=off --syslog="$1" -- "$root" || fail "$1: not started"
	within 20 marked "early.ready name=$1"
	pid=$(last_pid "$1")
	within 20 grep -sqx " *$pid *" "$root/$3"
	[ "$(readlink "/proc/$pid/exe")" = "$root$(realpath -m "$2")" ] ||
		[ "$(readlink "/proc/$pid/root")" = "$root" ] || fail "$1: another program"
	echo "guest-root: clean, by $1" >"$root/var/log/fsck/checkroot"
	within 20 in_log 1 "checkroot: guest-root: clean, by $1"
	in_log 0 "of the boot before" || fail "$1: an old line"
	# A start script mounts something there.
	mount -t tmpfs script "$root/var/log"
	mkdir "$root/var/log/news"
	runlevel 2
	within 20 marked "early.covered name=$1 by=/var/log$"
	within 20 in_covered_log "seen, by $1"
	[ "$(last_pid "$1")" = "$pid" ] || fail "$1: it has not outlived that"
	"$supervise" --undo -- "$root" || fail "$1: undo"
	umount -l "$root/var/log"
	rm -f "$root/run/utmp" "$timeline"
	rm -f "$root/etc/rc2.d/S01$1" "$root/dev/log"
}

# Debian's default keeps the log in memory (-C).
echo 'SYSLOG_OPTS=' >"$root/etc/default/busybox-syslogd"
try busybox-syslogd /usr/bin/syslogd run/syslogd.pid
# Their forms of this file differ, and busybox's package has none.
cp "$tmp/work/debs/etc/syslog.conf" "$root/etc/"
try inetutils-syslogd /usr/sbin/inetutils-syslogd run/syslog.pid

# The busybox that the initramfs carries: by auto, where no other has an entry and a program.
rm "$root"/etc/initfs/early.d/*.conf
mkdir "$root/run/initfs/carried"
cp "$tmp/work/debs/bin/busybox" "$root/run/initfs/carried/"
sed '/^Also=/d' "$INITFS_SRC/helpers/supervise/early.d/carried-syslogd.conf" >"$root/etc/initfs/early.d/carried-syslogd.conf"
echo "of the boot before" >"$root/var/log/fsck/checkroot"
"$supervise" --gui=off -- "$root" || fail "carried-syslogd: not started"
within 20 marked "early.ready name=carried-syslogd"
echo "guest-root: clean, carried" >"$root/var/log/fsck/checkroot"
within 20 in_log 1 "checkroot: guest-root: clean, carried"
# At four megabytes it begins a new file, and it is at once there again.
head -c 4194300 /dev/zero | tr '\0' x >>"$root/var/log/messages"
echo "guest-root: more than that" >>"$root/var/log/fsck/checkroot"
within 20 count 2 "early.ready name=carried-syslogd"
[ -s "$root/var/log/messages.0" ] || fail "carried-syslogd: the old file is lost"
echo "guest-root: again" >>"$root/var/log/fsck/checkroot"
within 20 in_log 1 "checkroot: guest-root: again"
"$supervise" --undo -- "$root" || fail "carried-syslogd: undo"
exit 0
