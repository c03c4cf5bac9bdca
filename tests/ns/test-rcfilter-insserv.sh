#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Headers of real packages order the same services before the same others as insserv does.
set -euo pipefail
: "${INITFS_BUILD:?}" "${TEST_TMP:?}"
cache=${INITFS_CACHE:-/var/cache/initfs-tests}/rcfilter-debs
mkdir -p "$cache"

packages="insserv startpar sysv-rc initscripts orphan-sysvinit-scripts
	acpid alsa-utils amavisd-new anacron apache2 arpwatch at atftpd autofs avahi-daemon bind9 bluez bootlogd
	chrony clamav-freshclam collectd console-setup-linux cron cups-daemon dbus dnsmasq dovecot-core
	elogind exim4-base fail2ban fancontrol fetchmail freeradius gdm3 gpm gpsd haproxy hddtemp hdparm
	ifplugd ifupdown inetutils-inetd inetutils-syslogd irqbalance isc-dhcp-server keepalived kexec-tools
	keyboard-setup kmod lighttpd lightdm lm-sensors lvm2 mdadm memcached monit mosquitto munin-node
	ncid nfs-common nfs-kernel-server nginx-common nscd nslcd ntpsec nut-server nut-client opendkim
	openbsd-inetd openntpd openssh-server openvpn pcscd policykit-1 postfix privoxy procps proftpd-core
	radvd rng-tools5 rpcbind rsync rsyslog samba sane-utils sddm smartmontools snmpd spamassassin squid
	stunnel4 sudo sysstat tftpd-hpa thermald tor udev unattended-upgrades unbound uuid-runtime vsftpd
	watchdog winbind wpasupplicant x11-common xdm xinetd"

# In one call: apt reads its lists each time. It downloads nothing at all when one name is unknown.
fetch() {
	local package missing=() known=()
	for package in $packages; do
		compgen -G "$cache/${package}_*.deb" >/dev/null || missing+=("$package")
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	mapfile -t known < <(apt-cache pkgnames | sort |
		comm -12 - <(printf '%s\n' "${missing[@]}" | sort))
	[[ ${#known[@]} -gt 0 ]] || return 0
	(cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "${known[@]}") \
		2>>"$TEST_TMP/fetch.log" || true # what came counts, below
}

unpack() {
	local deb
	mkdir -p "$TEST_TMP/all" "$TEST_TMP/root"/{sbin,etc/init.d,etc/insserv.conf.d}
	for deb in "$cache"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -C "$TEST_TMP/all" -x --wildcards --no-anchored \
			'./etc/init.d/*' './etc/insserv.conf*' './sbin/insserv' './usr/share/insserv/overrides/*' \
			'./usr/share/orphan-sysvinit-scripts/*' './usr/share/sysvinit/*' 2>/dev/null || true
	done
	# The orphaned ones are copied to init.d by their package when it is installed.
	cp -n "$TEST_TMP"/all/usr/share/orphan-sysvinit-scripts/* "$TEST_TMP/all/etc/init.d/" 2>/dev/null || true
	rm -f "$TEST_TMP"/all/etc/init.d/*.{conf,md5sum} "$TEST_TMP"/all/etc/init.d/{README,skeleton,rc,rcS}
}

fetch
unpack
count=$(find "$TEST_TMP/all/etc/init.d" -type f | wc -l)
if [[ ! -x $TEST_TMP/all/sbin/insserv || $count -lt 30 ]]; then
	echo "only $count scripts of packages could be had: no network, or no Debian mirror"
	exit 77
fi

root=$TEST_TMP/root
cp "$TEST_TMP/all/sbin/insserv" "$root/sbin/"
cp -a "$TEST_TMP"/all/etc/init.d/. "$root/etc/init.d/"
cp -a "$TEST_TMP"/all/etc/insserv.conf* "$root/etc/"
chmod 755 "$root"/etc/init.d/*
ldd "$root/sbin/insserv" | grep -o '/[^ ]*' | while read -r library; do
	install -D "$library" "$root$library"
done
for level in 0 1 2 3 4 5 6 S; do
	mkdir "$root/etc/rc$level.d"
done
# shellcheck disable=SC2046 # names of init scripts have no blanks
chroot "$root" /sbin/insserv -f $(ls "$root/etc/init.d") >"$TEST_TMP/insserv.log" 2>&1 || true
if [[ ! -s $root/etc/init.d/.depend.start ]]; then
	cat "$TEST_TMP/insserv.log"
	exit 1
fi

"$INITFS_BUILD/tests/tools/rcfilter-edges" "$root/etc/init.d" "$root/etc/insserv.conf" \
	"$root"/etc/insserv.conf.d/* >"$TEST_TMP/ours"

/usr/bin/python3 - "$root/etc/init.d" "$TEST_TMP/ours" <<'END'
import re, sys

folder, ours_file = sys.argv[1:]

def closure(edges):
    reached = {}
    for start in edges:
        seen, todo = set(), [start]
        while todo:
            for n in edges.get(todo.pop(), ()):
                if n not in seen:
                    seen.add(n)
                    todo.append(n)
        reached[start] = seen - {start}
    return reached

ours, levels = {}, {}
for line in open(ours_file):
    head, _, rest = line.partition(":")
    name, level, _ = head.split()
    levels[name] = set(level.upper())
    ours[name] = {w.lstrip("!") for w in rest.split()}

# What insserv 1.24 cuts: it stops a list at a tab or at two delimiters in a row.
def is_cut(name):
    for line in open(f"{folder}/{name}", errors="replace"):
        m = re.match(r"#\s*(?:x-\S*-)?(?:required|should)[-_]+start:[ \t]*(.*?)[ \t]*$|#\s*(?:x-\S*-)?start-before:[ \t]*(.*?)[ \t]*$",
                     line, re.I)
        if m and re.search(r"[ ,;\t]{2}|\t", m.group(1) or m.group(2) or ""):
            return True
    return False

bad = pairs = services = 0
for depend in (".depend.boot", ".depend.start"):
    targets, theirs = [], {}
    for line in open(f"{folder}/{depend}"):
        if line.startswith("TARGETS"):
            targets = line.partition("=")[2].split()
        elif line.startswith("INTERACTIVE"):
            pass
        else:
            name, _, rest = line.partition(":")
            theirs[name] = set(rest.split())
    mine = {n: {d for d in ours[n] if d in targets and levels[n] & levels[d]} for n in targets}
    theirs = closure({n: theirs.get(n, set()) for n in targets})
    mine = closure(mine)
    services += len(targets)
    for n in targets:
        pairs += len(theirs[n])
        missing = theirs[n] - mine[n]
        extra = {d for d in mine[n] - theirs[n]}
        if missing:
            print(f"{depend}: {n}: insserv also has {sorted(missing)}")
            bad += 1
        if extra:
            why = [x for x in {n} | mine[n] if is_cut(x)]
            print(f"{depend}: {n}: we also have {sorted(extra)} {'(insserv cuts a list of ' + ' '.join(why) + ')' if why else ''}")
            bad += not why
print(f"{services} services, {pairs} pairs of before and after, {bad} differ")
sys.exit(1 if bad or services < 30 or pairs < 100 else 0)
END
