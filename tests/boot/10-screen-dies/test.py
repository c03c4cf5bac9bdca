#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A screen that dies comes back at any time of the boot; one that does not want to live leaves a usable console.
import shlex

from lab import BOOT_LIMIT, Archive, Guest, events, expect, wait_event

NAME = "lightdm"
# Runs in the guest: the kill during rcS must not depend on how fast the host is.
IN_RCS = f"""
chroot "$NEWROOT" /bin/sh -c '
    until pgrep -f "[i]nit.d/rc S" >/dev/null; do sleep 0.1; done
    kill -SEGV "$(cat /run/{NAME}.pid)"
    pgrep -f "[i]nit.d/rc S" >/dev/null && echo yes >/run/boot-lab-in-rcs
' </dev/null >/dev/null 2>&1 &
"""
COUNT = "grep -c ' early.{} name=" + NAME + "' /run/initfs/timeline"
# A long life makes the supervisor forget the deaths before it; its own clock is the kernel's.
LONG_LIFE = f"""
began=$(sed -n 's/ early.start name={NAME} .*//p' /run/initfs/timeline | tail -n 1)
awk -v began="$began" '{{ exit !($1 > began + 62) }}' /proc/uptime
"""


def poll(run, text, limit=BOOT_LIMIT):
    """Polls in the guest itself, by one request."""
    result = run(f"i=0; until {text}; do i=$((i + 1)); [ $i -lt {limit * 2} ] || exit 1; sleep 0.5; done", limit + 60)
    expect(result, f"in the end: {text}")


def in_root(text, limit):
    """Shell text in the real root, while the boot stands in the initramfs, which has no grep."""
    return g.early.run(f"chroot /sysroot /bin/sh -c {shlex.quote(text)}", limit)


def back(g, run, times):
    poll(run, f"[ \"$({COUNT.format('ready')})\" = {times} ]")
    g.wait_shows("greeter")


def kill(g, run, signal, times, when):
    result = run(f"kill -{signal} \"$(cat /run/{NAME}.pid)\"", 60)
    expect(result, f"{when}: {NAME} gets SIG{signal}")
    back(g, run, times)
    print(f"ok: {when}: the greeter is back", flush=True)


def give_up(g):
    """Kills it as soon as it is started, until it is not started any more."""
    kills = 0
    while True:
        kills += 1
        g.need(f"kill -KILL \"$(sed -n 's/.* early.start name={NAME} pid=//p' /run/initfs/timeline | tail -n 1)\"")
        before = f"[ \"$({COUNT.format('exit')})\" = {4 + kills} ]"
        again = f"[ \"$({COUNT.format('start')})\" = {5 + kills} ]"
        poll(g.run, f"{before} && {{ {again} || grep -q early.gave-up /run/initfs/timeline; }}")
        if g.run("grep -q early.gave-up /run/initfs/timeline"):
            print(f"given up after {kills} more kills")
            return


def expect_short_lives(g):
    """It was given up at the first five lives in a row that were shorter than a minute together."""
    seen = [(at, event) for at, event, rest in events(g) if rest.startswith(f"name={NAME}")]
    begins = [at for at, event in seen if event == "early.start"]
    ends = [at for at, event in seen if event == "early.exit"]
    lives = [end - begin for begin, end in zip(begins, ends, strict=True)]
    sums = [sum(lives[i:i + 5]) for i in range(len(lives) - 4)]
    print("five lives in a row, in seconds: " + " ".join(f"{s:.0f}" for s in sums))
    # The record's times are an instant later than the supervisor's own.
    expect(sums[-1] < 61 and all(s > 59 for s in sums[:-1]),
           "it is given up when five lives in a row were short")


addon = Archive()
addon.breakpoint("pre-pivot", "98")
addon.add("usr/lib/dracut/hooks/pre-pivot/99-boot-lab-segv.sh", IN_RCS)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.early.ping(BOOT_LIMIT)
    back(g, in_root, 1)
    kill(g, in_root, "KILL", 2, "before switch_root")
    g.early_go()
    g.wait("agent")
    back(g, g.run, 3)
    expect(g.run("test -e /run/boot-lab-in-rcs"), "during rcS it got SIGSEGV, and came back")
    g.wait("login")
    wait_event(g, "layer.gone")
    poll(g.run, f"{{ {LONG_LIFE} }}")
    kill(g, g.run, "SEGV", 4, "after the merge, when it has lived for long")
    kill(g, g.run, "KILL", 5, "after the merge, again")
    g.check("assert.sh", STARTS=5)
    give_up(g)
    expect_short_lives(g)
    # A line of the kernel's may show on the screen's terminal before that is left.
    poll(g.run, "grep -qx tty1 /sys/class/tty/tty0/active")
    g.wait_shows("text")
    g.screenshot("given-up")
    # On the keyboard, as somebody who sits there.
    g.type("root\n")
    poll(g.run, "pgrep -t tty1 -u root bash")
    g.type("touch /run/typed\n")
    poll(g.run, "test -e /run/typed")
    g.check("assert-given-up.sh")
