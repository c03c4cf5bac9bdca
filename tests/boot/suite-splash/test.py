#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# From plymouth's splash to lightdm's greeter not one frame shows text; a login there outlives a power cut.
import os

from lab import Archive, Guest, expect, screen, wait_event
from lab.guest import LIB
from lab.login import PASSWORD, before_fsck, log_in, session_is_on_disk

# What plymouth says of itself just before the screen is started.
ASK = """
plymouth --ping && plymouth --has-active-vt && echo yes >"$NEWROOT/run/boot-lab-splash"
"""
PROMPTS = "grep -c 'Prompt greeter' /var/log/lightdm/lightdm.log || true"


def frames(g):
    """What the screen showed from the splash to the greeter, as (seconds since power-on, kind)."""
    changes = [(when - g.start, kind) for when, kind in g.watcher.changes]
    first = next(i for i, change in enumerate(changes) if change[1] == screen.X)
    last = next(i for i, change in enumerate(changes) if change[1] == screen.GREETER)
    return changes[first:last + 1]


def type_it():
    before = int(g.need(PROMPTS))
    g.type("user\n")
    g.poll(f"[ \"$({PROMPTS})\" -gt {before} ]")
    g.type(f"{PASSWORD}\n")


addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/87-boot-lab.sh", ASK)
with Guest(initrd="initfs", append="rd.initfs splash plymouth.ignore-serial-consoles", addon=addon,
           flavour="screens") as g:
    g.watcher.interval = 0.1
    g.wait("greeter")
    g.save_picture(screen.X, g.path("splash.png"))
    g.save_picture(screen.GREETER, g.path("greeter.png"))
    shown = frames(g)
    print("from the splash to the greeter: " + " ".join(f"{at:.1f}:{kind}" for at, kind in shown))
    expect(len(shown) > 2, "the splash was there before the greeter")
    expect(all(kind != screen.TEXT for _, kind in shown), "no frame in between shows text")
    g.wait("agent")
    expect(g.run("test -e /run/boot-lab-splash"), "it was plymouth's, on its terminal")
    pids = g.need("{ pidof Xorg; cat /run/lightdm.pid; } | xargs").strip()
    g.wait("login")
    wait_event(g, "layer.gone")
    expect(not g.run("plymouth --ping"), "plymouth has ended")
    before_fsck(g, "lightdm")
    g.check(os.path.join(LIB, "assert-screen.sh"), NAME="lightdm", PIDS=pids)
    log_in(g, type_it)
    g.screenshot("session")
    g.cut()
    session_is_on_disk(g)
