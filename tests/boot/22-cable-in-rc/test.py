#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A cable that is plugged in while rc runs: rc has not waited for it, and the services come back; reboot.
import os

from lab import Archive, Guest, expect, wait_event
from lab.down import go_down
from lab.services import DAEMONS, NO_SCREEN, REQUIRE, marked, tell, wait_born

# An sshd that wants an address of this machine: insserv's overrides are where an administrator says so.
CHANGE = NO_SCREEN + """
mkdir -p /etc/insserv/overrides
sed -n '/BEGIN INIT/,/END INIT/p' /etc/init.d/ssh | sed '/Required-Start/s/$/ $network/' \
    >/etc/insserv/overrides/ssh
echo 'ListenAddress 10.0.2.15' >>/etc/ssh/sshd_config
"""

addon = Archive()
addon.in_root(CHANGE)

if os.environ.get("NET_STOCK"):
    with Guest(flavour="net", nic="unplugged", addon=addon, cpus=1) as g:
        g.wait_console("Configuring network interfaces")
        g.poll("ip link show enp0s16 up | grep -q NO-CARRIER")
        g.plug()
        g.wait("login")
        wait_born(g, REQUIRE)
        tell(g, "stock, plugged in while rc runs")
        g.power_off()
    raise SystemExit

with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off", flavour="net", nic="unplugged",
           addon=addon, cpus=1) as g:
    g.wait("agent")
    wait_event(g, "rc.left")
    g.poll("grep -q 'rc.aside name=nfs-common ' /run/initfs/timeline")
    g.plug()
    g.wait("login")
    wait_born(g, DAEMONS)
    wait_event(g, "rc.gone")
    g.need("! grep fuse.initfs-rcfilter /proc/self/mountinfo")
    left, back = marked(g, "rc.left"), marked(g, "rc.back")
    expect(left == ["networking"], f"rc did not wait for {left}")
    expect({"rpcbind", "nfs-common"} <= set(back), f"these came back: {back}")
    expect(set(marked(g, "rc.aside")) == set(back), "who stepped aside came back, and nobody else")
    tell(g, "rd.initfs, plugged in while rc runs")
    g.need("cat /run/initfs/timeline | grep ' rc.'")
    go_down(g, "reboot", "reboot: Restarting system")
    g.wait_end(300)
