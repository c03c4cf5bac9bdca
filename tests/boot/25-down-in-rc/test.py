#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# While rc still runs, and the filter has just been killed: single-user mode, back, and halt.
from lab.down import go_down, guest_in_rc, multi_user, single_user

with guest_in_rc() as g:
    g.need("kill -9 $(cat /run/initfs/rcfilter-serve.pid)")
    g.poll("grep -q ' rc.again ' /run/initfs/timeline")
    single_user(g)
    g.need("! grep initfs-rcfilter /proc/self/mountinfo; ! pidof startpar")
    g.poll("! pidof initfs-rcfilter")
    g.need("touch /run/boot-lab-go")
    multi_user(g)
    g.poll("pidof cron && pidof rsyslogd")
    go_down(g, "halt", "reboot: Power down")
    g.wait_end(300)
