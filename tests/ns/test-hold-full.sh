#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that has changed a mapping for which RAM has no room is told so by msync, also where there
# is room for the first of its pages.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var
initfs-overlay --size=8M -- "$root" /var || fail "no overlay"
initfs-hold -- "$root" || fail "no view"
# 128 KiB is what the kernel writes back in one request.
/usr/bin/python3 - "$root/var" <<-'END' || fail "see above"
	import errno, mmap, os, sys

	os.chdir(sys.argv[1])
	size = 128 << 10
	fill, fd = (os.open(name, os.O_RDWR | os.O_CREAT) for name in ("fill", "mapped"))
	os.ftruncate(fd, size)
	mapping = mmap.mmap(fd, size)
	layer = os.statvfs(".")
	os.write(fill, b"x" * (layer.f_bavail * layer.f_bsize - size // 2))
	layer = os.statvfs(".")
	assert layer.f_bavail * layer.f_bsize == size // 2, "not half of the room is left"
	mapping[:] = b"y" * size
	try:
	    mapping.flush()
	except OSError as error:
	    assert error.errno == errno.ENOSPC, error
	else:
	    sys.exit("msync said that all was written")
	os.ftruncate(fill, 0)
	mapping[:] = b"z" * size
	mapping.flush()
	assert os.pread(fd, size, 0) == b"z" * size
END
