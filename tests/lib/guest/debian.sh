# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the builders of guests know about Debian's packages. The caller sets $root and $here.

: "${root:?}" "${here:?}"
suite=bookworm
# Packages that were downloaded once; several builders may use it at the same time.
debs=$INITFS_CACHE/debs
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8

packages() { # LIST prints the packages of the list, one a line
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

# shellcheck disable=SC2016 # apt-get expands these
mirror_sources() { # prints an apt source for each suite that this machine uses itself
	apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
		awk -v s="$suite" 'index($2, s) == 1 { print "deb", $1, $2, $3 }' | sort -u
}

mirror_main() { # prints the mirror of the main suite
	mirror_sources | awk -v s="$suite" '$3 == s && $4 == "main" { print $2; exit }'
}

# INITRD=No: the kernel package would make an initramfs that nobody boots.
in_root() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive INITRD=No "$@"
}

# Installs the packages of LIST; what they would start is not started, and what they were unpacked
# from stays outside of the guest.
install_list() { # LIST
	local list

	mirror_sources >"$root/etc/apt/sources.list"
	cp -f /etc/resolv.conf "$root/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	mount --bind "$debs" "$root/var/cache/apt/archives"
	mount -t proc proc "$root/proc"
	in_root apt-get -q update
	mapfile -t list < <(packages "$1")
	in_root apt-get -q -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
		-o APT::Sandbox::User=root -o Dpkg::Options::=--force-unsafe-io install "${list[@]}"
	umount "$root/proc" "$root/var/cache/apt/archives"
	rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
	rm -rf "$root"/var/lib/apt/lists/*_* "$root"/boot/initrd.img-*
}
