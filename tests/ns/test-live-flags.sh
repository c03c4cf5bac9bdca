#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file that somebody writes to, and that has been made immutable or append-only since, gets to the
# disk under him, with the flag and with his locks.
# shellcheck source-path=SCRIPTDIR source=hold.sh
. "${0%/*}/hold.sh"

scene_make /var
scene_up /var
/usr/bin/python3 - "$root" <<-'END' || fail "see above"
	import errno, fcntl, os, subprocess, sys

	root = sys.argv[1]
	os.chdir(f"{root}/var/log")


	def flags_of(name):
	    said = subprocess.run(["lsattr", name], check=True, capture_output=True, text=True)
	    return "".join(sorted(set("ai") & set(said.stdout.split()[0])))


	def is_locked(name):
	    """For another process."""
	    code = "import fcntl, sys; fcntl.lockf(open(sys.argv[1]), fcntl.LOCK_SH | fcntl.LOCK_NB)"
	    return subprocess.run([sys.executable, "-c", code, name], stderr=subprocess.DEVNULL).returncode != 0


	files = {}
	for name, flag, how in (("plain", "", 0), ("still", "i", 0), ("grows", "a", os.O_APPEND), ("messages", "i", os.O_APPEND)):
	    files[name] = fd = os.open(name, os.O_WRONLY | os.O_CREAT | how, 0o644)
	    os.write(fd, b"before ")
	    fcntl.lockf(fd, fcntl.LOCK_EX)
	    if flag:
	        subprocess.run(["chattr", f"+{flag}", name], check=True)
	# A lock needs no right to write at any place.
	fcntl.lockf(files["grows"], fcntl.LOCK_UN)
	fcntl.lockf(files["grows"], fcntl.LOCK_EX)

	os.chdir("/")
	subprocess.run(["mount", "-o", "remount,rw", root], check=True)
	subprocess.run(["initfs-merge", "--now", "--", root], check=True)
	os.chdir(f"{root}/var/log")
	for name, fd in files.items():
	    assert os.path.ismount(f"{root}/var") is False, "the view is still there"
	    assert is_locked(name), f"{name} is not locked"
	    more = "and after"
	    try:
	        os.write(fd, more.encode())
	    except PermissionError:
	        assert flags_of(name) == "i", name  # ext4 since 5.3: nobody writes any more
	        more = ""
	    with open(name) as file:
	        assert file.read().endswith("before " + more), name
	assert {name: flags_of(name) for name in files} == \
	    {"plain": "", "still": "i", "grows": "a", "messages": "i"}
	subprocess.run(["chattr", "-ia", *files], check=True)
END
