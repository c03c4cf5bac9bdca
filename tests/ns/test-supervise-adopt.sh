#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen that inittab adopts is started again by init, not by us; --adopt waits, clears away, and becomes it.
# shellcheck disable=SC2154,SC2317 # early-root.sh assigns; within calls
. "${INITFS_SRC:?}/tests/lib/early-root.sh"

# A screen whose X server outlives it, in its session; both are known by /var/*.pids.
cat >"$tmp/screen.c" <<'SCREEN'
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void note(const char *path)
{
	FILE *file = fopen(path, "a");
	fprintf(file, "%d\n", getpid());
	fclose(file);
}
int main(void)
{
	if (fork() == 0)
		note("/var/servers");
	else
		note("/var/screens");
	for (;;)
		pause();
}
SCREEN
"${CC:-cc}" -o "$root/srv/screen" "$tmp/screen.c" || fail "the pretended screen does not compile"
cp "$supervise" "$root/srv/initfs-supervise"
chown 0:0 "$root/srv/initfs-supervise"

# As init runs a line of inittab: in a session of its own, again when it ends.
respawn() {
	while [ ! -e "$tmp/no-more" ]; do
		setsid -w chroot "$root" "$@" 2>>"$tmp/adopt.err"
		sleep 0.1
	done
}

has_adopter() { # does one wait?
	local pid
	pid=$(cut -d' ' -f1 "$root/run/initfs/adopt/run-screen.pid" 2>/dev/null) && ! is_gone "$pid" &&
		[ "$(cat "/proc/$pid/comm")" = initfs-supervis ]
}

screens() { # COUNT: so many have been started
	[ "$(wc -l <"$root/var/screens")" = "$1" ]
}

servers() { # COUNT: and so many servers
	[ "$(wc -l <"$root/var/servers")" = "$1" ]
}

newest() {
	tail -n 1 "$root/var/$1"
}

entry screen Kind=screen Program=/srv/screen Exec=/srv/screen PidFile=/run/screen.pid WritePidFile=yes
rm "$root/etc/rc2.d/S01screen"

# not by rc, and by inittab without --adopt: two would fight for the display
echo 'x:2:respawn:/srv/screen -nodaemon' >>"$root/etc/inittab"
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.skipped name=screen why="inittab starts it without initfs-supervise --adopt"'
"$supervise" --undo -- "$root" || fail "undo"

# init adopts it: the same, when a file of inittab.d says so
sed -i '$d' "$root/etc/inittab"
mkdir "$root/etc/inittab.d"
echo 'x:2:respawn:/srv/initfs-supervise --adopt=/run/screen.pid -- /srv/screen' >"$root/etc/inittab.d/screen.tab"
"$supervise" -- "$root" || fail "it did not start"
within 10 marked 'early.ready name=screen'
within 10 screens 1
within 10 test -s "$root/var/servers"
[ "$(cat "$root/run/initfs/screen.pid")" = "$(newest screens)" ] || fail "screen.pid does not name it"
runlevel 2
respawn /srv/initfs-supervise --adopt=/run/screen.pid -- /srv/screen &
within 10 has_adopter
screens 1 || fail "a second screen was started beside the first"

# it dies: init starts it, once, when its server has gone, also where we hear of it later than init
server=$(newest servers)
supervisor=$(cat "$root/run/initfs/supervise.pid")
kill -STOP "$supervisor"
kill -9 "$(newest screens)"
within 20 screens 2
kill -CONT "$supervisor"
is_gone "$server" || fail "the server of the dead screen was left"
count 1 'early.start name=screen' || fail "the supervisor started it, too"
within 10 test ! -e "$root/run/initfs/supervise.pid"
marked 'early.adopted name=screen' || fail "it is not told who starts it"
[ ! -e "$root/run/initfs/screen.pid" ] || fail "screen.pid stayed"

# and again, without any supervisor
within 10 servers 2
kill -9 "$(newest screens)"
within 20 screens 3

# one that is told to end by init takes the screen with it
: >"$tmp/no-more"
setsid chroot "$root" /srv/screen &
within 10 screens 4
newest screens >"$root/run/screen.pid"
chroot "$root" /srv/initfs-supervise --adopt=/run/screen.pid -- /bin/false &
told=$!
within 10 has_adopter
kill "$told"
wait "$told" || fail "status $? after SIGTERM"
within 10 is_gone "$(newest screens)"

# a pid file that names nobody, or somebody else, is not waited for
echo $$ >"$root/run/screen.pid"
expect_exit 7 chroot "$root" /srv/initfs-supervise --adopt=/run/screen.pid -- /bin/sh -c 'exit 7'
rm "$root/run/screen.pid"
expect_exit 7 chroot "$root" /srv/initfs-supervise --adopt=/run/screen.pid -- /bin/sh -c 'exit 7'
expect_exit 1 chroot "$root" /srv/initfs-supervise --adopt=/run/screen.pid -- /srv/missing
expect_exit 2 "$supervise" --adopt=run/screen.pid -- /bin/true
expect_exit 2 "$supervise" --adopt=/run/screen.pid --
exit 0
