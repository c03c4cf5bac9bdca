# SPDX-License-Identifier: GPL-2.0-or-later
"""Other runlevels: the way into them, out of them, and off."""

import re
import time

from .agent import AgentError
from .fallback import expect
from .guest import BOOT_LIMIT, LOGIN, LabError

# What may be read on the console of a machine that does not go down well.
TROUBLE = (r"Transport endpoint|Stale file handle|Software caused connection abort|target is busy|"
           r"device is busy|not found\b.*init\.d|remounting.*failed")
SINGLE = r"Press Enter for maintenance|Give root password|root@guest"
# init ends everybody in single-user mode, the lab's agent as well.
AGAIN = "echo 'ag:12S:respawn:/usr/lib/boot-lab/lab-agent' >>/etc/inittab; telinit q"


def _wait_line(g, pattern, first):
    found = g.console.wait(pattern, BOOT_LIMIT, first)
    if not found:
        raise LabError(f"the console has not said /{pattern}/ again")


def _wait_agent(g):
    end = time.monotonic() + BOOT_LIMIT
    while True:
        try:
            g.agent.ping(10)
            return
        except AgentError:
            if time.monotonic() > end:
                raise


def single_user(g):
    """init 1, until its shell is there."""
    g.need(AGAIN)
    seen = len(g.console.lines)
    g.run("init 1 </dev/null >/dev/null 2>&1 &")
    _wait_line(g, SINGLE, seen)
    _wait_agent(g)


def multi_user(g):
    """init 2 from single-user mode, until somebody can log in again."""
    seen = len(g.console.lines)
    g.run("init 2 </dev/null >/dev/null 2>&1 &")
    _wait_line(g, LOGIN, seen)


def go_down(g, command, last):
    """Ends the machine; last is what the kernel says then."""
    g.run(f"{command} </dev/null >/dev/null 2>&1 &")
    g.console.wait(last, BOOT_LIMIT)
    expect(g.console.find(last), f"{command} ends with '{last}'")
    trouble = [line for _, line in list(g.console.lines) if re.search(TROUBLE, line)]
    expect(not trouble, f"nothing was in the way: {trouble}")
