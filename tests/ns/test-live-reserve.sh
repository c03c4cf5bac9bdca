#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who writes to a file that he had open when it moved to the disk does not get the blocks that
# the disk's file system reserves for root.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

IMAGE_SIZE=32M scene_make /tmp
scene_up /tmp
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import errno, os, subprocess, sys

	root = sys.argv[1]
	BLOCK = b"x" * 65536


	def fill(write):
	    """How a user comes to the end of the disk."""
	    try:
	        while True:
	            write()
	    except OSError as error:
	        return error.errno


	def after_the_move(fd, merged):
	    os.setgid(1000)
	    os.setuid(1000)
	    os.read(merged, 1)
	    st = os.statvfs(root)
	    reserve = (st.f_bfree - st.f_bavail) * st.f_frsize
	    assert reserve > 1 << 20, reserve
	    at = [0]

	    def allocate():
	        os.posix_fallocate(fd, at[0], len(BLOCK))
	        at[0] += len(BLOCK)

	    for write in (lambda: os.write(fd, BLOCK), allocate):
	        assert fill(write) == errno.ENOSPC
	        os.fsync(fd)
	        st = os.statvfs(root)
	        assert st.f_bfree * st.f_frsize >= reserve, f"{st.f_bfree * st.f_frsize} of {reserve} are left"
	        os.ftruncate(fd, 0)
	        os.sync()


	merged, tell = os.pipe()
	fd = os.open(f"{root}/tmp/mine", os.O_WRONLY | os.O_CREAT, 0o644)
	os.fchown(fd, 1000, 1000)
	pid = os.fork()
	if pid == 0:
	    after_the_move(fd, merged)
	    os._exit(0)
	subprocess.run(["mount", "-o", "remount,rw", root], check=True)
	subprocess.run(["initfs-merge", "--now", "--", root], check=True)
	os.write(tell, b".")
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
