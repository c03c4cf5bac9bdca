#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# With rd.initfs.screen=1 the boot stands back for its screen for a second, and the screen comes all the same.
from lab import Guest, events, expect, wait_event

with Guest(initrd="initfs", append="rd.initfs rd.initfs.screen=1") as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "layer.gone")
    wait_event(g, "rc.gone")
    seen = events(g)
    print("".join(f"{when:.2f} {event} {rest}\n" for when, event, rest in seen if not event.startswith("merge")))
    at = {f"{event} {rest}".strip(): when for when, event, rest in reversed(seen)}
    begin, shown = at["share.begin"], at["early.shown name=lightdm"]
    over, why = next((when, rest) for when, event, rest in seen if event == "share.end")
    # One that shows within the second is waited for until it has been drawn.
    expect(why == "why=time" or shown <= begin + 1, "the screen comes first for a second")
    expect(at["rc.start name=checkroot.sh"] > over, "the check of the disk is held as long")
    expect(at.get("rc.hold name=checkroot.sh why=screen", begin) < over, "and not held afterwards")
