/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What init starts by itself is known from inittab, and what the desktop is from /etc/sysconfig/desktop. */
#include "config.h"

#include "check.h"
#include "supervise/desktop.h"
#include "supervise/inittab.h"

static const char redhat[] = "id:5:initdefault:\n"
			     "#x:5:respawn:/etc/X11/commented -nodaemon\n"
			     "si::sysinit:/etc/rc.d/rc.sysinit\n"
			     "1:2345:respawn:/sbin/mingetty tty1\n"
			     "all::respawn:+/sbin/everywhere\n"
			     "x:5:respawn:/etc/X11/prefdm -nodaemon";

static long long starts(const char *inittab, char runlevel, const char *word)
{
	return inittab_starts(inittab, runlevel, word);
}

static void test_prefdm(void)
{
	CHECK_INT(starts(redhat, '5', "/etc/X11/prefdm"), INITTAB_ITSELF);
	CHECK_INT(starts(redhat, '3', "/etc/X11/prefdm"), INITTAB_NO);
	CHECK_INT(starts(redhat, '5', "/etc/X11/commented"), INITTAB_NO);
	CHECK_INT(starts(redhat, '5', "/etc/X11/pref"), INITTAB_NO);
	CHECK_INT(starts(redhat, '3', "/sbin/everywhere"), INITTAB_ITSELF);
	CHECK_INT(starts(redhat, '5', "/etc/rc.d/rc.sysinit"), INITTAB_NO);
	CHECK_INT(starts("", '5', "/etc/X11/prefdm"), INITTAB_NO);
}

static void test_adopt(void)
{
	static const char line[] =
		"x:2345:respawn:/usr/sbin/initfs-supervise --adopt=/run/lightdm.pid "
		"-- /usr/sbin/lightdm\n";
	static const char shell[] = "x:5:respawn:/bin/sh -c 'exec /sbin/initfs-supervise "
				    "--adopt=/run/initfs/screen.pid -- /etc/X11/prefdm'\n";
	char both[512];

	CHECK_INT(starts(line, '2', "/usr/sbin/lightdm"), INITTAB_ADOPTS);
	CHECK_INT(starts(line, '2', "--adopt=/run/lightdm.pid"), INITTAB_ADOPTS);
	CHECK_INT(starts(line, '2', "--adopt=/run/light"), INITTAB_NO);
	CHECK_INT(starts(line, '1', "/usr/sbin/lightdm"), INITTAB_NO);
	CHECK_INT(starts(shell, '5', "/etc/X11/prefdm"), INITTAB_ADOPTS);
	/* one line that does not is enough for two screens */
	(void)snprintf(both, sizeof(both), "%sy:2:respawn:/usr/sbin/lightdm\n", line);
	CHECK_INT(starts(both, '2', "/usr/sbin/lightdm"), INITTAB_ITSELF);
}

/* Text that is no line of inittab is none; nothing is read behind its end. */
static void test_nonsense(void)
{
	static const char *const texts[] = {
		":", "::", ":::", "x:5", "x:5:respawn", "x:5:respawn:", "\n\n", "x:5:respawn:/a\n:"
	};
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_INT(starts(texts[i], '5', "/b"), INITTAB_NO);
	CHECK_INT(starts(texts[7], '5', "/a"), INITTAB_ITSELF);
}

static void check_desktop(const char *text, const char *want)
{
	char name[16];

	desktop_choice(text, name, sizeof(name));
	CHECK_STR(name, want);
}

static void test_desktop(void)
{
	check_desktop("", "");
	check_desktop("DESKTOP=GNOME\n", "");
	check_desktop("DISPLAYMANAGER=GNOME\n", "gdm");
	check_desktop("DESKTOP=\"KDE\"\nDISPLAYMANAGER=\"KDE\"\n", "kdm");
	check_desktop("DISPLAYMANAGER='XDM'", "xdm");
	check_desktop("DISPLAYMANAGER=/usr/sbin/lightdm # better\n", "lightdm");
	check_desktop(" DISPLAYMANAGER=\"/usr/bin/slim\"\n", "slim");
	check_desktop("#DISPLAYMANAGER=KDE\n", "");
	check_desktop("DISPLAYMANAGER=KDE\nDISPLAYMANAGER=\n", "");
	check_desktop("DISPLAYMANAGER=a-name-that-is-much-too-long\n", "a-name-that-is-");
	check_desktop("DISPLAYMANAGER=\"no end", "no end");
}

int main(void)
{
	test_prefdm();
	test_adopt();
	test_nonsense();
	test_desktop();
	return check_result();
}
