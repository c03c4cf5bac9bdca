#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# When initfs-hold is killed at any time, paths below /var answer again and the boot goes on.
from lab import BOOT_LIMIT, Archive, Guest, expect, wait_event

KILL = """
pids=$(for p in /proc/[0-9]*; do
    [ "$(cat $p/comm 2>/dev/null)" = initfs-hold ] && echo "${p#/proc/}"
done)
guard=$(cat "$ROOT/run/initfs/hold-guard.pid")
for pid in $pids; do
    [ "$pid" = "$guard" ] || kill -9 "$pid"
done
read -r before _ </proc/uptime
i=0
until ls "$ROOT/var/log" >/dev/null 2>&1; do
    i=$((i + 1))
    [ $i -lt 600 ] || exit 1
    sleep 0.1
done
read -r after _ </proc/uptime
echo "killed: $pids, without $guard; /var answered after $before - $after"
"""


def kill(run, when, root=""):
    result = run(f"ROOT={root}\n" + KILL, 300)
    print(f"{when}: {result.output.strip()}")
    expect(result, f"{when}: /var answers again")


addon = Archive()
addon.breakpoint("pre-pivot", "99")
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    # The lab's agent answers once the initramfs has come to the breakpoint.
    g.early.ping(BOOT_LIMIT)
    kill(g.early.run, "in the initramfs", "/sysroot")
    g.early_go()
    g.wait("agent")
    kill(g.run, "while init starts")
    wait_event(g, "hold.again")
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "layer.gone")
    kill(g.run, "after the merge")
    g.check("assert.sh")
