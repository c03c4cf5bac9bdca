#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes to a directory that hands its project on gets that project, as if it had been made there.
. "$(dirname -- "$0")/merge-scene.sh"

project_of() { lsattr -pd "$1" | awk '{ print $1 }'; }


for type in ext4 xfs; do
	if [ "$type" = ext4 ]; then
		# Without QFMT_V2 a kernel mounts no such file system.
		(scene ext4 64M -O project -I 256) >/dev/null 2>&1 || continue
		scene ext4 64M -O project -I 256
	else
		scene xfs 320M
	fi
	mkdir -p "$LOWER/of/inner" "$LOWER/plain"
	chattr -p 77 +P "$LOWER/of" "$LOWER/of/inner" || fail "$type: no projects"
	printf 'old\n' >"$LOWER/of/replaced"
	printf 'old\n' >"$LOWER/of/deleted"
	printf 'old\n' >"$LOWER/of/becomes-directory"
	view_up
	printf 'new\n' >"$VIEW/of/replaced"
	printf 'new\n' >"$VIEW/of/made"
	printf 'new\n' >"$VIEW/of/inner/made"
	printf 'new\n' >"$VIEW/plain/made"
	mkdir -p "$VIEW/of/tree/below"
	printf 'new\n' >"$VIEW/of/tree/below/file"
	ln -s nowhere "$VIEW/of/tree/link"
	rm "$VIEW/of/deleted" "$VIEW/of/becomes-directory"
	mkdir "$VIEW/of/becomes-directory"
	chmod 2750 "$VIEW/of/tree"
	umount "$VIEW"
	"$MERGE" --upper="$UPPER" --lower="$LOWER" || fail "$type: it is not merged"
	for name in replaced made inner/made tree tree/below tree/below/file becomes-directory; do
		[ "$(project_of "$LOWER/of/$name")" = 77 ] || fail "$type: the project of $name"
	done
	lsattr -pd "$LOWER/of/tree" | grep -q '77 .*P' || fail "$type: a new directory hands nothing on"
	[ "$(project_of "$LOWER/plain/made")" = 0 ] || fail "$type: a project where none was"
	[ "$(cat "$LOWER/of/replaced" "$LOWER/of/made" "$LOWER/of/inner/made" "$LOWER/of/tree/below/file" |
		sort -u)" = new ] || fail "$type: the content"
	[ "$(stat -c %a "$LOWER/of/tree")" = 2750 ] || fail "$type: the mode"
	[ -L "$LOWER/of/tree/link" ] || fail "$type: the symbolic link"
	[ ! -e "$LOWER/of/deleted" ] || fail "$type: what was deleted"
	[ ! -e "$DISK/.initfs-staging" ] || fail "$type: staging is left"

	# A rerun finds everything as it is, and what no project can be given to is refused before anything.
	"$MERGE" --upper="$UPPER" --lower="$LOWER" || fail "$type: it is not merged again"
	view_again
	ln -s nowhere "$VIEW/of/link"
	umount "$VIEW"
	status=0
	"$MERGE" --upper="$UPPER" --lower="$LOWER" 2>"$SCENE/said" || status=$?
	[ "$status" = 3 ] || fail "$type: exit $status for a symbolic link: $(cat "$SCENE/said")"
	grep -q "of/link.*hands a project on" "$SCENE/said" || fail "$type: it says: $(cat "$SCENE/said")"
	echo "ok: $type"
done
