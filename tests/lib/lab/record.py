# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of initfs in the guest: /run/initfs/timeline."""

import time

from .guest import BOOT_LIMIT, LabError

PATH = "/run/initfs/timeline"
# After these nothing else is to be waited for.
ENDS = ("boot.stock", "merge.failed", "merge.refused", "hold.gave-up")


def events(g):
    """A list of (seconds, event, the rest of the line)."""
    lines = g.need(f"cat {PATH}").splitlines()
    parts = [(line.split(" ", 2) + [""])[:3] for line in lines]
    return [(float(at), event, rest) for at, event, rest in parts]


def wait_event(g, wanted, limit=BOOT_LIMIT):
    """Waits until the record has the event; returns (seconds, rest of its line)."""
    end = time.monotonic() + limit
    while True:
        seen = events(g)
        for at, event, rest in seen:
            if event == wanted:
                return at, rest
        over = [f"{event} {rest}" for _, event, rest in seen if event in ENDS]
        if over or time.monotonic() >= end:
            record = "\n".join(f"    {at} {event} {rest}" for at, event, rest in seen)
            why = over[0] if over else f"not within {limit} s"
            raise LabError(f"no event {wanted} in the record: {why}\n{record}")
        time.sleep(0.2)
