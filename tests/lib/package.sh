# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian's package, built, and a Debian that it is installed in. The caller is root in a mount namespace of its
# own (unshare --mount --propagation private); $tmp is a folder for it, where nothing of this is yet.

: "${tmp:?}" "${INITFS_SRC:?}" "${INITFS_BUILD:?}"
# Where that Debian is, and what has changed in it.
root=$tmp/root
upper=$tmp/ram/upper
# Of what is built; the changelog is the only place that repeats it.
version=$(sed -n 's/^PACKAGE_VERSION = //p' "$INITFS_BUILD/Makefile")

# A builder has neither root nor a test's surroundings. The unit tests are check/gcc's and distcheck's.
package_builder() { # COMMAND...
	setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=/usr/bin:/bin HOME=/nonexistent \
		LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS-nocheck}" "$@"
}

# Sets $deb. As packaging/README.md says; at /mnt, so that the builder can get there whoever may look into $tmp.
package_build() {
	mkdir "$tmp/site"
	mount --bind "$tmp/site" /mnt
	XZ_OPT=-1 make -s -C "$INITFS_BUILD" dist
	cp "$INITFS_BUILD/initfs-$version.tar.xz" "/mnt/initfs_$version.orig.tar.xz"
	tar -C /mnt -xf "/mnt/initfs_$version.orig.tar.xz"
	cp -r "/mnt/initfs-$version/packaging/debian" "/mnt/initfs-$version/debian"
	chown -R 65534:65534 /mnt
	cd "/mnt/initfs-$version" || return
	package_builder dpkg-buildpackage -us -uc
	cd /
	# shellcheck disable=SC2034 # for the caller
	deb=$(echo /mnt/initfs_"$version"-*.deb)
}

# The guests' Debian at $root, with the files in the folder MORE laid over it; /mnt is there, too.
package_machine() { # MORE
	base=$("$INITFS_SRC/tests/lib/make-guest" --tree)
	mkdir -p "$tmp/ram" "$root"
	mount -t tmpfs ram "$tmp/ram"
	mkdir -p "$upper" "$tmp/ram/work"
	mount -t overlay -o "lowerdir=$1:$base,upperdir=$upper,workdir=$tmp/ram/work" root "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom "$root/dev/"
	ln -s /proc/self/fd "$root/dev/fd"
	mount --bind -o ro /mnt "$root/mnt"
}

in_root() { # COMMAND...
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}
