# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at the guest's screen five times a second and notes when it first shows what."""

import os
import tempfile
import threading
import time

from . import screen
from .qmp import QmpError

INTERVAL = 0.2


class Watcher(threading.Thread):
    """`seen` maps what screen.judge() says to the host clock of its first picture."""

    def __init__(self, qmp):
        super().__init__(name="screen", daemon=True)
        self._qmp = qmp
        self._quit = threading.Event()
        self._changed = threading.Condition()
        self._last = b""
        self.seen = {}
        self.pictures = {}
        self.error = None

    def run(self):
        # Pictures of three megabytes have no business on a disk, where there is memory.
        where = "/dev/shm" if os.path.isdir("/dev/shm") else None
        with tempfile.TemporaryDirectory(dir=where) as folder:
            path = os.path.join(folder, "screen.ppm")
            try:
                while not self._quit.wait(INTERVAL):
                    self._look(path)
            except (QmpError, OSError) as e:
                self.error = e

    def _look(self, path):
        now = time.monotonic()
        self._qmp.call("screendump", filename=path)
        with open(path, "rb") as f:
            data = f.read()
        if data == self._last:
            return
        self._last = data
        picture = screen.read_ppm(data)
        shows = screen.judge(picture)
        with self._changed:
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

    def stop(self):
        self._quit.set()
        self.join(10)
