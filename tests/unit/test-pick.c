/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The right programs are picked, behind what they need; what is not picked is said, with why. */
#include "config.h"

#include "check.h"
#include "supervise/pick.h"

static char said[2048];

static void note(const char *what, const char *name, const char *why)
{
	size_t used = strlen(said);

	(void)snprintf(said + used, sizeof(said) - used, "%s %s: %s\n", what, name, why);
}

static void skip(void *context, const char *name, const char *why)
{
	note("skip", name, why);
}

static void complain(void *context, const char *name, const char *why)
{
	note("complain", name, why);
}

enum { AAA, BUS, GDM, KLOG, LIGHT, RSYS, SEAT, SYSNG, COUNT };

static struct candidate all[COUNT];
static struct request request;

static struct candidate candidate(const char *name, enum entry_kind kind)
{
	struct candidate result = {
		.is_installed = true, .is_due = true, .is_enabled = true, .entry.is_auto = true
	};

	(void)snprintf(result.entry.name, sizeof(result.entry.name), "%s", name);
	result.entry.kind = kind;
	result.entry.program = "/bin/program";
	return result;
}

static void setup(void)
{
	all[AAA] = candidate("aaa", ENTRY_NO_KIND);
	all[BUS] = candidate("bus", ENTRY_BUS);
	all[GDM] = candidate("gdm", ENTRY_SCREEN);
	all[KLOG] = candidate("klog", ENTRY_OTHER);
	all[LIGHT] = candidate("light", ENTRY_SCREEN);
	all[RSYS] = candidate("rsys", ENTRY_SYSLOG);
	all[SEAT] = candidate("seat", ENTRY_SEAT);
	all[SYSNG] = candidate("sysng", ENTRY_SYSLOG);
	all[SEAT].entry.needs = (struct words){ 1, { "bus" } };
	all[LIGHT].entry.needs = (struct words){ 1, { "bus" } };
	all[LIGHT].entry.wants = (struct words){ 1, { "seat" } };
	all[GDM].entry.needs = (struct words){ 2, { "bus", "seat" } };
	request = (struct request){
		.syslog = "auto", .gui = "auto", .recovery = "off", .runlevel = '2'
	};
}

/* What is picked, as names in order; what is said is left in said. */
static const char *picked(void)
{
	static char names[256];
	struct picks picks;
	unsigned int i;

	said[0] = '\0';
	names[0] = '\0';
	pick_make(all, COUNT, &request, skip, complain, NULL, &picks);
	for (i = 0; i < picks.count; i++) {
		(void)strcat(names, i ? " " : "");
		(void)strcat(names, all[picks.pick[i]].entry.name);
	}
	return names;
}

static void test_auto(void)
{
	setup();
	request.default_screen = "light";
	CHECK_STR(picked(), "rsys bus seat light");
	CHECK_STR(said, "");

	request.default_screen = NULL;
	CHECK_STR(picked(), "rsys bus seat gdm");

	all[RSYS].is_enabled = false;
	CHECK_STR(picked(), "sysng bus seat gdm");
	all[RSYS].is_installed = false;
	all[SYSNG].is_enabled = false;
	CHECK_STR(picked(), "bus seat gdm");
	CHECK_STR(said, "skip sysng: not enabled in runlevel 2\n");
	all[SYSNG].is_installed = false;
	(void)picked();
	CHECK_STR(said, "skip syslog: none that has an entry is installed\n");
}

/* A fallback is for a root that has none, not for one whose administrator wants none. */
static void test_fallback(void)
{
	setup();
	all[RSYS].entry.is_fallback = true;
	request.gui = "off";
	CHECK_STR(picked(), "sysng");
	all[SYSNG].is_enabled = false;
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip sysng: not enabled in runlevel 2\n");
	all[SYSNG].is_installed = false;
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "");
	all[RSYS].is_installed = false;
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip syslog: none that has an entry is installed\n");
}

/* While its file is there it comes before the distribution's choice; else there is no such entry. */
static void test_while(void)
{
	setup();
	request.syslog = "off";
	request.default_screen = "light";
	all[GDM].entry.only_while = "/flag";
	all[GDM].entry.needs.count = 0;
	CHECK_STR(picked(), "gdm");
	request.gui = "light";
	CHECK_STR(picked(), "bus seat light");

	request.gui = "auto";
	all[GDM].is_installed = false;
	CHECK_STR(picked(), "bus seat light");
	CHECK_STR(said, "skip gdm: /bin/program is not installed\n");

	all[GDM].is_installed = true;
	all[GDM].is_due = false;
	CHECK_STR(picked(), "bus seat light");
	CHECK_STR(said, "");
	request.default_screen = NULL;
	CHECK_STR(picked(), "bus seat light");
	request.gui = "gdm";
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip gdm: /flag is not there\n");
}

/* What init starts by itself is left to it, also when somebody asks for it. */
static void test_inittab(void)
{
	setup();
	request.default_screen = "light";
	all[LIGHT].is_inits = true;
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "skip light: inittab starts it without initfs-supervise --adopt\n");
	request.gui = "light";
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "skip light: inittab starts it without initfs-supervise --adopt\n");
}

/* What asks on a screen has one to ask on, and a program that asks init's way. */
static void test_unlock(void)
{
	setup();
	request.default_screen = "light";
	all[KLOG].entry.kind = ENTRY_UNLOCK;
	CHECK_STR(picked(), "rsys bus seat light klog");
	request.gui = "off";
	CHECK_STR(picked(), "rsys");
	request.gui = "auto";
	request.no_screen = "text";
	CHECK_STR(picked(), "rsys");
	request.no_screen = NULL;
	all[KLOG].is_installed = false;
	CHECK_STR(picked(), "rsys bus seat light");
	CHECK_STR(said, "");
	all[KLOG].is_installed = true;
	all[KLOG].entry.is_auto = false;
	CHECK_STR(picked(), "rsys bus seat light");
}

static void test_program_and_auto(void)
{
	setup();
	all[LIGHT].entry.program = "/usr/sbin/lightdm";
	request.default_screen = "lightdm";
	CHECK_STR(picked(), "rsys bus seat light");
	request.default_screen = NULL;
	all[GDM].entry.is_auto = false;
	CHECK_STR(picked(), "rsys bus seat light");
	request.gui = "gdm";
	CHECK_STR(picked(), "rsys bus seat gdm");
}

static void test_off_and_named(void)
{
	setup();
	request.syslog = "off";
	request.gui = "off";
	CHECK_STR(picked(), "");
	CHECK_STR(said, "");

	request.syslog = "sysng";
	request.gui = "light";
	all[LIGHT].is_enabled = false; /* asked for by name: that counts more */
	CHECK_STR(picked(), "sysng bus seat light");

	all[LIGHT].is_installed = false;
	CHECK_STR(picked(), "sysng");
	CHECK_STR(said, "skip light: /bin/program is not installed\n");
}

static void test_unknown(void)
{
	setup();
	request.syslog = "bus"; /* there is one, but no syslog */
	request.gui = "banana";
	request.default_screen = "light";
	CHECK_STR(picked(), "rsys bus seat light");
	CHECK_STR(said, "complain bus: there is no syslog of that name; auto is used. "
			"There are auto, off, rsys, sysng\n"
			"complain banana: there is no screen of that name; auto is used. "
			"There are auto, off, gdm, light\n");
}

static void test_no_screen(void)
{
	setup();
	request.no_screen = "text is on the kernel command line";
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "skip screen: text is on the kernel command line\n");
}

static void test_default_screen(void)
{
	setup();
	request.syslog = "off";
	request.default_screen = "kdm";
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip kdm: it is the default display manager, and has no entry\n");

	request.default_screen = "light";
	all[LIGHT].is_enabled = false;
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip light: not enabled in runlevel 2\n");
}

static void test_needs(void)
{
	setup();
	request.default_screen = "light";
	all[SEAT].is_installed = false;
	CHECK_STR(picked(), "rsys bus light");
	CHECK_STR(said, "");

	all[BUS].is_enabled = false;
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "skip light: it needs bus: not enabled in runlevel 2\n");

	setup();
	all[LIGHT].entry.needs.word[0] = "nobody";
	request.default_screen = "light";
	CHECK_STR(picked(), "rsys");
	CHECK_STR(said, "skip light: it needs nobody, which has no entry\n");
}

static void test_also_and_circles(void)
{
	setup();
	request.gui = "off";
	all[RSYS].entry.also = (struct words){ 1, { "klog" } };
	all[KLOG].entry.wants = (struct words){ 1, { "rsys" } };
	CHECK_STR(picked(), "rsys klog");

	setup();
	request.syslog = "off";
	request.gui = "light";
	all[BUS].entry.needs = (struct words){ 1, { "seat" } };
	CHECK_STR(picked(), "");
	CHECK_STR(said, "skip light: its needs go round in a circle\n");
}

int main(void)
{
	test_auto();
	test_fallback();
	test_while();
	test_inittab();
	test_program_and_auto();
	test_unlock();
	test_off_and_named();
	test_unknown();
	test_no_screen();
	test_default_screen();
	test_needs();
	test_also_and_circles();
	return check_result();
}
