# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A scene for tests of initfs-rcfilter: a root whose programs are this machine's (an overlay over "/"),
# with start scripts and a runner of its own, in a mount, pid and network namespace. Source it first.

set -eu

if [ "$(id -u)" != 0 ]; then
	echo "needs root"
	exit 77
fi
cache=${INITFS_CACHE:-/var/cache/initfs-tests}/rcfilter-debs

# The unmodified runner of Debian: startpar and /etc/init.d/rc. A test that wants it says so before
# it sources this file, because inside of the namespace there is no network.
debian_packages="sysv-rc startpar initscripts insserv"
fetch_debian() {
	local package
	mkdir -p "$cache"
	for package in $debian_packages; do
		compgen -G "$cache/${package}_*.deb" >/dev/null ||
			(cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "$package") || {
			echo "$package could not be had: no network, or no Debian mirror"
			exit 77
		}
	done
}

if [ "${IN_NAMESPACE-}" != rcfilter ]; then
	[ -z "${wants_debian-}" ] || fetch_debian
	IN_NAMESPACE=rcfilter exec unshare --mount --pid --net --fork --kill-child --mount-proc \
		--propagation private "$0" "$@"
fi
[ -e /dev/fuse ] || modprobe fuse 2>/dev/null || true
if [ ! -e /dev/fuse ]; then
	echo "needs /dev/fuse"
	exit 77
fi

: "${INITFS_BUILD:?}" "${TEST_TMP:?}"
filter=$INITFS_BUILD/initfs-rcfilter
root=$TEST_TMP/root
log=$TEST_TMP/log # what the scripts write: one line for each start
state=$root/run/initfs

fail() { # TEXT
	echo "FAILED: $*" >&2
	sed 's/^/timeline: /' "$state/timeline" >&2 2>/dev/null || true
	sed 's/^/log: /' "$log" >&2 2>/dev/null || true
	sed 's/^/output: /' "$TEST_TMP/output" >&2 2>/dev/null || true
	exit 1
}

scene_end() {
	local status=$?
	trap - EXIT
	kill "$(jobs -p)" 2>/dev/null || true
	umount -R -l "$root" 2>/dev/null || true
	umount -l "$TEST_TMP/over" 2>/dev/null || true
	exit "$status"
}
trap scene_end EXIT

# Polls a condition for at most 20 s.
until_true() { # COMMAND...
	local i
	for ((i = 0; i < 400; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	fail "not within 20 s: $*"
}

unpack_debian() {
	local package
	for package in $debian_packages; do
		dpkg-deb -x "$(compgen -G "$cache/${package}_*.deb" | tail -n 1)" "$TEST_TMP/debs"
	done
}

# What startpar looks for before it starts several scripts at a time, as in a boot: a terminal (init's
# console), and a machine that has time. The terminal is there as long as we are.
let_startpar_be_parallel() {
	local master
	exec {master}< <(exec /usr/bin/python3 -c 'import os, pty
master, slave = pty.openpty()
print(os.ttyname(slave), flush=True)
while os.read(master, 4096):
    pass')
	read -r terminal <&"$master"
	printf 'cpu  1 1 1 1\ncpu0 1 1 1 1\nprocs_running 1\nprocs_blocked 0\n' >"$TEST_TMP/stat"
	mount --bind "$TEST_TMP/stat" "$root/proc/stat"
}

# scene_make: the root, with empty directories of start scripts
terminal=/dev/null
scene_make() {
	mkdir -p "$TEST_TMP/over" "$root" "$TEST_TMP/debs"
	[ -z "${wants_debian-}" ] || unpack_debian
	mount -t tmpfs over "$TEST_TMP/over"
	mkdir -p "$TEST_TMP/over/upper/etc" "$TEST_TMP/over/work"
	# Debian's runner lies in /lib, which is a symlink to usr/lib here.
	if [ -d "$TEST_TMP/debs/lib" ]; then
		mkdir -p "$TEST_TMP/over/upper/usr"
		cp -a "$TEST_TMP/debs/lib" "$TEST_TMP/over/upper/usr/lib"
		cp -a "$TEST_TMP/debs/sbin" "$TEST_TMP/over/upper/usr/sbin"
		cp -a "$TEST_TMP/debs/bin" "$TEST_TMP/over/upper/usr/bin"
	fi
	mount -t overlay over -o "lowerdir=/,upperdir=$TEST_TMP/over/upper,workdir=$TEST_TMP/over/work" "$root"
	rm -rf "$root"/etc/init.d "$root"/etc/rc*.d "$root"/etc/rc.d "$root"/etc/insserv* "$root"/etc/fstab
	mkdir -p "$root/etc/init.d"
	: >"$root/etc/fstab"
	if [ -d "$TEST_TMP/debs/etc" ]; then
		cp -a "$TEST_TMP/debs/etc/insserv.conf" "$root/etc/"
		ln -s /lib/init/rc "$root/etc/init.d/rc"
		ln -s /lib/init/rcS "$root/etc/init.d/rcS"
		cp -an "$TEST_TMP/debs/etc/default/." "$root/etc/default/"
	fi
	mount -t tmpfs run "$root/run"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	touch "$log"
	mkdir -p "$root/run/log"
	mount --bind "$TEST_TMP" "$root/run/log"
	[ -z "${wants_debian-}" ] || let_startpar_be_parallel
}

for_levels="2 3 4 5"
# script NAME NUMBER HEADER [BODY]: an LSB script that writes its name to the log; HEADER in printf's words
script() {
	local name=$1 number=$2 header=$3 body=${4-} level
	{
		printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: %s\n' "$name"
		printf '%b' "$header"
		printf '# Required-Stop:\n# Default-Start: %s\n# Default-Stop:\n### END INIT INFO\n' "$for_levels"
		# shellcheck disable=SC2016 # the script expands it
		printf '[ "$1" = start ] || exit 0\necho %s >>/run/log/log\n%s\n' "$name" "$body"
		printf 'exit 0\n'
	} >"$root/etc/init.d/$name"
	chmod 755 "$root/etc/init.d/$name"
	for level in $for_levels; do
		mkdir -p "$root/etc/rc$level.d"
		ln -s "../init.d/$name" "$root/etc/rc$level.d/S$number$name"
	done
}

# Red Hat's directories: rc.d/init.d, with symlinks to it from where everybody looks.
red_hat_directories() {
	local level
	mkdir -p "$root/etc/rc.d/init.d"
	rmdir "$root/etc/init.d"
	ln -s rc.d/init.d "$root/etc/init.d"
	for level in 2 3 4 5; do
		mkdir -p "$root/etc/rc.d/rc$level.d"
		ln -s "rc.d/rc$level.d" "$root/etc/rc$level.d"
	done
}

start_filter() { # OPTION...
	"$filter" "$@" -- "$root" || fail "the filter does not start: $?"
}

# Runs COMMAND in the root as init would, and notes what it prints.
in_root() { # COMMAND...
	local input=/dev/null
	case $1 in /etc/init.d/rc | /etc/init.d/rcS) input=$terminal ;; esac
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin RUNLEVEL="${RUNLEVEL-2}" \
		PREVLEVEL="${PREVLEVEL-N}" runlevel="${RUNLEVEL-2}" previous="${PREVLEVEL-N}" \
		"$@" >>"$TEST_TMP/output" 2>&1 <"$input"
}

# The names that the scripts have logged since the last forget_log, in one line.
logged() { tr '\n' ' ' <"$log" | sed 's/ $//'; }

expect_log() { # NAME...
	[ "$(logged)" = "$*" ] || fail "started: $(logged), wanted: $*"
}

expect_output() { # TEXT
	grep -qF -- "$1" "$TEST_TMP/output" || fail "nothing like '$1' was printed"
}

expect_silence() {
	[ ! -s "$TEST_TMP/output" ] || fail "something was printed"
}

views() { grep -c ' - fuse.initfs-rcfilter ' /proc/self/mountinfo || true; }
no_views() { [ "$(views)" = 0 ]; }

filter_gone() { [ ! -e "$state/rcfilter.pid" ]; }

expect_gone() {
	until_true no_views
	until_true filter_gone
}

has_event() { grep -q "$1" "$state/timeline"; }

net_up() { # an interface with a carrier and an address
	ip link show cable >/dev/null 2>&1 || ip link add cable type veth peer name plug
	ip link set plug up
	ip link set cable up
	ip addr replace 192.0.2.1/24 dev cable
}

# An answer of the control socket. Between the process that serves and the one that waits for the
# network there is a moment in which nobody listens.
ask() { # REQUEST...
	/usr/bin/python3 - "$state" "$*" <<-'END'
		import os, socket, sys, time
		folder, request = sys.argv[1:]
		end = time.monotonic() + 20
		answer = ""
		while not answer:
		    there = os.path.exists(folder + "/rcfilter.pid")
		    try:
		        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		        s.connect(folder + "/rcfilter.sock")
		        s.send(request.encode())
		        answer = s.recv(65536).decode()
		    except (FileNotFoundError, ConnectionError):
		        pass
		    if not answer and (not there or time.monotonic() > end):
		        sys.exit("nobody answers")
		    time.sleep(0 if answer else 0.05)
		print(answer)
	END
}

# initfs, in the root: it looks at /run/initfs
cli() { # ARGUMENT...
	cp "$INITFS_BUILD/initfs" "$root/run/log/initfs.cli"
	chroot "$root" /run/log/initfs.cli "$@"
}
