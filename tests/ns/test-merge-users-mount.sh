#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user's FUSE in /tmp, as AppImages make them, which answers nobody and refuses even root, is carried
# to the disk with all else.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp
# What fusermount does, with a server that never says a word.
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import ctypes, errno, os, subprocess, sys

	root = sys.argv[1]
	place = f"{root}/tmp/.mount_app"
	libc = ctypes.CDLL(None, use_errno=True)
	device = os.open("/dev/fuse", os.O_RDWR)
	os.mkdir(place)
	options = f"fd={device},rootmode=40000,user_id=1000,group_id=1000"
	if libc.mount(b"app", place.encode(), b"fuse", 0, options.encode()) < 0:
	    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
	try:
	    os.stat(place)
	except PermissionError:
	    pass
	else:
	    sys.exit("root is not refused")
	os.makedirs(f"{root}/run/initfs/sockets/X11-unix")  # as supervise has it
	subprocess.run(["mount", "-o", "remount,rw", root], check=True)
	subprocess.run(["initfs-merge", "--now", "--", root], check=True)
	with open("/proc/self/mountinfo") as info:
	    mounts = {line.split()[4]: line.split(" - ")[1].split()[0] for line in info}
	assert mounts.get(place) == "fuse", mounts.get(place)
	assert f"{root}/tmp" not in mounts, "the view is still there"
END
