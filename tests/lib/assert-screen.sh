# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A screen that was started early, when the merge is done. NAME: of its service and its program.
# PIDS: of Xorg and the display manager, when the greeter had just come.
: "${NAME:?}" "${PIDS:?}"

pids() {
	{ pidof Xorg; cat "/run/$NAME.pid"; } | xargs
}

expect "the screen is the one that was started early" equal "$PIDS" "$(pids)"
expect "it was started once" equal 1 "$(grep -c " early.start name=$NAME" /run/initfs/timeline)"
expect "the X server was started once" equal 1 "$(find /var/log -name 'Xorg.*.log' | wc -l)"
expect "no other screen was started" equal "$NAME" \
	"$(sed -n 's/.* early.shown name=//p' /run/initfs/timeline)"
expect "lightdm is not there unless it is that" sh -c "[ $NAME = lightdm ] || ! pidof lightdm"
expect "its script says that it runs" service "$NAME" status
service "$NAME" start # gdm3's says that it has failed, where the others say that it runs
expect "its script starts no other" equal "$PIDS" "$(pids)"
expect "/var is the plain disk" equal "$(stat -c %d /)" "$(stat -c %d /var)"
