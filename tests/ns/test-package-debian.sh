#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package builds without root, is clean for lintian, gets into the initramfs, and leaves nothing when purged.
#
# It is built as packaging/README.md says, and installed in the guests' Debian
# (lib/make-guest), whose own dracut makes its initramfs anew by the package's trigger.
set -euo pipefail

if [[ $(id -u) != 0 ]]; then
	echo "mounts: only root can run this"
	exit 77
fi
if [[ -z ${PACKAGE_SCENE-} ]]; then
	PACKAGE_SCENE=1 exec unshare --mount --propagation private -- "$0" "$@"
fi

tmp=${TEST_TMP:?}
debian=${INITFS_SRC:?}/packaging/debian
# shellcheck source-path=SCRIPTDIR source=../lib/package.sh
. "$INITFS_SRC/tests/lib/package.sh"

fail() {
	echo "FAIL: $*"
	exit 1
}

versions() { # the changelog is the only place that repeats the version
	local said
	said=$(dpkg-parsechangelog -l "$debian/changelog" -S Version)
	[[ ${said%-*} == "$version" ]] || fail "debian/changelog is about $said, configure.ac about $version"
}

examples() { # what the example sets is documented and taken
	local line
	# shellcheck disable=SC2317 # so that the library does not look for dracut's
	getarg() { :; }
	# shellcheck source=/dev/null
	. "$INITFS_SRC/modules.d/50initfs/initfs-lib.sh"
	while IFS= read -r line; do
		grep -q "^\.It Cm rd\.initfs\.${line%%=*} " "$INITFS_SRC/docs/man/initfs.7" ||
			fail "initfs.conf: ${line%%=*} is not in initfs(7)"
		initfs_valid "${line%%=*}" "${line#*=}" || fail "initfs.conf: $line would be refused"
	done < <(sed -n '/^#[a-z]*=/s/^#//p' "$debian/initfs.conf" | grep . || echo "nothing=")
}

# The tree names no place in the network; and what it takes for misspelt words is machine code.
lint() {
	package_builder lintian --display-info --pedantic --fail-on error,warning,info,pedantic \
		--suppress-tags no-homepage-field,spelling-error-in-binary /mnt/*.changes || fail "lintian"
}

files() { # FOLDER prints mode, name and target of everything that is no folder
	(cd "$1" && find . ! -type d -printf '%m %P %l\n' | sort)
}

shared() { # FOLDER prints which programs need the root's libraries
	local program
	for program in "$1"/usr/*bin/*; do
		! readelf -lW "$program" | grep -q INTERP || echo "${program#"$1"}"
	done
}

# What make install installs, and Debian's own: documents, overrides, and what has dracut take the module.
content() {
	make -s -C "$INITFS_BUILD" install DESTDIR="$tmp/installed"
	dpkg-deb -x "$deb" "$tmp/package"
	diff <(files "$tmp/installed") <(files "$tmp/package" |
		sed -e '\|usr/share/doc/initfs/|d' -e '\|usr/share/lintian/overrides/initfs |d' \
			-e '\|usr/lib/dracut/dracut.conf.d/50-initfs.conf |d' -e '/share.man/s/\.gz $/ /') ||
		fail "the package has not what make install installs"
	diff <(shared "$tmp/installed") <(shared "$tmp/package") ||
		fail "other programs are static in the package than without Debian's flags"
	[[ -z $(dpkg-deb -c "$deb" | awk '$2 != "root/root"') ]] || fail "not all is root's"
}

# With a dracut that does not take drivers of all machines and does not compress.
machine() {
	mkdir -p "$tmp/etc/etc/dracut.conf.d" "$tmp/etc/etc/modprobe.d"
	echo "blacklist psmouse" >"$tmp/etc/etc/modprobe.d/test.conf"
	cat >"$tmp/etc/etc/dracut.conf.d/test.conf" <<-'END'
		dracutmodules=" bash base fs-lib kernel-modules rootfs-block udev-rules usrmount "
		drivers=" ext4 virtio_blk "
		compress=cat
		early_microcode=no
	END
	package_machine "$tmp/etc"
	kernel=$(basename "$base"/lib/modules/*)
	image=boot/initrd.img-$kernel
}

# What has come, changed or gone in the machine, but for dpkg's own records.
touched() {
	(cd "$upper" && find . -path ./var/lib/dpkg -prune -o ! -type d ! -path ./var/log/dpkg.log \
		-printf '%P\n' | sort)
}

new_folders() {
	local folder
	(cd "$upper" && find . -type d) | while IFS= read -r folder; do
		[[ -d $base/$folder ]] || echo "$folder"
	done
}

# Nothing is touched but what is in the package and, by dracut, the initramfs.
installed() {
	local listed=$tmp/listed name
	in_root dpkg --force-unsafe-io --install "$deb"
	diff <({ files "$tmp/package" | cut -d' ' -f2; echo "$image"; } | sort) <(touched) ||
		fail "an installation touches something else"
	[[ $(in_root initfs --version) == "initfs $version" ]] || fail "initfs --version"
	in_root lsinitrd "/$image" >"$listed"
	for name in overlay hold merge rcfilter supervise keep readahead; do
		grep -q "usr/sbin/initfs-$name\$" "$listed" || fail "no initfs-$name in the initramfs"
	done
	grep -q ' etc/modprobe.d/test.conf$' "$listed" || fail "the initramfs does not know which drivers are not wanted"
	for name in cmdline/20-parse-initfs pre-pivot/84-mount-overlay pre-pivot/86-start-early; do
		grep -q "hooks/$name.sh\$" "$listed" || fail "no hook $name in the initramfs"
	done
}

# Whatever machine dracut finds itself on, what the hooks need comes along, and screens and keyboards of others.
hostonly() {
	local listed=$tmp/listed name
	in_root dracut --force --quiet --hostonly /dev/hostonly.img "$kernel"
	in_root lsinitrd /dev/hostonly.img >"$listed"
	grep -q '^Arguments: .*--hostonly' "$listed" || fail "dracut was not in hostonly mode"
	for name in overlay fuse loop evdev psmouse usbhid virtio_input bochs; do
		grep -q "/$name\.ko\$" "$listed" || fail "no driver $name with hostonly"
	done
	rm "$root/dev/hostonly.img"
}

# What a boot may have made was initfs's, too.
purged() {
	mkdir "$root/var/lib/initfs" "$root/var/log/initfs"
	touch "$root/var/lib/initfs/reserve" "$root/var/lib/initfs/readahead"
	touch "$root/var/log/initfs/timeline" "$root/var/log/initfs/timeline.new"
	in_root dpkg --force-unsafe-io --purge initfs
	diff <(echo "$image") <(touched && new_folders) || fail "something is left"
	in_root lsinitrd "/$image" >"$tmp/listed"
	grep -q 'usr/bin/mount$' "$tmp/listed" || fail "the initramfs cannot be read"
	! grep initfs "$tmp/listed" || fail "initfs is still in the initramfs"
	! find "$root/var/lib/dpkg" -name 'initfs*' | grep . || fail "dpkg still knows it"
}

versions
examples
package_build
lint
content
machine
installed
hostonly
purged
