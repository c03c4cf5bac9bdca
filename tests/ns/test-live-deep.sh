#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories nested as deeply as a merge carries them get to the disk under a program that stands in
# the last one, and nobody's stack is too small for them.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var /tmp
initfs-overlay --size=64M -- "$root" /var /tmp || fail "no overlays"
# As much as is deep enough for 8 MiB needs more descriptors than some machines allow.
(
	ulimit -s 512
	exec initfs-hold -- "$root"
) || fail "no views"
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import os, subprocess, sys

	root, levels = sys.argv[1], 3900
	os.chdir(f"{root}/tmp")
	for n in range(levels):
	    os.mkdir("d")
	    os.chdir("d")
	with open("bottom", "w") as file:
	    file.write("before")
	    file.flush()
	    subprocess.run(["mount", "-o", "remount,rw", root], check=True)
	    subprocess.run(["initfs-merge", "--now", "--", root], check=True, cwd="/")
	    file.write(" and after")
	# By the disk's own names now.
	os.chdir(f"{root}/tmp")
	for n in range(levels):
	    os.chdir("d")
	with open("bottom") as file:
	    assert file.read() == "before and after"
END
