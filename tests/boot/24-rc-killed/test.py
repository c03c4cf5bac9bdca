#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The rc filter is killed before the first script of a boot, in one, and after one: every script is started, and the machine reboots.
from lab import Archive, Guest, events, expect, wait_event
from lab.down import go_down
from lab.services import NO_SCREEN, marked

TIMELINE = "/run/initfs/timeline"

# Behind all hooks of initfs, so before init and its first script.
BEFORE = """
kill -9 "$(cat "$NEWROOT/run/initfs/rcfilter-serve.pid")"
tries=0
until grep -q ' rc.again ' "$NEWROOT/run/initfs/timeline" || [ $tries -gt 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
"""


def kill_when(g, pattern, deaths):
    g.poll(f"grep -q '{pattern}' {TIMELINE}")
    g.need("kill -9 $(cat /run/initfs/rcfilter-serve.pid)")
    g.poll(f"[ $(grep -c ' rc.again ' {TIMELINE}) = {deaths} ]")


addon = Archive()
addon.in_root(NO_SCREEN)
addon.add("usr/lib/dracut/hooks/pre-pivot/95-boot-lab-kill.sh", BEFORE)
with Guest(initrd="initfs", append="rd.initfs rd.initfs.gui=off", addon=addon, cpus=1) as g:
    g.wait("agent")
    died = [event for _, event, _ in events(g) if event in ("rc.died", "rc.start")]
    expect(died[:1] == ["rc.died"], f"it was killed before the first script: {died}")
    kill_when(g, "rc.start name=udev$", 2)
    kill_when(g, "rc.start name=mountall.sh$", 3)
    kill_when(g, "rc.end name=rsyslog ", 4)
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
