# SPDX-License-Identifier: GPL-2.0-or-later
"""What all tests have in common in which initfs cannot work: one clear line, then the stock boot."""

import os
import re
import sys
from collections import Counter

from .guest import LIB, Guest, LabError

CLEAR = r"initfs: .*; the boot goes on as without rd\.initfs"


def expect(truth, promise):
    """Prints the promise; ends the test when it was not kept."""
    print(f"{'ok' if truth else 'FAIL'}: {promise}", flush=True)
    if not truth:
        raise LabError(promise)


def console_lines(g, pattern):
    """What of the console's lines matches, each as often as it was said. dracut says everything
    twice, by itself and through the kernel, and either may have got into another line."""
    said, kernel = Counter(), Counter()
    for _, line in list(g.console.lines):
        if found := re.search(pattern, line):
            (kernel if re.match(r"\[ *[\d.]+\] ", line) else said)[found.group()] += 1
    return list((said | kernel).elements())


def stock_boot_after(why, append="rd.initfs", addon=None):
    """Boots with what must make initfs give up; `why` is a pattern for the reason it has to tell."""
    with Guest(initrd="initfs", append=append, addon=addon, cpus=1) as g:
        g.wait_console(CLEAR)
        g.wait("greeter")
        g.wait("login")
        told = console_lines(g, CLEAR)
        print("\n".join(told))
        expect(len(told) == 1, "the console has one clear line about it")
        expect(re.search(why, told.pop()), f"the line names the reason: /{why}/")
        g.check(os.path.join(LIB, "assert-stock.sh"))
    sys.exit(0)
