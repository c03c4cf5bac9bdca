# SPDX-License-Identifier: GPL-2.0-or-later
"""Listens to what a merge asks of initfs-hold, and interferes."""

import os
import select
import socket
import threading


def connect(path, how):
    """Paths of sockets are short, those of tests are not."""
    here = os.open(".", os.O_RDONLY)
    os.chdir(os.path.dirname(path))
    how(os.path.basename(path))
    os.fchdir(here)
    os.close(here)


class Between:
    """Stands between the merge and initfs-hold, and does something at a request."""

    def __init__(self, state, request, trouble):
        self.state = state
        self.request, self.trouble, self.seen = request, trouble, []
        os.rename(f"{self.state}/hold.sock", f"{self.state}/hold.real")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connect(f"{self.state}/hold.sock", self.listener.bind)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def away(self):
        os.rename(f"{self.state}/hold.real", f"{self.state}/hold.sock")

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            real = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connect(f"{self.state}/hold.real", real.connect)
            try:
                while self.pass_on(client, real):
                    pass
            except OSError:
                pass
            client.close()
            real.close()

    def pass_on(self, client, real):
        """One packet from either side to the other."""
        ready, _, _ = select.select([client, real], [], [])
        for side in ready:
            line, fds, _, _ = socket.recv_fds(side, 4096, 1)
            if not line:
                return False
            try:
                if side is client:
                    self.seen.append(line.decode())
                    if self.seen[-1] == self.request and self.trouble:
                        answer = self.trouble()
                        if answer is False:
                            return False
                        if answer:
                            client.send(answer)
                            continue
                    socket.send_fds(real, [line], fds)
                else:
                    client.send(line)
            finally:
                for fd in fds:
                    os.close(fd)
        return True
