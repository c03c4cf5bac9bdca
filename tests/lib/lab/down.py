# SPDX-License-Identifier: GPL-2.0-or-later
"""Other runlevels: the way into them, out of them, and off."""

import re
import time
from contextlib import contextmanager

from .agent import AgentError
from .cpio import Archive
from .fallback import expect
from .guest import BOOT_LIMIT, LOGIN, Guest, LabError
from .services import NO_SCREEN

# What may be read on the console of a machine that does not go down well.
TROUBLE = (r"Transport endpoint|Stale file handle|Software caused connection abort|target is busy|"
           r"device is busy|not found\b.*init\.d|remounting.*failed")
SINGLE = r"Press Enter for maintenance|Give root password|root@guest"
# init ends everybody in single-user mode, the lab's agent as well. The first line, because init
# starts nothing that stands behind the shell while it waits for that.
AGAIN = "sed -i '1i ag:12S:respawn:/usr/lib/boot-lab/lab-agent' /etc/inittab; telinit q"

# Stands still until the test lets it go on; the disk has it before initfs has looked at it.
SLOW = """cat >/etc/init.d/slow <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: slow
# Required-Start: $remote_fs $syslog
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
[ "$1" = start ] || exit 0
until [ -e /run/boot-lab-go ]; do sleep 0.2; done
END
chmod 755 /etc/init.d/slow
update-rc.d slow defaults
""" + NO_SCREEN


@contextmanager
def guest_in_rc():
    """A boot that stands in the middle of rc 2."""
    addon = Archive()
    addon.in_root(SLOW)
    with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off", addon=addon, cpus=1) as g:
        g.wait("agent")
        g.poll("grep -q 'rc.start name=slow$' /run/initfs/timeline")
        g.need("grep -q fuse.initfs-rcfilter /proc/self/mountinfo && pidof startpar")
        yield g


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
