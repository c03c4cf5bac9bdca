# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
expect "it was started as often as it died, and once more" equal "${STARTS:?}" \
	"$(grep -c ' early.start name=lightdm' /run/initfs/timeline)"
expect "there is one X server" equal 1 "$(pidof Xorg | wc -w)"
expect "the pid file names the last one" equal "$(sed -n 's/.* early.start name=lightdm pid=//p' /run/initfs/timeline |
	tail -n 1)" "$(cat /run/lightdm.pid)"
expect "the service's script finds it running" sh -c "service lightdm start | grep -q 'already running'"
expect "the bus and the seat were started once" equal 2 \
	"$(grep -cE ' early.start name=(dbus|elogind)' /run/initfs/timeline)"
