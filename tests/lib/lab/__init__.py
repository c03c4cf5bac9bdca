# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot lab. A test is a file that says what it promises and then, for example:

    from lab import Guest

    with Guest(initrd="initfs", append="rd.initfs") as g:
        g.wait("greeter")
        g.wait("login")
        g.check("assert.sh")

A promise that is not kept ends the test with a message and status 1.
"""

import signal
import sys

from . import screen
from .agent import AgentError, Result
from .cpio import Archive
from .fallback import console_lines, expect, stock_boot_after
from .guest import BOOT_LIMIT, Guest, LabError
from .image import Disk, guest_folder
from .qmp import QmpError
from .record import events, wait_event
from .timeline import Timeline

__all__ = ["BOOT_LIMIT", "Archive", "Disk", "Guest", "LabError", "Result", "Timeline", "console_lines", "events",
           "expect", "guest_folder", "screen", "skip", "stock_boot_after", "wait_event"]


def skip(reason):
    """Ends the test as one that this machine cannot carry out."""
    print(f"skip: {reason}")
    sys.exit(77)


def _tell(kind, value, trace):
    # What the lab itself has to say needs no trace; anything else is a fault of the test.
    if issubclass(kind, (LabError, AgentError, QmpError)):
        print(f"FAIL: {value}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, value, trace)


sys.excepthook = _tell
# A runner that ends a test for its time wants the guest gone too: let the with-blocks end.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
