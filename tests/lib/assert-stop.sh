# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A screen that was started early is stopped by its own script. NAME: of its service and its program.
: "${NAME:?}"

runs_again() {
	grep " early.start name=$NAME" /run/initfs/timeline | tail -n +2
	pidof "$NAME" Xorg
}

service "$NAME" stop >/dev/null
expect "the screen is stopped" poll 120 nothing pidof "$NAME" Xorg
expect "the record knows that it was on purpose" poll 120 \
	grep -qE " early.exit name=$NAME status=(0|signal-15)" /run/initfs/timeline
expect "its script says so" sh -c "! service $NAME status"
sleep 5 # a dead one comes again after half a second
expect "it stays stopped" nothing runs_again
