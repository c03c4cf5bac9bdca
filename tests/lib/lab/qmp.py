# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's machine protocol over a socket that QEMU inherited."""

import json
import threading


class QmpError(Exception):
    pass


class Qmp:
    """One command at a time, from any thread; events are counted, not kept."""

    def __init__(self, sock):
        self._sock = sock
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()
        self.events = set()

    def connect(self):
        self._receive()
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        """Returns what the command returns; QmpError when QEMU refuses or is gone."""
        text = json.dumps({"execute": command, "arguments": arguments}).encode()
        with self._lock:
            try:
                self._sock.sendall(text + b"\n")
                while True:
                    answer = self._receive()
                    if "return" in answer:
                        return answer["return"]
                    if "error" in answer:
                        raise QmpError(f"{command}: {answer['error']['desc']}")
            except OSError as e:
                raise QmpError(f"{command}: {e}") from e

    def _receive(self):
        while True:
            line = self._file.readline()
            if not line:
                raise QmpError("QEMU has closed its control connection")
            answer = json.loads(line)
            if "event" not in answer:
                return answer
            self.events.add(answer["event"])

    def close(self):
        self._file.close()
        self._sock.close()
