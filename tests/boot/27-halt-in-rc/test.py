#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# While rc still runs: halt.
from lab.down import go_down, guest_in_rc

with guest_in_rc() as g:
    go_down(g, "halt", "reboot: Power down")
    g.wait_end(300)
