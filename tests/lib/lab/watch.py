# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at the guest's screen five times a second and notes what it shows when."""

import os
import tempfile
import threading
import time

from . import screen
from .qmp import QmpError

INTERVAL = 0.2


class Watcher(threading.Thread):
    """`seen` maps what screen.judge() says to the host clock of its first picture; `changes` is a
    list of (host clock, what), one for each picture that differs from the one before.
    """

    def __init__(self, qmp):
        super().__init__(name="screen", daemon=True)
        self._qmp = qmp
        self._quit = threading.Event()
        self._changed = threading.Condition()
        self._last = b""
        self.interval = INTERVAL
        self.looks = 0
        self.changes = []
        self.seen = {}
        self.pictures = {}
        self.error = None

    def run(self):
        # Pictures of three megabytes have no business on a disk, where there is memory.
        where = "/dev/shm" if os.path.isdir("/dev/shm") else None
        with tempfile.TemporaryDirectory(dir=where) as folder:
            path = os.path.join(folder, "screen.ppm")
            try:
                while not self._quit.wait(self.interval):
                    self._look(path)
            except (QmpError, OSError) as e:
                self.error = e

    def _look(self, path):
        now = time.monotonic()
        self._qmp.call("screendump", filename=path)
        with open(path, "rb") as f:
            data = f.read()
        if data == self._last:
            with self._changed:
                self.looks += 1
                self._changed.notify_all()
            return
        self._last = data
        picture = screen.read_ppm(data)
        shows = screen.judge(picture)
        with self._changed:
            self.looks += 1
            self.changes.append((now, shows))
            for kind in self._kinds(shows):
                if kind not in self.seen:
                    self.seen[kind] = now
                    self.pictures[kind] = picture
            self._changed.notify_all()

    def _kinds(self, shows):
        # The console's text goes away when X takes the screen, before X has drawn anything.
        if shows == screen.BLANK and screen.TEXT in self.seen:
            return (screen.X,)
        # A greeter is on a screen of X, also when no picture was taken in between.
        return (screen.X, shows) if shows == screen.GREETER else (shows,)

    def wait(self, kind, limit):
        """The host clock at which the screen first showed kind, or None."""
        end = time.monotonic() + limit
        with self._changed:
            while kind not in self.seen and self.is_alive():
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(min(left, 1))
            return self.seen.get(kind)

    def wait_now(self, kind, limit):
        """The same of a picture that is taken from now on, whatever the screen has shown before."""
        end = time.monotonic() + limit
        with self._changed:
            first = self.looks + 2  # the next one may have been taken already
            while self.looks < first or self.changes[-1][1] != kind:
                left = end - time.monotonic()
                if left <= 0 or not self.is_alive():
                    return None
                self._changed.wait(min(left, 1))
            return time.monotonic()

    def stop(self):
        self._quit.set()
        self.join(10)
