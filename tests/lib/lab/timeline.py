# SPDX-License-Identifier: GPL-2.0-or-later
"""When things happened in a boot, from the console, the screen, the log and initfs's own record."""

import re
from datetime import datetime

from . import screen

# What a table shows, in this order.
EVENTS = ("kernel", "dracut", "overlay up", "switch root", "first log line", "X up", "greeter up",
          "fsck started", "root rw", "pause", "merged", "layer gone", "login prompt")

# Lines of the console; the last column says whether the kernel's own clock is in the line.
CONSOLE = {
    "dracut": r"dracut: Debian|dracut: dracut-",
    "switch root": r"dracut: Switching root",
    "fsck started": r"Checking root file system",
    "root rw": r"EXT4-fs \(vda\): re-mounted",
    "login prompt": r"\bguest login:",
}
# Lines of /run/initfs/timeline.
RECORD = {
    "overlay up": "overlay.up",
    "merged": "merge.done",
    "layer gone": "layer.gone",
}
STAMP = re.compile(r"^\[ *(\d+\.\d+)\]")


class Timeline:
    """`times`: event to seconds on the guest's boot clock. `host`: the same since power-on."""

    def __init__(self, guest):
        host, boot, wall = guest.clock()
        if host is None:
            # No agent: the kernel's clock starts when its first line comes.
            host, boot, wall = self._first_line(guest), 0.0, None
        self._zero = host - boot
        self._power_on = guest.start
        self.kernel_delay = self._zero - guest.start
        self.times = {"kernel": 0.0}
        self.pause_us = None
        self._from_console(guest)
        self._from_screen(guest)
        if wall is not None:
            self._from_log(guest, wall - boot)
            self._from_record(guest)

    @staticmethod
    def _first_line(guest):
        return guest.console.lines[0][0] if guest.console.lines else guest.start

    @property
    def host(self):
        return {event: t + self.kernel_delay for event, t in self.times.items()}

    def _guest(self, when):
        return when - self._zero

    def _from_console(self, guest):
        lines = list(guest.console.lines)
        for event, pattern in CONSOLE.items():
            if event == "root rw":
                continue
            found = guest.console.find(pattern)
            if found:
                self.times[event] = self._clock_of(*found)
        # checkroot remounts ro before its fsck and rw after it: the last one counts.
        for when, line in lines:
            if re.search(CONSOLE["root rw"], line) and "fsck started" in self.times:
                self.times["root rw"] = self._clock_of(when, line)

    def _clock_of(self, when, line):
        stamp = STAMP.match(line)
        return float(stamp.group(1)) if stamp else self._guest(when)

    def _from_screen(self, guest):
        for event, kind in (("X up", screen.X), ("greeter up", screen.GREETER)):
            if kind in guest.watcher.seen:
                self.times[event] = self._guest(guest.watcher.seen[kind])

    def _from_log(self, guest, boot_wall):
        """The first line that rsyslog wrote in this boot: the first not older than power-on."""
        result = guest.run("cat /var/log/syslog")
        for line in result.output.splitlines():
            try:
                at = datetime.fromisoformat(line.split(" ", 1)[0]).timestamp() - boot_wall
            except ValueError:
                continue
            if at >= 0:
                self.times["first log line"] = at
                return

    def _from_record(self, guest):
        result = guest.run("cat /run/initfs/timeline 2>/dev/null")
        for line in result.output.splitlines():
            words = line.split()
            if len(words) < 2:
                continue
            for event, name in RECORD.items():
                if words[1] == name and event not in self.times:
                    self.times[event] = float(words[0])
            if words[1] == "merge.unsealed":
                self.times["pause"] = float(words[0])
                self.pause_us = dict(w.split("=", 1) for w in words[2:] if "=" in w).get("pause_us")

    def cell(self, event):
        if event not in self.times:
            return "-"
        text = f"{self.times[event]:.1f}"
        if event == "pause" and self.pause_us:
            text += f" ({int(self.pause_us) / 1000:.0f} ms)"
        return text


def table(boots):
    """Text with one column for each (title, Timeline); guest seconds since the kernel started."""
    rows = [["seconds of the guest"] + [title for title, _ in boots]]
    rows += [[event] + [line.cell(event) for _, line in boots] for event in EVENTS]
    rows.append(["power-on to kernel"] + [f"{line.kernel_delay:.1f}" for _, line in boots])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                               for i, (cell, w) in enumerate(zip(row, widths))) for row in rows)
