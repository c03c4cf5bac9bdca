#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Headers of real packages order the same services before the same others as insserv does.
set -euo pipefail
: "${INITFS_BUILD:?}" "${TEST_TMP:?}"
cache=${INITFS_CACHE:-/var/cache/initfs-tests}/rcfilter-scripts
mkdir -p "$cache"

packages="acct acpid alsa-utils amavisd-new anacron apache2 apcupsd apparmor apt-cacher-ng arpalert arpwatch at
	atftpd atop auditd autofs avahi-daemon avahi-dnsconfd bacula-fd bind9 binfmt-support bird2 bitlbee
	bluez bootlogd brltty cachefilesd cgroupfs-mount chrony clamav-daemon clamav-freshclam collectd
	conntrackd console-setup-linux courier-authdaemon cpufrequtils cron cryptsetup cups-daemon darkstat
	dbus ddclient dictd distcc dnsmasq dovecot-core dropbear dropbear-bin dropbear-initramfs ebtables
	elogind exim4-base fail2ban fancontrol fcgiwrap fcoe-utils fetchmail freeradius ganglia-monitor gdm3
	gkrellmd gpm gpsd haproxy haveged hddtemp hdparm hostapd icecast2 ifplugd ifupdown inadyn
	inetutils-inetd inetutils-syslogd initscripts inspircd insserv iodine ipmitool ipvsadm irqbalance
	isc-dhcp-relay isc-dhcp-server iwd jabberd2 keepalived kexec-tools keyboard-setup kmod knockd
	krb5-admin-server krb5-kdc lcdproc lightdm lighttpd lirc lldpd lm-sensors lvm2 mdadm memcached
	mini-httpd minidlna minissdpd monit mosquitto mpd mumble-server munge munin-node nagios-nrpe-server
	nbd-client nbd-server ncid ndppd netfilter-persistent netplug network-manager nfs-common
	nfs-kernel-server nginx-common ngircd nscd nsd nslcd ntpdate ntpsec nullmailer nut-client nut-server
	oddjob oidentd open-iscsi openbsd-inetd opendkim opendmarc openipmi openntpd openssh-server openvpn
	orphan-sysvinit-scripts p0f pcscd pdns-recursor policykit-1 postfix postgrey postsrsd ppp pptpd privoxy
	procps proftpd-core quota radicale radvd rarpd rbldnsd redis-server resolvconf rinetd rng-tools5
	rpcbind rsync rsyslog rwhod samba sane-utils sasl2-bin screen sddm sendmail-bin shairport-sync slapd
	smartmontools smcroute snmpd snmptrapd softflowd spamassassin squid sslh startpar stubby stunnel4 sudo
	sysfsutils syslog-ng-core sysstat sysv-rc tcpspy tftpd-hpa tgt thermald tinc tinyproxy tor
	transmission-daemon triggerhappy udev uml-utilities unattended-upgrades unbound unscd uptimed
	uuid-runtime uwsgi-emperor vde2 vsftpd vtun watchdog wide-dhcpv6-client winbind wpasupplicant
	x11-common xdm xinetd xl2tpd xrdp zabbix-agent"

# What a package has of start scripts and of insserv's own files, as a folder of the cache: the package
# itself is not kept. One without any has an empty folder.
keep() { # FILE.deb
	local name=${1##*/}
	local part=$cache/part.$$
	rm -rf -- "${part:?}"
	mkdir "$part"
	dpkg-deb --fsys-tarfile "$1" | tar -C "$part" -x --wildcards --no-anchored \
		'./etc/init.d/*' './etc/insserv.conf*' './sbin/insserv' './usr/share/insserv/overrides/*' \
		'./usr/share/orphan-sysvinit-scripts/*' './usr/share/sysvinit/*' 2>/dev/null || true
	mv -T "$part" "$cache/${name%%_*}" 2>/dev/null || rm -rf -- "${part:?}" # somebody else was faster
}

# In one call: apt reads its lists each time. It downloads nothing at all when one name is unknown.
fetch() {
	local package deb missing=() known=()
	for package in $packages; do
		[[ -d $cache/$package ]] || missing+=("$package")
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	mapfile -t known < <(apt-cache pkgnames | sort |
		comm -12 - <(printf '%s\n' "${missing[@]}" | sort))
	[[ ${#known[@]} -gt 0 ]] || return 0
	mkdir -p "$TEST_TMP/debs"
	(cd "$TEST_TMP/debs" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download \
		"${known[@]}") 2>>"$TEST_TMP/fetch.log" || true # what came counts, below
	for deb in "$TEST_TMP"/debs/*.deb; do
		[[ ! -f $deb ]] || keep "$deb"
	done
}

unpack() {
	local package
	mkdir -p "$TEST_TMP/all/etc/init.d" "$TEST_TMP/root"/{sbin,etc/init.d,etc/insserv.conf.d}
	with_scripts=0
	for package in $packages; do
		[[ -d $cache/$package ]] || continue
		cp -an "$cache/$package/." "$TEST_TMP/all/"
		# The orphaned ones are copied to init.d by their package when it is installed.
		if compgen -G "$cache/$package/etc/init.d/*" >/dev/null ||
			compgen -G "$cache/$package/usr/share/orphan-sysvinit-scripts/*" >/dev/null; then
			with_scripts=$((with_scripts + 1))
		fi
	done
	cp -n "$TEST_TMP"/all/usr/share/orphan-sysvinit-scripts/* "$TEST_TMP/all/etc/init.d/" 2>/dev/null || true
	rm -f "$TEST_TMP"/all/etc/init.d/*.{conf,md5sum} "$TEST_TMP"/all/etc/init.d/{README,skeleton,rc,rcS}
}

fetch
unpack
if [[ ! -x $TEST_TMP/all/sbin/insserv || $with_scripts -lt 150 ]]; then
	echo "only $with_scripts packages with start scripts could be had: no network, or no Debian mirror"
	exit 77
fi

root=$TEST_TMP/root
cp "$TEST_TMP/all/sbin/insserv" "$root/sbin/"
cp -a "$TEST_TMP"/all/etc/init.d/. "$root/etc/init.d/"
cp -a "$TEST_TMP"/all/etc/insserv.conf* "$root/etc/"
find "$root/etc/init.d" -xtype l -delete # to what another package has
find "$root/etc/init.d" -type f -exec chmod 755 {} +
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

echo "$with_scripts packages with start scripts"
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
