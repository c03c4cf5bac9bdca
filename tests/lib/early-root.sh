# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A pretended root for initfs-supervise, in namespaces of its own that end with the test: the
# host's /usr, and an /etc, /run, /var, /dev and daemons (shell scripts) of the test's.
# Source it first; the test goes on in $root's surroundings.

[ "$(id -u)" = 0 ] || {
	echo "skipped: needs root"
	exit 77
}
if [ -z "${EARLY_ROOT_INSIDE-}" ]; then
	EARLY_ROOT_INSIDE=1 exec unshare --mount --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi

set -u
tmp=${TEST_TMP:?}
root=$tmp/root
# shellcheck disable=SC2034 # the tests use it
supervise=${INITFS_BUILD:?}/initfs-supervise
timeline=$root/run/initfs/timeline

mkdir -p "$root"
mount -t tmpfs root "$root"
mkdir -p "$root/usr" "$root/proc" "$root/dev" "$root/run" "$root/tmp" "$root/var" "$root/srv" \
	"$root/etc/rc2.d" "$root/etc/rcS.d" "$root/etc/initfs/early.d"
mount --rbind /usr "$root/usr"
# A host that has initfs installed has entries of its own there.
[ ! -d "$root/usr/lib/initfs" ] || mount -t tmpfs -o mode=755 entries "$root/usr/lib/initfs"
for part in bin sbin lib lib64; do
	if [ -L "/$part" ]; then
		ln -s "usr/$part" "$root/$part"
	elif [ -d "/$part" ]; then
		mkdir "$root/$part" && mount --rbind "/$part" "$root/$part"
	fi
done
mount -t proc proc "$root/proc"
mount -t tmpfs run "$root/run"
chmod 0755 "$root/run"
mknod -m 666 "$root/dev/null" c 1 3
mkdir "$root/run/initfs"
printf '0\t/var\n1\t/tmp\n' >"$root/run/initfs/layers"
printf 'root:x:0:0::/:/bin/sh\ndemo:x:77:78::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\ndemo:x:78:\nadm:x:79:\n' >"$root/etc/group"
echo 'id:2:initdefault:' >"$root/etc/inittab"

# Lives until SIGTERM, which it answers with exit 0. /var/NAME.says: exit with that instead.
cat >"$root/srv/daemon" <<'DAEMON'
#!/bin/sh
trap 'exit 0' TERM
echo "$$" >>"/var/$1.started"
[ ! -e "/var/$1.says" ] || exit "$(cat "/var/$1.says")"
[ $# -lt 2 ] || : >"$2"
while :; do
	sleep 1000 &
	wait $!
done
DAEMON
chmod 755 "$root/srv/daemon"

fail() {
	echo "failed: $*" >&2
	[ ! -e "$timeline" ] || sed 's/^/    /' "$timeline" >&2
	exit 1
}

# entry NAME LINE...: an early.d file; one that is enabled in runlevel 2
entry() {
	local name="$1"
	shift
	printf '%s\n' "Program=/srv/daemon" "Service=$name" "$@" >"$root/etc/initfs/early.d/$name.conf"
	ln -sf "../init.d/$name" "$root/etc/rc2.d/S01$name"
}

# within SECONDS COMMAND...: polls; a limit, not a measurement
within() {
	local left=$(($1 * 20))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || fail "not in time: $*"
		sleep 0.05
	done
}

# marked PATTERN: the timeline has a line that matches
marked() {
	grep -qE -- "$1" "$timeline" 2>/dev/null
}

# count NUMBER PATTERN: it has that many
count() {
	[ "$(grep -cE -- "$2" "$timeline" 2>/dev/null)" = "$1" ]
}

# line_of PATTERN: the number of the first such line
line_of() {
	grep -nE -- "$1" "$timeline" | head -n 1 | cut -d: -f1
}

# last_pid NAME: of the newest start
last_pid() {
	sed -n "s/.* early\.start name=$1 pid=//p" "$timeline" | tail -n 1
}

supervisor_pid() {
	cat "$root/run/initfs/supervise.pid" 2>/dev/null
}

is_gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# expect_exit CODE COMMAND...
expect_exit() {
	local want="$1" got=0
	shift
	"$@" >"$tmp/out" 2>&1 || got=$?
	[ "$got" = "$want" ] || fail "exit status $got, not $want: $*: $(cat "$tmp/out")"
}

# runlevel DIGIT: what init writes to utmp when it enters a runlevel (RUN_LVL is 1)
runlevel() {
	{
		printf '\001\000\000\000'
		printf '%sN' "$1"
		printf '\000\000'
		head -c 376 /dev/zero
	} >"$root/run/utmp"
}
