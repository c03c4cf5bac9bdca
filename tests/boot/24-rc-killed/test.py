#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The rc filter is killed three times in the middle of a boot: every script is started, and the machine reboots.
from lab import Archive, Guest, events, expect, wait_event
from lab.down import go_down
from lab.services import NO_SCREEN, marked

TIMELINE = "/run/initfs/timeline"


def kill_when(g, pattern, deaths):
    g.poll(f"grep -q '{pattern}' {TIMELINE}")
    g.need("kill -9 $(cat /run/initfs/rcfilter-serve.pid)")
    g.poll(f"[ $(grep -c ' rc.again ' {TIMELINE}) = {deaths} ]")


addon = Archive()
addon.in_root(NO_SCREEN)
with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off rd.initfs.rc=on", addon=addon, cpus=1) as g:
    g.wait("agent")
    kill_when(g, "rc.start name=udev$", 1)
    kill_when(g, "rc.start name=mountall.sh$", 2)
    kill_when(g, "rc.start name=rsyslog$", 3)
    g.wait("login")
    wait_event(g, "rc.gone")
    g.need("! grep initfs-rcfilter /proc/self/mountinfo")
    wanted = g.need("ls /etc/rcS.d /etc/rc2.d | sed -n 's/^S[0-9]*//p'").split()
    started = set(marked(g, "rc.start") + marked(g, "rc.back"))
    expect(len(wanted) > 20 and set(wanted) <= started, f"all were started but {set(wanted) - started}")
    lost = [rest for _, event, rest in events(g) if event == "rc.lost"]
    print(f"lost in a death, and started again: {lost}")
    go_down(g, "reboot", "reboot: Restarting system")
    g.wait_end(300)
