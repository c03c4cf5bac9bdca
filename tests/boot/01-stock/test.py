#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Without rd.initfs, and with an initramfs that has no module of ours, the boot is the stock boot.
import os
import time

from lab import Guest, expect, guest_folder

# What runs is written down before anything is started to sort it. What comes and goes is left out.
STATE = """
comms=$(for p in /proc/[0-9]*; do cat "$p/comm"; done 2>/dev/null)
echo "$comms" | grep -v '^kworker\\|^sh$\\|^cat$\\|^(udev-worker)$' | sort -u
cut -d' ' -f5- /proc/self/mountinfo | sed 's/size=[0-9]*k\\|nr_inodes=[0-9]*//g' | sort
find /run -path /run/udev -prune -o -print | sed 's/[0-9]\\{3,\\}/N/g' | sort -u
"""
SETTLING = 300  # seconds, at most, until the last scripts of the boot have ended


def settled(g, like):
    """What is there once it is `like`, or without that once it stays."""
    end = time.monotonic() + SETTLING
    before = None
    while True:
        state = g.need(STATE)
        if state == (like or before) or time.monotonic() >= end:
            return state
        before = state
        time.sleep(2)


def boot(name, like, **options):
    with Guest(name=name, cpus=1, **options) as g:
        g.wait("greeter")
        g.wait("login")
        g.save_picture("greeter", g.path("greeter.png"))
        g.check("assert.sh")
        return settled(g, like)


kinds = {"plain-with-word": {"initrd": "plain", "append": "rd.initfs"}}
if os.path.exists(os.path.join(guest_folder(), "initrd-initfs.img")):
    kinds["module-without-word"] = {"initrd": "initfs"}
stock = None
for name, options in kinds.items():
    state = boot(name, stock, **options)
    stock = stock or state
    for line in sorted(set(state.splitlines()) ^ set(stock.splitlines())):
        print(f"only in one of the boots: {line}")
    expect(state == stock, f"{name}: the same processes, mounts and files in /run")
