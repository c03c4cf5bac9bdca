#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A directory that the overlay renamed (redirect_dir) is renamed on the disk, not copied. Killed at any
# of its renames, or with any of them failing, the merge leaves each name with its old owner or its
# new one, and the next run finishes. MERGE_POINTS says how many renames are tried (10).
. "$(dirname -- "$0")/merge-scene.sh"

if ! command -v strace >/dev/null; then
	echo "no strace here"
	exit 77
fi
# shellcheck disable=SC2034 # the scene mounts with them
OVERLAY_OPTIONS=redirect_dir=on,metacopy=on,index=off,xino=on

inode() {
	stat -c %i "$1"
}

# Merged twice, as if somebody had not noticed that it was done.
change() {
	view_down
	merge -v >"$SCENE/told" || fail "$1: exit $?"
	expect_merged
	merge >"$SCENE/said" 2>&1 || fail "$1, again: exit $?: $(cat "$SCENE/said")"
	expect_merged
	echo "ok: $1"
}

scene
mkdir -p "$LOWER/a/sub" && echo 1 >"$LOWER/a/f" && echo 2 >"$LOWER/a/sub/g" && echo 3 >"$LOWER/a/gone"
number=$(inode "$LOWER/a/sub/g")
view_up
mv "$VIEW/a" "$VIEW/b" && echo new >"$VIEW/b/f" && rm "$VIEW/b/gone" && echo 4 >"$VIEW/b/h"
change "a renamed directory, changed after that"
grep -q '^rename *b/' "$SCENE/told" || fail "--verbose does not speak of the rename"
[ "$(inode "$LOWER/b/sub/g")" = "$number" ] || fail "it was copied"

scene
mkdir -p "$LOWER/a/x/y" "$LOWER/b" "$LOWER/c" && touch "$LOWER/a/f" "$LOWER/b/f" "$LOWER/c/f" "$LOWER/a/x/y/z"
view_up
mv "$VIEW/c" "$VIEW/d" && mv "$VIEW/b" "$VIEW/c" && mv "$VIEW/a" "$VIEW/b" && mkdir "$VIEW/a"
echo again >"$VIEW/a/f" && mv "$VIEW/b/x" "$VIEW/c/x" && mv "$VIEW/c/x/y" "$VIEW/y"
change "a chain of renames, the first name taken again, and one out of the other"

scene
mkdir -p "$LOWER/a" "$LOWER/b" "$LOWER/c" && echo a >"$LOWER/a/a" && echo b >"$LOWER/b/b" && echo c >"$LOWER/c/c"
view_up
mv "$VIEW/a" "$VIEW/t" && mv "$VIEW/b" "$VIEW/a" && mv "$VIEW/t" "$VIEW/b" && echo 1 >"$VIEW/a/new"
change "two directories that changed names"

scene
mkdir -p "$LOWER/a" "$LOWER/b" "$LOWER/c" && echo a >"$LOWER/a/a" && echo b >"$LOWER/b/b" && echo c >"$LOWER/c/c"
view_up
mv "$VIEW/a" "$VIEW/t" && mv "$VIEW/b" "$VIEW/a" && mv "$VIEW/c" "$VIEW/b" && mv "$VIEW/t" "$VIEW/c"
change "three directories in a circle"

scene
mkdir -p "$LOWER/a/in" "$LOWER/old/sub" && echo a >"$LOWER/a/in/f" && echo o >"$LOWER/old/sub/f"
view_up
mkdir -p "$VIEW/new/er" && mv "$VIEW/a" "$VIEW/new/er/a" && mv "$VIEW/old/sub" "$VIEW/keep"
rm -r "$VIEW/old" && mkdir "$VIEW/old" && mv "$VIEW/keep" "$VIEW/old/sub2"
mv "$VIEW/new/er/a/in" "$VIEW/old/in" && touch -d '2006-06-06 06:06:06.5' "$VIEW/new/er" "$VIEW/old"
change "into new directories, out of one that was replaced"

scene
mkdir -p "$LOWER/a/x/deep" "$LOWER/b" && echo 1 >"$LOWER/a/x/deep/f" && echo 2 >"$LOWER/b/f"
view_up
mv "$VIEW/a/x" "$VIEW/x" && mv "$VIEW/a" "$VIEW/x/a" && rm -r "$VIEW/b" && mv "$VIEW/x/deep" "$VIEW/b"
change "a directory into what was inside of it, another to a deleted one's name"

scene
mkdir -p "$LOWER/a" "$LOWER/prot/in" && echo 1 >"$LOWER/a/f" && echo 2 >"$LOWER/prot/in/f"
chattr +i "$LOWER/a/f"
view_up
mv "$VIEW/a" "$VIEW/b" && chattr +i "$VIEW/b" && mv "$VIEW/prot/in" "$VIEW/in" && chattr +a "$VIEW/prot"
change "immutable things among renamed ones"
lsattr -d "$LOWER/b" | grep -q '^....i' || fail "the renamed directory is not immutable"
lsattr "$LOWER/b/f" | grep -q '^....i' || fail "the file in it is not immutable any more"
chattr -R -i -a "$LOWER"

# --- interrupted

make_scene() {
	scene ext4 24M
	mkdir -p "$LOWER/a/x" "$LOWER/b" "$LOWER/c" "$LOWER/s1" "$LOWER/s2" "$LOWER/d/sub" "$LOWER/e" "$LOWER/r"
	for d in a a/x b c s1 s2 d/sub e r; do
		echo "$d" >"$LOWER/$d/f"
		echo "kept $d" >"$LOWER/$d/g"
	done
	echo meta >"$LOWER/meta" && echo plain >"$LOWER/plain"
	view_up
	mv "$VIEW/c" "$VIEW/c2" && mv "$VIEW/b" "$VIEW/c" && mv "$VIEW/a" "$VIEW/b"
	mkdir "$VIEW/a" && echo another >"$VIEW/a/f"
	mv "$VIEW/s1" "$VIEW/t" && mv "$VIEW/s2" "$VIEW/s1" && mv "$VIEW/t" "$VIEW/s2"
	mkdir "$VIEW/new" && mv "$VIEW/b/x" "$VIEW/new/x" && mv "$VIEW/d/sub" "$VIEW/sub"
	rm -r "$VIEW/d" && mkdir "$VIEW/d" && mv "$VIEW/sub" "$VIEW/d/sub2"
	rm -r "$VIEW/e" && mv "$VIEW/r" "$VIEW/e"
	chmod 600 "$VIEW/meta" && mv "$VIEW/meta" "$VIEW/new/meta" && echo other >"$VIEW/meta"
	echo changed >"$VIEW/b/f" && echo changed >"$VIEW/new/x/f" && rm "$VIEW/e/f"
	view_down
	"$HERE/merge-tree" dump "$LOWER" >"$SCENE/before"
	umount "$DISK" && cp --sparse=always "$SCENE/image" "$SCENE/image.kept"
	mount -o loop "$SCENE/image" "$DISK"
}

reset_scene() {
	umount "$DISK" || fail "reset the scene"
	cp --sparse=always "$SCENE/image.kept" "$SCENE/image"
	mount -o loop "$SCENE/image" "$DISK" || fail "reset the scene"
}

inject() {
	strace -o "$SCENE/trace" -qq -e trace="$1" -e inject="$1:$2" \
		"$MERGE" --upper="$UPPER" --lower="$LOWER" >"$SCENE/said" 2>&1
}

# What was inside of a renamed directory comes with it, and is changed there.
expect_whole() {
	"$HERE/merge-tree" dump "$LOWER" >"$SCENE/found"
	"$HERE/merge-tree" whole "$SCENE/before" "$SCENE/wanted" "$SCENE/found" \
		b=a c=b c2=c new/x=a/x e=r >"$SCENE/diff" ||
		fail "$1: neither old nor new: $(head -n 10 "$SCENE/diff")"
}

finishes() {
	expect_whole "$1"
	merge >"$SCENE/said" 2>&1 || fail "$1: the next run ended with $?: $(cat "$SCENE/said")"
	(expect_disk) || fail "$1"
	[ ! -e "$DISK/.initfs-staging" ] || fail "$1: the staging directory is still there"
}

make_scene
strace -o "$SCENE/calls" -qq "$MERGE" --upper="$UPPER" --lower="$LOWER" || fail "the plain run"
(expect_merged) || fail "the plain run"
count=$(grep -c '^renameat2(' "$SCENE/calls")
[ "$count" -gt 12 ] || fail "only $count renames"
points=${MERGE_POINTS:-10}
for i in $(seq 1 "$points"); do
	n=$((1 + (i - 1) * (count - 1) / (points > 1 ? points - 1 : 1)))
	reset_scene
	inject renameat2 "signal=SIGKILL:when=$n"
	[ $? -ge 128 ] || fail "rename $n: not killed"
	expect_whole "killed at rename $n"
	# Killed once more, somewhere else, before it is let finish.
	inject renameat2 "signal=SIGKILL:when=$((1 + n * 7 % count))"
	finishes "killed at rename $n and $((1 + n * 7 % count))"
	reset_scene
	inject renameat2 "error=EIO:when=$n"
	code=$?
	case $code in
	1 | 3 | 4) ;;
	*) fail "rename $n failing: exit $code: $(cat "$SCENE/said")" ;;
	esac
	finishes "rename $n failing"
done
echo "ok: interrupted at $points of $count renames"
