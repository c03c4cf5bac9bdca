#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# At the first boot a wizard has the screen, then the greeter; a root without a syslog daemon has a log all the same.
from lab import Archive, Guest, expect

# It takes no for an answer as often as it is given.
WIZARD = """#!/bin/sh
printf "What is this machine called? "
until [ "$name" = orion ]; do read -r name; done
echo "$name" >/var/lib/boot-lab-name
"""
ROOT = f"""
mkdir -p /etc/initfs
touch /etc/initfs/first-boot
echo 'WIZARD="/usr/bin/xterm -geometry 130x60+0+0 -e /usr/local/sbin/wizard; test -e /var/lib/boot-lab-name"' \\
    >/etc/default/initfs-first-boot
cat >/usr/local/sbin/wizard <<'EOT'
{WIZARD}EOT
chmod 755 /usr/local/sbin/wizard
mv /usr/sbin/rsyslogd /usr/sbin/no-rsyslogd
"""


addon = Archive()
addon.in_root(ROOT)
with Guest(initrd="initfs", append="rd.initfs", addon=addon, flavour="rescue") as g:
    g.wait("agent")
    g.poll("grep -q ' early.ready name=first-boot' /run/initfs/timeline")
    g.wait_bright("the wizard", 0.9, 2, 55, 3, 60)
    g.screenshot("wizard")
    expect(not g.run("pidof lightdm"), "it is there instead of the greeter")
    # Also after rc has come to the greeter's script.
    g.wait("login")
    g.wait_console("Not starting Light Display Manager")
    expect(g.run("test -e /etc/initfs/first-boot"), "as long as it has not done its work")
    g.type_until("orion", "test -e /var/lib/boot-lab-name")
    g.wait_shows("greeter")
    g.poll("grep -q ' early.exit name=first-boot status=0' /run/initfs/timeline")
    g.poll("grep -q ' layer.gone layer=ram' /run/initfs/timeline")
    g.screenshot("greeter")
    g.check("assert.sh")
