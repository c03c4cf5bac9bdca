#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Without rd.initfs, and with an initramfs that has no module of ours, the boot is the stock boot.
import os

from lab import Guest, expect, guest_folder

# The names first, and then what sorts them: in one pipeline it would now and then see itself.
STATE = """
names=$(for p in /proc/[0-9]*; do cat "$p/comm"; done 2>/dev/null)
echo "$names" | grep -v '^kworker\\|^sh$' | sort -u
cut -d' ' -f5- /proc/self/mountinfo | sed 's/size=[0-9]*k\\|nr_inodes=[0-9]*//g' | sort
find /run -path /run/udev -prune -o -print | sed 's/[0-9]\\{3,\\}/N/g' | sort -u
"""


def boot(name, **options):
    with Guest(name=name, cpus=1, **options) as g:
        g.wait("greeter")
        g.wait("login")
        g.save_picture("greeter", g.path("greeter.png"))
        g.check("assert.sh")
        return g.need(STATE)


kinds = {"plain-with-word": {"initrd": "plain", "append": "rd.initfs"}}
if os.path.exists(os.path.join(guest_folder(), "initrd-initfs.img")):
    kinds["module-without-word"] = {"initrd": "initfs"}
states = {name: boot(name, **options) for name, options in kinds.items()}
for name, state in states.items():
    for line in sorted(set(state.splitlines()) ^ set(states["plain-with-word"].splitlines())):
        print(f"only in one of the boots: {line}")
    expect(state == states["plain-with-word"],
           f"{name}: the same processes, mounts and files in /run")
