#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each form that a change can have in an upper layer arrives on the disk as the view showed it.
. "$(dirname -- "$0")/merge-scene.sh"

# A change through the overlay, merged, compared with what the overlay showed.
change() {
	view_down
	merge -v >"$SCENE/said" || fail "$1: exit $?"
	expect_merged
	echo "ok: $1"
}

scene
mkdir -p "$LOWER/a/b" && echo gone >"$LOWER/a/b/f" && echo stays >"$LOWER/a/g"
view_up
rm "$VIEW/a/g" && rm -r "$VIEW/a/b"
change "a deleted file and a deleted tree"

scene
mkdir -p "$LOWER/d/sub" && echo old >"$LOWER/d/old" && echo old >"$LOWER/d/sub/f"
view_up
rm -r "$VIEW/d" && mkdir "$VIEW/d" && echo new >"$VIEW/d/new"
change "a replaced directory shows nothing of the old one"
[ "$(ls "$LOWER/d")" = new ] || fail "the opaque directory is transparent"

scene
mkdir "$LOWER/dir" && echo 1 >"$LOWER/file" && ln -s file "$LOWER/link" && echo 2 >"$LOWER/dir/x"
view_up
rm -r "$VIEW/dir" "$VIEW/file" "$VIEW/link"
echo was-dir >"$VIEW/dir" && ln -s /nowhere "$VIEW/file" && mkdir -p "$VIEW/link/inside"
change "directory to file, file to symbolic link, symbolic link to directory"

scene
view_up
echo linked >"$VIEW/one" && ln "$VIEW/one" "$VIEW/two" && mkdir "$VIEW/d" &&
	ln "$VIEW/one" "$VIEW/d/three" && ln -s t "$VIEW/s1" && ln "$VIEW/s1" "$VIEW/d/s2"
change "hard links, of a symbolic link too, into a new directory"
[ "$(stat -c %h "$LOWER/one")" = 3 ] || fail "link count $(stat -c %h "$LOWER/one")"

scene
echo before >"$LOWER/one" && ln "$LOWER/one" "$LOWER/two" && ln "$LOWER/one" "$LOWER/three"
inode=$(stat -c %i "$LOWER/two")
view_up
echo after >"$VIEW/one" && chmod 600 "$VIEW/three"
change "one changed name of a hard linked file leaves the others alone"
[ "$(cat "$LOWER/two")" = before ] || fail "the other name changed"
[ "$(stat -c %i "$LOWER/two")" = "$inode" ] || fail "the other name is another inode"

scene
view_up
mkfifo -m 620 "$VIEW/fifo" && mknod -m 601 "$VIEW/null" c 1 3 && mknod "$VIEW/loop" b 7 0
/usr/bin/python3 -c 'import os,sys; os.mknod(sys.argv[1], 0o140640)' "$VIEW/socket"
chown 1:2 "$VIEW/fifo" "$VIEW/socket"
change "FIFO, device nodes, a socket"

scene
view_up
truncate -s 64M "$VIEW/hole" && echo middle | dd of="$VIEW/hole" bs=1M seek=30 conv=notrunc status=none
truncate -s 0 "$VIEW/empty"
change "a file with holes"
[ "$(stat -c %b "$LOWER/hole")" -lt 2048 ] || fail "the holes were filled"

scene
echo x >"$LOWER/f" && mkdir "$LOWER/d" && setfattr -n trusted.old -v 1 "$LOWER/d" "$LOWER/f"
setfacl -m u:7:rwx "$LOWER/d" && setfacl -d -m g:5:r "$LOWER/d"
view_up
setfattr -x trusted.old "$VIEW/d" && setfattr -x trusted.old "$VIEW/f"
setfattr -n trusted.new -v 2 "$VIEW/d" "$VIEW/f"
setfacl -k "$VIEW/d" && setfacl -m u:8:x "$VIEW/d" && setfacl -m u:9:rw "$VIEW/f"
setcap cap_net_raw+ep "$VIEW/f"
change "extended attributes and ACLs that came and went, a capability"
getcap "$LOWER/f" | grep -q cap_net_raw || fail "the capability is lost"

scene
mkdir -p "$LOWER/deep/er" && echo untouched >"$LOWER/deep/er/f"
view_up
chmod 3751 "$VIEW/deep" && chown 3:4 "$VIEW/deep/er" && chmod 1777 "$VIEW"
touch -d '2001-02-03 04:05:06.123456789' "$VIEW/deep/er" "$VIEW/deep" "$VIEW"
inode=$(stat -c %i "$LOWER/deep")
change "attributes and times of directories alone, that of the protected one too"
[ "$(stat -c %i "$LOWER/deep")" = "$inode" ] || fail "the directory was replaced"

scene
echo aaaa >"$LOWER/f" && touch -d '2002-01-01' "$LOWER/f"
echo 1 >"$LOWER/a" && echo 2 >"$LOWER/b" && touch -d '2002-01-01' "$LOWER/a" "$LOWER/b"
view_up
printf 'bbbb\n' | dd of="$VIEW/f" conv=notrunc status=none && touch -d '2002-01-01' "$VIEW/f"
mv "$VIEW/a" "$VIEW/t" && mv "$VIEW/b" "$VIEW/a" && mv "$VIEW/t" "$VIEW/b"
change "same size and same time, other content; two names swapped"

scene
echo old >"$LOWER/log" && echo older >"$LOWER/log.1"
view_up
rm "$VIEW/log.1" && mv "$VIEW/log" "$VIEW/log.1" && echo new >"$VIEW/log"
change "a rotated log"

# A container engine keeps its own layers below /var/lib: they are data.
scene
mkdir -p "$LOWER/engine/diff" "$LOWER/other"
mknod "$LOWER/engine/diff/whiteout" c 0 0
setfattr -n trusted.overlay.opaque -v y "$LOWER/engine/diff"
setfattr -n trusted.overlay.origin -v 0x00 "$LOWER/engine/diff"
view_up
echo new >"$VIEW/engine/diff/file" && chmod 711 "$VIEW/engine/diff"
view_down
merge -v >"$SCENE/said" || fail "foreign layers: exit $?"
[ -c "$LOWER/engine/diff/whiteout" ] || fail "the lower's own whiteout is gone"
[ "$(getfattr --only-values -n trusted.overlay.opaque "$LOWER/engine/diff")" = y ] ||
	fail "the lower's own opaque is gone"
getfattr -n trusted.overlay.origin "$LOWER/engine/diff" >/dev/null 2>&1 || fail "origin is gone"
[ "$(cat "$LOWER/engine/diff/file")" = new ] || fail "the new file did not arrive"
echo "ok: a container engine's own overlay layers"

# The overlay's own attributes stay in RAM.
scene
mkdir "$LOWER/d" && echo 1 >"$LOWER/d/f"
view_up
echo 2 >>"$VIEW/d/f" && mkdir "$VIEW/n"
getfattr -R -h -d -m - "$UPPER" 2>/dev/null | grep -q 'trusted\.overlay\.' ||
	fail "the scene has no attribute of the overlay"
view_down
merge -v >"$SCENE/said" || fail "own attributes: exit $?"
! getfattr -R -h -d -m - "$DISK" 2>/dev/null | grep 'trusted\.overlay\.' ||
	fail "the overlay's attributes are on the disk"
echo "ok: no attribute of the overlay on the disk"

# Since Linux 6.7 a program on an overlay may have trusted.overlay.* of its own, escaped in the layer.
scene
view_up
mkdir "$VIEW/nested"
if setfattr -n trusted.overlay.opaque -v y "$VIEW/nested" 2>/dev/null; then
	change "an escaped attribute of an overlay in the overlay"
else
	view_down
	echo "not asked: this kernel's overlay has no escaped attributes"
fi

# Paths that no program can name in one call.
scene
view_up
/usr/bin/python3 - "$VIEW" <<'PY' || fail "make the deep tree"
import os, sys
os.chdir(sys.argv[1])
for i in range(60):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
open("bottom", "w").write("deep")
PY
change "a path longer than PATH_MAX"

# Staging comes and goes without a trace in the directory that holds it.
scene
touch -d '2003-03-03 03:03:03.5' "$DISK"
before=$(stat -c %y "$DISK")
view_up
echo 1 >"$VIEW/f"
change "the staging directory leaves no trace"
[ "$(stat -c %y "$DISK")" = "$before" ] || fail "the disk's root has another time"

# The lower directory may be the root of its file system.
scene
LOWER=$DISK
rmdir "$DISK/lost+found" "$DISK/var"
view_up
mkdir "$VIEW/d" && echo 1 >"$VIEW/d/f" && chmod 750 "$VIEW"
touch -d '2004-04-04 04:04:04.25' "$VIEW"
change "a lower layer that is a whole file system"
LOWER=$DISK/var

# Twice is once.
scene
mkdir "$LOWER/d" && echo 1 >"$LOWER/d/f" && echo 2 >"$LOWER/g"
view_up
rm -r "$VIEW/d" && mkdir "$VIEW/d" && echo 3 >"$VIEW/d/h" && rm "$VIEW/g" && ln "$VIEW/d/h" "$VIEW/i"
change "the first merge"
merge -v >"$SCENE/said" || fail "the second merge: exit $?"
expect_merged
view_again
"$HERE/merge-tree" dump "$VIEW" >"$SCENE/found"
diff "$SCENE/wanted" "$SCENE/found" || fail "the overlay over the merged layers shows something else"
umount "$VIEW"
echo "ok: a merge of what is merged changes nothing"

# --- forms that other mount options bring

# A changed attribute leaves the data where it is; the names of a linked file part.
scene
dd if=/dev/urandom of="$LOWER/big" bs=1M count=3 status=none
echo linked >"$LOWER/one" && ln "$LOWER/one" "$LOWER/two" && cp "$LOWER/big" "$LOWER/moved"
inode=$(stat -c %i "$LOWER/big") && moved=$(stat -c %i "$LOWER/moved")
OVERLAY_OPTIONS=redirect_dir=on,metacopy=on,index=off view_up
chmod 4711 "$VIEW/big" && chown 3:4 "$VIEW/big" && chmod 4711 "$VIEW/big" && chmod 600 "$VIEW/one"
setfattr -n user.x -v y "$VIEW/big"
chmod 640 "$VIEW/moved" && mkdir "$VIEW/new" && mv "$VIEW/moved" "$VIEW/new/name"
mv "$VIEW/one" "$VIEW/new/one" && touch -h -d '2005-05-05 05:05:05.5' "$VIEW/big"
getfattr -R -d -m - "$UPPER" 2>/dev/null | grep -q overlay.metacopy || fail "no metacopy in the scene"
change "changed attributes alone (metacopy), renamed and linked too"
[ "$(stat -c %i "$LOWER/big")" = "$inode" ] || fail "the data was copied"
[ "$(stat -c %i "$LOWER/new/name")" = "$moved" ] || fail "the renamed data was copied"
[ "$(stat -c %a "$LOWER/two")" = 644 ] || fail "the other name changed"
merge || fail "metacopy, again: exit $?"
expect_merged

scene
mkdir "$LOWER/d" && echo 1 >"$LOWER/d/gone" && echo 2 >"$LOWER/d/stays"
mkdir "$UPPER/d" && : >"$UPPER/d/gone"
setfattr -n trusted.overlay.opaque -v x "$UPPER/d"
setfattr -n trusted.overlay.whiteout -v y "$UPPER/d/gone"
view_up
if [ -e "$VIEW/d/gone" ]; then
	umount "$VIEW"
	echo "not asked: this kernel's overlay has no whiteouts of the xattr kind"
else
	change "a whiteout of the xattr kind"
	[ "$(cat "$LOWER/d/stays")" = 2 ] || fail "the wrong name is gone"
fi

scene
mkdir "$LOWER/d" "$LOWER/o" && echo 1 >"$LOWER/d/f" && echo 1 >"$LOWER/o/f"
setfattr -n trusted.overlay.mine -v 1 "$LOWER/d/f"
OVERLAY_OPTIONS=userxattr view_up
echo 2 >>"$VIEW/d/f" && rm -r "$VIEW/o" && mkdir "$VIEW/o" && echo 3 >"$VIEW/o/g"
getfattr -R -d -m - "$UPPER" 2>/dev/null | grep -q user.overlay.opaque || fail "not userxattr"
view_down
expect_exit 0 merge --userxattr
expect_merged
! getfattr -R -h -d -m - "$DISK" 2>/dev/null | grep 'user\.overlay\.' ||
	fail "the overlay's attributes are on the disk"
echo "ok: an overlay that was mounted with userxattr"

# An index keeps the names of a file together, also those that the upper layer does not have, and
# when it has none of them any more.
scene
mkdir -p "$LOWER/d/e" "$LOWER/gone" "$LOWER/old" && echo 1 >"$LOWER/one" && ln "$LOWER/one" "$LOWER/d/e/two"
ln "$LOWER/one" "$LOWER/gone/three" && ln "$LOWER/one" "$LOWER/old/four" && ln "$LOWER/one" "$LOWER/five"
echo 2 >"$LOWER/a" && ln "$LOWER/a" "$LOWER/d/b" && echo 3 >"$LOWER/m" && ln "$LOWER/m" "$LOWER/d/n"
ln -s target "$LOWER/s" && ln "$LOWER/s" "$LOWER/d/s2" && echo 4 >"$LOWER/p" && ln "$LOWER/p" "$LOWER/d/q"
touch -d '2007-07-07 07:07:07.7' "$LOWER/d" "$LOWER/d/e"
OVERLAY_OPTIONS=index=on,redirect_dir=on,metacopy=on view_up
echo more >>"$VIEW/one" && rm -r "$VIEW/gone" && rm "$VIEW/five" && mv "$VIEW/old" "$VIEW/new"
echo more >>"$VIEW/a" && rm "$VIEW/a" && chmod 600 "$VIEW/m" && chown -h 1:2 "$VIEW/s"
chmod 640 "$VIEW/p" && rm "$VIEW/p" && chattr +i "$VIEW/d/q" # immutable, and no name in the upper layer
view_down
expect_refused 3 merge
expect_said index=on
expect_exit 0 merge --work="$RAM/work"
expect_merged
[ "$(stat -c %h "$LOWER/one")" = 3 ] || fail "one file has $(stat -c %h "$LOWER/one") names"
[ "$(cat "$LOWER/d/b")" = "$(printf '2\nmore')" ] || fail "the name that was left is not changed"
expect_exit 0 merge --work="$RAM/work"
expect_merged
lsattr "$LOWER/d/q" | grep -q '^....i' || fail "a flag is lost"
chattr -i "$LOWER/d/q"
echo "ok: names that an index keeps together"

# --- flags

scene
mkdir "$LOWER/d" && echo 1 >"$LOWER/d/f" && echo 1 >"$LOWER/log" && echo 1 >"$LOWER/f"
view_up
echo 2 >"$VIEW/d/g" && echo 2 >>"$VIEW/d/f" && echo 2 >>"$VIEW/log" && echo 2 >>"$VIEW/f"
mkdir -p "$VIEW/new/in" && echo 3 >"$VIEW/new/in/f"
chattr +i "$VIEW/d" "$VIEW/f" "$VIEW/new/in/f" "$VIEW/new/in" && chattr +a "$VIEW/log"
change "immutable and append-only, made in the overlay"
for f in d f new/in new/in/f; do
	lsattr -d "$LOWER/$f" | grep -q '^....i' || fail "$f is not immutable"
done
lsattr "$LOWER/log" | grep -q '^.....a' || fail "the log is not append-only"
merge || fail "flags, again: exit $?"
expect_merged
chattr -R -i "$LOWER"

# What nobody may change was changed by somebody who might; the other name keeps its flag.
scene
mkdir "$LOWER/d" && echo 1 >"$LOWER/d/f" && echo 1 >"$LOWER/gone" && ln "$LOWER/gone" "$LOWER/other"
echo 1 >"$LOWER/new" && ln "$LOWER/new" "$LOWER/stays"
chattr +i "$LOWER/d" "$LOWER/gone" && chattr +a "$LOWER/new"
mknod "$UPPER/gone" c 0 0 && echo 2 >"$UPPER/new"
view_up
echo 2 >"$VIEW/d/f" # the directory itself lets nobody make or remove names
change "flags in the way"
lsattr "$LOWER/other" | grep -q '^....i' || fail "the other name of a deleted file lost its flag"
lsattr "$LOWER/stays" | grep -q '^.....a' || fail "the other name of a replaced file lost its flag"
lsattr -d "$LOWER/d" | grep -q '^....i' || fail "the directory lost its flag"
[ "$(cat "$LOWER/d/f")" = 2 ] || fail "nothing arrived"
chattr -i "$LOWER/d" "$LOWER/other" && chattr -a "$LOWER/stays"

# Flags that a copy-up loses belong to the file, not to its name.
scene
echo 1 >"$LOWER/f" && echo 1 >"$LOWER/g" && echo 1 >"$LOWER/h" && chattr +d "$LOWER/f" "$LOWER/g" "$LOWER/h"
setfattr -n trusted.overlay.origin -v theirs "$LOWER/f" # a container engine's
view_up
{ echo 2 >>"$VIEW/f" && rm "$VIEW/g" && echo 2 >"$VIEW/g"; } || fail "change the files"
{ echo 2 >>"$VIEW/h" && mv "$VIEW/h" "$VIEW/i"; } || fail "change a file"
view_down
merge || fail "flags of a changed file: exit $?"
for f in f i; do
	lsattr "$LOWER/$f" | grep -q d- || fail "the flags of $f are lost"
done
! lsattr "$LOWER/g" | grep -q d- || fail "another file inherited the flags"
[ "$(getfattr --only-values -n trusted.overlay.origin "$LOWER/f")" = theirs ] ||
	fail "an attribute that the overlay hid is lost"
echo "ok: flags of a changed file"

scene
view_up
truncate -s 5G "$VIEW/huge" && echo end | dd of="$VIEW/huge" bs=1M seek=4999 conv=notrunc status=none
change "a file of more than 4 GiB with holes"
