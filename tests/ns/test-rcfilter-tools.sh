#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# insserv, update-rc.d, invoke-rc.d, service and dpkg do and print through the views what they do without.
# shellcheck disable=SC2016,SC2119 # words of a header are not the shell's; options are optional
wants_debian=yes
# shellcheck source-path=SCRIPTDIR source=rcfilter.sh
. "${0%/*}/rcfilter.sh"

# package VERSION: one with a start script, a conffile, that is registered and started as debhelper does it
package() {
	local tree=$TEST_TMP/package-$1
	mkdir -p "$tree/DEBIAN" "$tree/etc/init.d"
	printf 'Package: pkgd\nVersion: %s\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: t\n' \
		"$1" >"$tree/DEBIAN/control"
	echo /etc/init.d/pkgd >"$tree/DEBIAN/conffiles"
	cat >"$tree/etc/init.d/pkgd" <<-END
		#!/bin/sh
		### BEGIN INIT INFO
		# Provides: pkgd
		# Required-Start: \$remote_fs \$network
		# Required-Stop: \$remote_fs
		# Default-Start: 2 3 4 5
		# Default-Stop: 0 1 6
		### END INIT INFO
		echo "pkgd $1 \$1" >>/run/log/log
	END
	chmod 755 "$tree/etc/init.d/pkgd"
	cat >"$tree/DEBIAN/postinst" <<-'END'
		#!/bin/sh
		set -e
		[ "$1" = configure ] || exit 0
		update-rc.d pkgd defaults
		invoke-rc.d pkgd start || exit 1
	END
	cat >"$tree/DEBIAN/prerm" <<-'END'
		#!/bin/sh
		set -e
		invoke-rc.d pkgd stop || exit 1
	END
	cat >"$tree/DEBIAN/postrm" <<-'END'
		#!/bin/sh
		set -e
		[ "$1" != purge ] || update-rc.d pkgd remove
	END
	chmod 755 "$tree"/DEBIAN/{postinst,prerm,postrm}
	dpkg-deb --root-owner-group -b "$tree" "$TEST_TMP/pkgd-$1.deb" >/dev/null
}
package 1
package 2

# All that an administrator and apt do with start scripts. Each line's output and status is noted.
work() {
	local command
	while read -r command; do
		echo "+ $command"
		in_root /bin/sh -c "$command" || echo "status $?" >>"$TEST_TMP/output"
		# With no other package in its records dpkg tries to remove /etc/init.d, and words its warning
		# by whether that is a mount point.
		grep -v 'while removing pkgd, .*directory' "$TEST_TMP/output" || true
		: >"$TEST_TMP/output"
		tree
	done <<-'END'
		insserv
		update-rc.d alpha disable
		invoke-rc.d alpha start
		update-rc.d alpha enable
		update-rc.d netsvc disable 3 4
		invoke-rc.d alpha restart
		invoke-rc.d netsvc start
		invoke-rc.d nobody start
		service alpha restart
		service netsvc restart
		service broken start
		service nobody start
		dpkg --admindir=/run/dpkg -i /run/log/pkgd-1.deb
		service pkgd restart
		sed -i s/pkgd/PKGD/ /etc/init.d/pkgd
		dpkg --admindir=/run/dpkg --force-confold -i /run/log/pkgd-2.deb
		dpkg --admindir=/run/dpkg --force-confnew --force-confask -i /run/log/pkgd-2.deb </dev/null
		dpkg --admindir=/run/dpkg -r pkgd
		dpkg --admindir=/run/dpkg -i /run/log/pkgd-2.deb
		dpkg --admindir=/run/dpkg -P pkgd
		insserv -r beta
		insserv beta
		update-rc.d -f netsvc remove
		update-rc.d netsvc defaults
	END
	cat "$log"
}

# The directories: names, links, modes, owners, sizes and what is in the files.
tree() {
	(
		cd "$root/etc"
		find init.d rc?.d -printf '%p %l %m %U:%G %y %s\n' | grep -v '^\(init\|rc.\)\.d  .* d ' | sort
		find init.d -type f -exec cksum {} + | sort
	)
}

setup() {
	: >"$log"
	: >"$TEST_TMP/output"
	scene_make
	rm -f "$root/usr/sbin/policy-rc.d" "$root/sbin/runlevel"
	printf '#!/bin/sh\necho N 2\n' >"$root/sbin/runlevel" # there is no init here who would know
	chmod 755 "$root/sbin/runlevel"
	# Without any init invoke-rc.d starts nothing. What is there is only looked for.
	[ -e "$root/sbin/init" ] || : >"$root/sbin/init"
	mkdir -p "$root"/run/dpkg/{info,updates} "$root/run/systemd"
	rmdir "$root/run/systemd"
	: >"$root/run/dpkg/status"
	: >"$root/run/dpkg/available"
	script alpha 01 '# Required-Start:\n' 'echo alpha $1 >>/run/log/log'
	script beta 02 '# Required-Start: alpha\n'
	script netsvc 03 '# Required-Start: $network\n'
	script broken 03 '# Required-Start:\n' 'exit 3'
	sed -i '/^\[ "\$1" = start \]/d' "$root/etc/init.d/alpha"
	chroot "$root" insserv 2>&1 | grep -v warning >&2 || true
}

setup
work >"$TEST_TMP/bare"
grep -q 'pkgd 1 start' "$TEST_TMP/bare" || fail "the package did not start its service: $(cat "$TEST_TMP/bare")"
grep -qx 'status 3' "$TEST_TMP/bare" || fail "the status of a service is not noted"
umount -R -l "$root"
umount -l "$TEST_TMP/over"

setup
start_filter
work >"$TEST_TMP/viewed"
[ "$(views)" -gt 3 ] || fail "the views went away"
"$filter" --undo -- "$root"
tree >>"$TEST_TMP/viewed"
{
	cat "$TEST_TMP/bare"
	tree
} | diff - "$TEST_TMP/viewed" >"$TEST_TMP/difference" || {
	cat "$TEST_TMP/difference"
	fail "through the views it is not as on the bare directories"
}
! grep -q aside "$TEST_TMP/viewed" || fail "somebody stepped aside"

# What was installed while the views were there is a service like others: rc starts it.
setup
start_filter
in_root dpkg --admindir=/run/dpkg -i /run/log/pkgd-1.deb || fail "dpkg ends with $?"
: >"$log"
: >"$TEST_TMP/output"
net_up
in_root /etc/init.d/rc 2 || fail "rc ends with $?"
expect_gone
grep -qx 'pkgd 1 start' "$log" || fail "rc did not start what was installed: $(logged)"
echo ok
