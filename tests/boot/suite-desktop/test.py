#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What a desktop starts at boot is all there after a boot with initfs, and nothing of it runs twice.
#
# NetworkManager has no address yet when rc asks for the services that require a network: they step
# aside and come back, and the firewall, which says that it requires one, too, comes in its place.
from collections import Counter

from lab import Guest, expect, wait_event
from lab.services import marked

# What a stock boot of the same guest has: the programs that rc starts, and what those start.
PROGRAMS = {"acpid", "anacron", "avahi-daemon", "bluetoothd", "cron", "cups-browsed", "cupsd", "dbus-daemon",
            "elogind", "lightdm", "ModemManager", "NetworkManager", "ntpd", "polkitd", "rsyslogd", "saned",
            "sshd", "udevadm", "Xorg"}
REQUIRE = {"ntpsec", "cups-browsed"}
# Programs by their files, as some change their names (udevd is udevadm); not those that a program has made of itself.
RUNNING = r"""
for dir in /proc/[0-9]*; do
    read -r line 2>/dev/null <"$dir/stat" && file=$(readlink "$dir/exe") || continue
    line=${line##*) }; line=${line#* }
    [ "$(readlink "/proc/${line%% *}/exe")" = "$file" ] || echo "${file##*/} $(id -un "$(stat -c %u "$dir")")"
done
"""


def running(g):
    """How many of each program run, but for the greeter's own."""
    lines = [line.split() for line in g.need(RUNNING).splitlines()]
    return Counter(words[0] for words in lines if words[-1] != "lightdm")


with Guest(initrd="initfs", append="rd.initfs", flavour="desktop", nic="plugged") as g:
    g.wait("greeter")
    g.wait("login")
    wait_event(g, "rc.gone")
    # The last ones are started by the bus, when NetworkManager asks for them.
    g.poll("pidof ModemManager polkitd cups-browsed")
    found = running(g)
    expect(PROGRAMS <= set(found), f"all programs run: {sorted(PROGRAMS - set(found))} are missing")
    twice = [name for name in PROGRAMS if found[name] != 1]
    expect(not twice, f"each of them once: {twice} do not")
    aside = set(marked(g, "rc.aside"))
    expect(aside <= REQUIRE, f"nobody steps aside but for a network: {sorted(aside)}")
    expect(aside == set(marked(g, "rc.back")), "who has stepped aside is back")
    failed = g.run("grep 'rc[.]end .*code=[^0]' /run/initfs/timeline").output
    expect(not failed, f"no script has failed: {failed}")
    ends = marked(g, "rc.end")
    expect(len(ends) == len(set(ends)), "no script has run twice")
    expect(ends.index("nftables") < ends.index("rsyslog"), "the firewall is there before the services")
    g.power_off()
