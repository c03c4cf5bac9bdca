# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest writes on its serial line, each line with the host's clock."""

import os
import re
import threading
import time


class Console(threading.Thread):
    """Reads the pipe to its end; `lines` grows by (host clock, text)."""

    def __init__(self, pipe, log_path, start):
        super().__init__(name="console", daemon=True)
        self._pipe = pipe
        self._log_path = log_path
        self._start = start
        self._changed = threading.Condition()
        self._partial = ""
        self._partial_since = start
        self.lines = []
        self.ended = False

    def run(self):
        with open(self._log_path, "w", encoding="utf-8", buffering=1) as log:
            while data := os.read(self._pipe.fileno(), 65536):
                self._take(data.decode(errors="replace"), log)
            if self._partial:
                self._take("\n", log)
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _take(self, text, log):
        now = time.monotonic()
        with self._changed:
            *whole, self._partial = (self._partial + text).split("\n")
            if whole:
                self._partial_since = now
            for line in whole:
                line = line.rstrip("\r")
                self.lines.append((now, line))
                log.write(f"{now - self._start:9.3f} {line}\n")
            self._changed.notify_all()

    def find(self, pattern, first=0):
        """The first (host clock, text) that matches from line number first on, or None.

        What has no end of line yet, as a login prompt, counts too.
        """
        with self._changed:
            return self._find(re.compile(pattern), first)

    def _find(self, pattern, first):
        for when, line in self.lines[first:]:
            if pattern.search(line):
                return when, line
        if pattern.search(self._partial):
            return self._partial_since, self._partial
        return None

    def wait(self, pattern, limit, first=0):
        """As find, but waits; None after limit seconds or when the line has ended."""
        pattern = re.compile(pattern)
        end = time.monotonic() + limit
        with self._changed:
            while True:
                found = self._find(pattern, first)
                left = end - time.monotonic()
                if found or self.ended or left <= 0:
                    return found
                first = max(first, len(self.lines))
                self._changed.wait(left)

    def tail(self, count=25):
        with self._changed:
            return [line for _, line in self.lines[-count:]] + [self._partial]

    def text(self):
        with self._changed:
            return "\n".join(line for _, line in self.lines) + "\n" + self._partial
