#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Without a card: Debian's services step aside and nobody waits, also one after the other, and come back with a network.
import os
from itertools import pairwise

from lab import Archive, Guest, console_lines, events, expect, wait_event
from lab.services import DAEMONS, NO_SCREEN, REQUIRE, expect_aside, marked, tell, wait_born

addon = Archive()
addon.in_root(NO_SCREEN)

if os.environ.get("NET_STOCK"):
    with Guest(flavour="net", append="concurrency=none", addon=addon, cpus=1) as g:
        g.wait("login")
        wait_born(g, DAEMONS)
        tell(g, "stock, no card")
        g.power_off()
    raise SystemExit

with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off concurrency=none", flavour="net",
           addon=addon, cpus=1) as g:
    g.wait("login")
    wait_event(g, "rc.detached")
    g.need("! grep fuse.initfs-rcfilter /proc/self/mountinfo")
    expect_aside(g, REQUIRE)
    wait_born(g, {"ssh"})  # its header requires no network
    said = console_lines(g, r"\[info\] \S+ stepped aside: [^,]*")
    expect(len(said) == len(REQUIRE), f"one line on the console for each: {said}")
    steps = [event for _, event, rest in events(g) if event in ("rc.start", "rc.end")]
    expect(all(a != b for a, b in pairwise(steps)), "rc started one script after the other")

    g.need("ip link add lab0 type dummy && ip link set lab0 up && ip addr add 192.0.2.1/24 dev lab0")
    wait_born(g, DAEMONS)
    wait_event(g, "rc.gone")
    back = marked(g, "rc.back")
    expect(set(back) == REQUIRE and back.index("rpcbind") < back.index("nfs-common"),
           f"with a network they came back, in order: {back}")
    tell(g, "rd.initfs, no card")
    g.power_off()
