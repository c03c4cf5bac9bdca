#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# From plymouth's splash to lightdm's greeter not one frame shows text; who types a password before logins open is told
# so and can go on; a login there outlives a power cut.
import os

from lab import BOOT_LIMIT, Archive, Guest, LabError, expect, screen, wait_event
from lab.guest import LIB
from lab.login import (PREPARE, PROMPTS, TRIES, TRY_LIMIT, be_refused, before_fsck, log_in_after_refusal,
                       session_is_on_disk)


def splash_shows(g):
    """The boot stands still before anything is started early, until the splash has been drawn."""
    g.early.ping(BOOT_LIMIT)
    g.wait_shows(screen.X)
    expect(g.early.run("plymouth --ping && plymouth --has-active-vt", 60), "it is plymouth's, on its terminal")
    g.screenshot("splash")
    began = len(g.watcher.changes)
    g.early_go()
    return began


def frames(g, began):
    """What the screen showed from then to the greeter, as (seconds since power-on, kind)."""
    changes = [(when - g.start, kind) for when, kind in g.watcher.changes[began:]]
    last = next(i for i, change in enumerate(changes) if change[1] == screen.GREETER)
    return changes[:last + 1]


def press_until(g, kind, *keys):
    for _ in range(TRIES):
        g.press(*keys)
        if g.watcher.wait_now(kind, TRY_LIMIT):
            return
    raise LabError(f"{'-'.join(keys)} does not lead to '{kind}'")


def text_is_behind(g):
    press_until(g, screen.TEXT, "ctrl", "alt", "f1")
    press_until(g, screen.GREETER, "ctrl", "alt", "f7")
    print("ok: the text console is there behind the greeter, and the way back", flush=True)


def type_too_early(g):
    """The greeter comes while nobody may log in, as before the merge; then it waits for the password."""
    g.need(PREPARE)
    g.need("echo 'initfs: logins open in a moment.' >/run/nologin; kill -9 $(cat /run/lightdm.pid)")
    g.poll("grep -q ' /etc/pam.d/lightdm ' /proc/self/mountinfo")
    g.poll(f"[ \"$({PROMPTS})\" -gt 0 ]", TRY_LIMIT)
    g.wait_shows(screen.GREETER)
    be_refused(g, "too-early")
    g.need("rm /run/nologin")
    g.poll("! grep -q ' /etc/pam.d/lightdm ' /proc/self/mountinfo")


addon = Archive()
addon.breakpoint("pre-pivot", "50")
with Guest(initrd="initfs", append="rd.initfs quiet splash plymouth.ignore-serial-consoles", addon=addon,
           flavour="screens") as g:
    g.watcher.interval = 0.1
    began = splash_shows(g)
    g.wait("greeter")
    g.save_picture(screen.GREETER, g.path("greeter.png"))
    shown = frames(g, began)
    print("from the splash to the greeter: " + " ".join(f"{at:.1f}:{kind}" for at, kind in shown))
    expect(all(kind != screen.TEXT for _, kind in shown), "no frame in between shows text")
    g.wait("agent")
    pids = g.need("{ pidof Xorg; cat /run/lightdm.pid; } | xargs").strip()
    g.wait("login")
    wait_event(g, "layer.gone")
    g.poll("! plymouth --ping")
    before_fsck(g, "lightdm")
    g.check(os.path.join(LIB, "assert-screen.sh"), NAME="lightdm", PIDS=pids)
    text_is_behind(g)
    type_too_early(g)
    log_in_after_refusal(g)
    g.screenshot("session")
    g.cut()
    session_is_on_disk(g)
