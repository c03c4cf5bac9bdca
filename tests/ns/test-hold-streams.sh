#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who keeps very many directory streams open is refused more of the server's memory, and nobody
# else is.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /tmp
scene_up /tmp
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import errno, os, sys

	folder = f"{sys.argv[1]}/tmp/many"
	os.mkdir(folder)
	os.chmod(folder, 0o755)
	NAMES = 10000
	for n in range(NAMES):
	    os.symlink("nowhere", f"{folder}/{n:0200}")


	def open_streams(count):
	    streams = []
	    try:
	        for _ in range(count):
	            stream = os.scandir(folder)
	            next(stream)
	            streams.append(stream)
	    except OSError as error:
	        assert error.errno == errno.ENOMEM, error
	    return streams


	def as_user(uid, function):
	    pid = os.fork()
	    if pid == 0:
	        os.setuid(uid)
	        try:
	            function()
	        except BaseException as error:
	            print(repr(error), file=sys.stderr, flush=True)
	            os._exit(1)
	        os._exit(0)
	    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


	def take_all():
	    streams = open_streams(100)  # 2.4 MB each
	    assert 10 < len(streams) < 40, f"{len(streams)} streams"
	    assert not open_streams(1), "a stream too many"
	    streams.pop().close()
	    assert len(open_streams(1)) == 1, "what was given back cannot be had again"


	kept = open_streams(40)  # root's are not counted
	assert len(kept) == 40, f"{len(kept)} of root"
	assert as_user(1000, take_all) == 0
	assert as_user(1001, take_all) == 0, "another user"
	assert len(list(kept[0])) == NAMES - 1, "what was open before"
END
