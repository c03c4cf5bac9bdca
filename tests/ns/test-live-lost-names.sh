#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Open files that have lost the names by which they were opened, and have others that nobody has looked
# up, are the files under those other names on the disk, however many they are.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
scene_up /var /tmp
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import os, subprocess, sys

	root, count = sys.argv[1], 200
	os.chdir(f"{root}/tmp")
	os.mkdir("others")
	for n in range(count):
	    with open(f"first{n}", "w") as file:
	        file.write(f"{n} before")
	    os.link(f"first{n}", f"others/second{n}")
	    if n % 2:
	        os.link(f"first{n}", f"third{n}")
	with open("gone", "w") as file:
	    file.write("without a name")
	os.link("gone", "also-gone")
	# So that the server forgets names, with the objects.
	with open("/proc/sys/vm/drop_caches", "w") as caches:
	    caches.write("2")
	files = [os.open(f"first{n}", os.O_WRONLY | os.O_APPEND) for n in range(count)]
	gone = os.open("gone", os.O_RDWR)
	for name in ["gone", "also-gone"] + [f"first{n}" for n in range(count)]:
	    os.unlink(name)
	os.chdir("/")
	subprocess.run(["mount", "-o", "remount,rw", root], check=True)
	subprocess.run(["initfs-merge", "--now", "--", root], check=True)
	os.chdir(f"{root}/tmp")
	assert not os.path.ismount("."), "the view is still there"
	for n, fd in enumerate(files):
	    os.write(fd, b" and after")
	    names = [f"others/second{n}"] + [f"third{n}"] * (n % 2)
	    for name in names:
	        with open(name) as file:
	            assert file.read() == f"{n} before and after", name
	    assert os.fstat(fd).st_ino == os.stat(names[0]).st_ino
	assert os.pread(gone, 100, 0) == b"without a name"
END
