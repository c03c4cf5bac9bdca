# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# PIDS: Xorg, rsyslogd and lightdm, when the greeter had just come. GONE: when the layer was gone.
: "${PIDS:?}" "${GONE:?}"
disk=$(stat -c %d /)
log=/var/log/boot-lab.log
timeline=/run/initfs/timeline
lines_before=$(wc -l <"$log")

lines_in_order() { # every number of the writer once, in order
	sed 's/^line //' "$log" | awk '$1 != NR { print "line", NR, "is", $0; exit 1 }'
}

longer() { # did the writer go on since the beginning of this?
	[ "$(wc -l <"$log")" -gt "$lines_before" ]
}

new_file() { # one of its files holds a number that only a late line has
	[ "$(sort -n /var/lib/boot-lab/file-* | tail -n 1)" -gt "$lines_before" ]
}

its_files() { # the file of each number that the writer had reached at the beginning of this
	for number in $(seq "$lines_before"); do
		[ -e "/var/lib/boot-lab/file-$((number % 50))" ] || { echo "no file of $number"; return 1; }
	done
}

once_in_log() { # REGEX: exactly one line of the log of this boot
	equal 1 "$(grep -Ec -- "$1" /var/log/syslog)"
}

# The log has what the kernel said, each line once, in order. Only the forms differ: dmesg shows a
# message of several lines with one time, rsyslog writes each line with it.
kernel_lines() {
	sed -n 's/^[^ ]* guest kernel: \[ *[0-9.]*\] *//p' /var/log/syslog >/tmp/boot-lab-log
	dmesg --kernel | sed 's/^\[ *[0-9.]*\] *//; s/^ *//' >/tmp/boot-lab-dmesg
	head -n "$(wc -l </tmp/boot-lab-log)" /tmp/boot-lab-dmesg | diff - /tmp/boot-lab-log
}

# holds PID LOG: the process has its log open, and that is the file which is on the disk
holds() {
	local fd
	for fd in "/proc/$1/fd"/*; do
		case $(readlink "$fd") in
		*"/$2") cmp "$fd" "/var/log/$2" && return ;;
		esac
	done
	ls -l "/proc/$1/fd"
	return 1
}

stamps() { # LOG: the seconds that lines begin with, as "[   12.345]" or "[+0.12s]"
	sed -n 's/^\[[+ ]*\([0-9.]*\)s*\].*/\1/p' "/var/log/$1"
}

in_order() { # LOG
	stamps "$1" | awk '$1 < last { print $1, "is after", last; bad = 1 } { last = $1 } END { exit bad }'
}

across() { # LOG: has lines from before the layer was gone and from after it, by the kernel's clock
	stamps "$1" | awk -v gone="$GONE" '$1 < gone { b = 1 } $1 > gone { a = 1 } END { exit !(a && b) }'
}

greeter_again() { # makes lightdm write into its log
	XDG_SEAT_PATH=/org/freedesktop/DisplayManager/Seat0 dm-tool switch-to-greeter
	grep -q 'Switching to.*greeter' /var/log/lightdm/lightdm.log
}

restarted() { # NAME: twice ready
	[ "$(grep -c " early.ready name=$1" "$timeline")" = 2 ]
}

expect "the screen and the log are the processes that were started early" equal "$PIDS" \
	"$({ pidof Xorg; cat /run/rsyslogd.pid /run/lightdm.pid; } | xargs)"
expect "rsyslogd was started once" once_in_log 'rsyslogd.* start$'
expect "the X server was started once" equal 1 "$(find /var/log -name 'Xorg.*.log' | wc -l)"
expect "lightdm was started once" equal 1 "$(grep -c 'Starting Light Display Manager' \
	/var/log/lightdm/lightdm.log)"

expect "no mount of ours but sockets in use, which initfs status names" nothing \
	mounts_of_ours
expect "/var is the plain disk" equal "$disk" "$(stat -c %d /var)"
expect "/tmp is the plain disk" equal "$disk" "$(stat -c %d /tmp)"
expect "nobody is kept from logging in" test ! -e /run/nologin
expect "no staging directory is left" test ! -e /.initfs-staging
expect "the record is on the disk" test -s /var/log/initfs/timeline

expect "the early writer's log is on the disk" equal "$disk" "$(stat -c %d "$log")"
expect "the early writer's lines are all there, in order" lines_in_order
expect "what it still writes goes to the same file" poll 120 longer
expect "it makes its next file on the disk" poll 120 new_file
expect "its files are on the disk" equal "$disk" "$(stat -c %d /var/lib/boot-lab/file-1)"
expect "its directory is still where it was" its_files

logger -t boot-lab "a line after the merge"
expect "rsyslogd writes on in the same file" poll 120 grep -q 'boot-lab: a line after the merge' \
	/var/log/syslog
expect "the kernel's lines are there in order, from the first on" poll 120 kernel_lines
expect "Xorg's log is on the disk" equal "$disk" "$(stat -c %d /var/log/Xorg.0.log)"
expect "it has Xorg's lines from before the merge and from after it" poll 120 across Xorg.0.log
expect "they are in order" in_order Xorg.0.log
expect "Xorg has it open" poll 120 holds "$(pidof Xorg)" Xorg.0.log
expect "lightdm's log is on the disk" equal "$disk" "$(stat -c %d /var/log/lightdm/lightdm.log)"
expect "lightdm writes on in it" poll 120 greeter_again
expect "its lines are in order" in_order lightdm/lightdm.log
expect "lightdm has it open" poll 120 holds "$(cat /run/lightdm.pid)" lightdm/lightdm.log
expect "a login on the X server's socket works" test -S /tmp/.X11-unix/X0
expect "what has been read can be recorded" initfs-readahead --record -- /
expect "the X server is on that list" grep -qE '^0 [0-9]{6,} /usr/lib/xorg/Xorg$' /var/lib/initfs/readahead
kill "$(cat /run/boot-lab-writer.pid)"

# The greeter's own bus is such a socket, in /tmp; it ends with the greeter.
pkill -u lightdm dbus-daemon
expect "no mount of ours is left when their programs have ended" poll 120 nothing \
	grep -E 'initfs|fuse' /proc/self/mountinfo

# Somebody stops the screen. What dies after it has come back, when a screen would have, too.
service lightdm stop >/dev/null
expect "the screen is stopped" poll 120 nothing pidof lightdm Xorg
kill -9 "$(cat /run/rsyslogd.pid)"
expect "the log's daemon is started again when it dies" poll 120 restarted rsyslog
expect "a stopped screen stays stopped" nothing pidof lightdm Xorg
expect "it is not started again" equal 1 "$(grep -c ' early.start name=lightdm' "$timeline")"
service lightdm start >/dev/null
expect "its script starts it as ever" poll 120 pidof Xorg
