# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's services on a network, the flavour "net": when their daemons began, and what rc did."""

from .fallback import expect
from .record import events

# The script of each, and the daemon that it starts.
DAEMONS = {"ssh": "sshd", "ntpsec": "ntpd", "rpcbind": "rpcbind", "nfs-common": "rpc.statd", "exim4": "exim4"}
# Those whose headers say that they require a network.
REQUIRE = {"ntpsec", "rpcbind", "nfs-common", "exim4"}

# A third of a boot is the screen, which has no part in this.
NO_SCREEN = "rm -f /etc/rc?.d/S??lightdm\n"

# Field 22 of stat, in hundredths of a second of the boot clock; the name in field 2 may have blanks.
BORN = """
for pid in $(pidof NAME); do
    sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20
done | sort -n | head -n 1
"""


def born(g):
    """{script: seconds of the boot clock at which its daemon began}, for daemons that run."""
    found = {}
    for script, daemon in DAEMONS.items():
        if ticks := g.need(BORN.replace("NAME", daemon)).strip():
            found[script] = int(ticks) / 100
    return found


def wait_born(g, scripts):
    g.poll(" && ".join(f"pidof {DAEMONS[script]} >/dev/null" for script in scripts))


def marked(g, wanted):
    """The names in rc's events of that kind, in their order."""
    return [rest.split()[0].removeprefix("name=") for _, event, rest in events(g)
            if event == wanted and rest.startswith("name=")]


def expect_aside(g, scripts):
    aside = set(marked(g, "rc.aside"))
    expect(aside == set(scripts), f"these stepped aside, and no others: {sorted(aside)}")
    running = set(born(g))
    expect(not running & aside, f"none of them runs: {sorted(running)}")


def tell(g, title):
    """Prints the boot in seconds of the guest."""
    host, boot, _ = g.clock()
    parts = [f"{name} {seconds:.1f}" for name, seconds in sorted(born(g).items(), key=lambda x: x[1])]
    for name, pattern in (("networking", "Configuring network interfaces"), ("login", r"\bguest login:"),
                          ("address", "bound to ")):
        if found := g.console.find(pattern):
            parts.append(f"{name} {found[0] - host + boot:.1f}")
    print(f"{title}: {', '.join(parts)}", flush=True)
