#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A size that is none is named, and the default is used instead.
from lab import Guest, console_lines, expect, wait_event

NAMED = r"initfs: .*rd\.initfs\.size=banana is ignored"

with Guest(initrd="initfs", append="rd.initfs rd.initfs.size=banana", cpus=1) as g:
    g.wait_console(NAMED)
    g.wait("greeter")
    g.wait("login")
    expect(len(console_lines(g, NAMED)) == 1, "the console names it in one line")
    _, rest = wait_event(g, "overlay.up")
    expect("size=50%" in rest, "the RAM layers have the default size")
    wait_event(g, "layer.gone")
