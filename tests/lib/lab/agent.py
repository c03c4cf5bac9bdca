# SPDX-License-Identifier: GPL-2.0-or-later
"""The host half of the command channel; the guest half is tests/lib/guest/lab-agent.c."""

import itertools
import select
import threading
import time
from dataclasses import dataclass

# Only a guard against hanging, as all limits here.
READ_LIMIT = 60


class AgentError(Exception):
    pass


@dataclass
class Result:
    status: int
    output: str

    def __bool__(self):
        return self.status == 0


class Agent:
    def __init__(self, sock):
        self._sock = sock
        self._sock.setblocking(False)
        self._lock = threading.Lock()
        self._buffer = b""
        self._ids = itertools.count(1)

    def ping(self, limit):
        """Returns (host clock, guest's boot clock, guest's wall clock) of one instant."""
        with self._lock:
            ident = self._request("PING {}", b"")
            words = self._answer(ident, "PONG", time.monotonic() + limit)
            return time.monotonic(), float(words[2]), float(words[3])

    def run(self, text, limit):
        """Runs shell text in the guest; the guest ends it after limit seconds with status 124."""
        body = text.encode()
        with self._lock:
            ident = self._request(f"RUN {{}} {limit} {len(body)}", body)
            end = time.monotonic() + limit + READ_LIMIT
            output = b""
            while True:
                words = self._answer(ident, ("OUT", "END"), end)
                if words[0] == "END":
                    return Result(int(words[2]), output.decode(errors="replace"))
                output += self._bytes(int(words[2]), end)

    def quit(self, limit):
        with self._lock:
            ident = self._request("QUIT {}", b"")
            self._answer(ident, "END", time.monotonic() + limit)

    def _request(self, line, body):
        ident = str(next(self._ids))
        data = line.format(ident).encode() + b"\n" + body
        end = time.monotonic() + READ_LIMIT
        while data:
            if not select.select([], [self._sock], [], max(0, end - time.monotonic()))[1]:
                raise AgentError("the guest does not read its requests")
            try:
                data = data[self._sock.send(data):]
            except OSError as e:
                raise AgentError(f"the guest is gone: {e}") from e
        return ident

    def _answer(self, ident, kinds, end):
        """The next answer to this request; answers to abandoned requests are passed over."""
        while True:
            while b"\n" not in self._buffer:
                self._more(end)
            line, self._buffer = self._buffer.split(b"\n", 1)
            words = line.decode(errors="replace").split()
            if len(words) < 2:
                continue
            if words[1] == ident and words[0] in kinds:
                return words
            if words[0] == "OUT":
                self._bytes(int(words[2]), end)

    def _bytes(self, length, end):
        while len(self._buffer) < length:
            self._more(end)
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        return data

    def _more(self, end):
        if not select.select([self._sock], [], [], max(0, end - time.monotonic()))[0]:
            raise AgentError("the guest does not answer")
        try:
            data = self._sock.recv(65536)
        except OSError as e:
            raise AgentError(f"the guest is gone: {e}") from e
        if not data:
            raise AgentError("the guest is gone")
        self._buffer += data

    def close(self):
        self._sock.close()
