#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A cable that is plugged in after rc: the login prompt has not waited, and the services come back.
import os
import time

from lab import Archive, Guest, expect, wait_event
from lab.services import DAEMONS, NO_SCREEN, REQUIRE, expect_aside, marked, tell, wait_born

# dhclient gives up after a minute and tries again five minutes later; a test has less time.
CHANGE = NO_SCREEN + """
echo 'retry 10;' >>/etc/dhcp/dhclient.conf
"""
after = float(os.environ.get("NET_PLUG_AFTER", "0"))

addon = Archive()
addon.in_root(CHANGE)

if os.environ.get("NET_STOCK"):
    with Guest(flavour="net", nic="unplugged", addon=addon, cpus=1) as g:
        g.wait("login")
        time.sleep(after)
        g.plug()
        g.poll("ip -4 addr show dev enp0s16 | grep -q inet")
        wait_born(g, REQUIRE)
        tell(g, "stock, plugged in after rc")
        g.power_off()
    raise SystemExit

with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off", flavour="net", nic="unplugged",
           addon=addon, cpus=1) as g:
    g.wait("login")
    wait_event(g, "rc.detached")
    g.need("! grep fuse.initfs-rcfilter /proc/self/mountinfo")
    expect(marked(g, "rc.left") == ["networking"], "rc did not wait for the card")
    expect_aside(g, REQUIRE)
    wait_born(g, {"ssh"})
    time.sleep(after)
    g.plug()
    wait_born(g, DAEMONS)
    wait_event(g, "rc.gone")
    expect(set(marked(g, "rc.back")) == REQUIRE, "all four came back")
    tell(g, "rd.initfs, plugged in after rc")
    g.power_off()
