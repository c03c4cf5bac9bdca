#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Without a network, what needs one steps aside, comes back with it, and no view stays.
import shlex

from lab import Archive, Guest, expect, wait_event

SCRIPT = """cat >/etc/init.d/NAME <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: NAME
# Required-Start: NEEDS
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
[ "$1" = start ] && echo "NAME $0" >>/var/log/boot-lab-starts
ENDS
END
chmod 755 /etc/init.d/NAME
update-rc.d NAME defaults
"""


def script(name, needs, ends="exit 0"):
    return SCRIPT.replace("NAME", name).replace("NEEDS", needs).replace("ENDS", ends)


def started(g):
    return g.need("cat /var/log/boot-lab-starts; true").split("\n")


# They are on the disk before initfs has looked at it.
SCRIPTS = (script("netsvc", "$remote_fs $network") + script("netuser", "netsvc") +
           script("broken", "$remote_fs", "exit 1") + script("victim", "broken") +
           # How these end is told by the proc connector only, before Linux 6.15.
           script("vanishes", "$remote_fs", "exec /bin/false") + script("heir", "vanishes") +
           script("turns", "$remote_fs", "exec /bin/true") + script("follows", "turns") +
           script("plain", "$remote_fs $syslog"))
# Read before any of that: two ranges of one file, and one of a file that is not there.
LIST = """mkdir -p /var/lib/initfs
printf '%s\n' 'initfs-readahead 1' '0 100000 /usr/lib/xorg/Xorg' '200000 50000 /usr/lib/xorg/Xorg' \\
    '0 1 /usr/lib/nobody' >/var/lib/initfs/readahead
"""
HOOK = f"""
mount -o remount,rw "$NEWROOT"
chroot "$NEWROOT" /bin/sh -c {shlex.quote(SCRIPTS + LIST)}
mount -o remount,ro "$NEWROOT"
"""

addon = Archive()
addon.add("usr/lib/dracut/hooks/pre-pivot/00-boot-lab.sh", HOOK)
with Guest(initrd="initfs", append="rd.initfs", addon=addon) as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "rc.detached")
    _, read = wait_event(g, "readahead.done")
    expect(read == "ranges=2 bytes=150000 missing=1", f"what was recorded is read ahead: {read}")
    g.need("! grep fuse.initfs-rcfilter /proc/self/mountinfo")
    names = [line.split(" ")[0] for line in started(g) if line]
    expect(sorted(names) == ["broken", "follows", "plain", "turns", "vanishes"],
           f"without a network only these started: {names}")
    for name in ("netsvc", "netuser", "victim", "heir"):
        g.need(f"grep -q 'rc.aside name={name} ' /run/initfs/timeline")
    g.need("ip link add lab0 type dummy && ip link set lab0 up && ip addr add 192.0.2.1/24 dev lab0")
    g.poll("grep -q 'rc.gone' /run/initfs/timeline")
    names = [line.split(" ")[0] for line in started(g) if line]
    expect(names[-2:] == ["netsvc", "netuser"], f"with a network these came back: {names}")
    expect("victim" not in names and "heir" not in names, "who requires a failed service stays aside")
    g.need("! pidof initfs-rcfilter")
    g.need("cat /run/initfs/timeline")
    g.power_off()
