/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When logins open, who wants control groups, what a program's shell is told, which directories are below a layer, who needs /tmp, who stops a program. */
#include "config.h"

#include "check.h"
#include "supervise/claim.h"
#include "supervise/needs.h"
#include "supervise/nologin.h"
#include "supervise/prepare.h"
#include "supervise/spawn.h"
#include "supervise/stopped.h"

#include <errno.h>
#include <string.h>

static void test_nologin(void)
{
	struct nologin_facts facts = { .has_layers = true };

	CHECK(!nologin_is_over(&facts)); /* the merge may not have been started yet */
	facts.has_merge = true;
	facts.is_multi_user = true;
	CHECK(!nologin_is_over(&facts));
	facts.multi_user_usec = NOLOGIN_GRACE_USEC - 1;
	CHECK(!nologin_is_over(&facts));
	facts.multi_user_usec = NOLOGIN_GRACE_USEC;
	CHECK(nologin_is_over(&facts));
	facts.multi_user_usec = 0;
	facts.has_merge = false;
	CHECK(nologin_is_over(&facts));
	facts = (struct nologin_facts){ .has_layers = false };
	CHECK(!nologin_is_over(&facts)); /* /home is being unlocked */
	facts.is_multi_user = true;
	CHECK(nologin_is_over(&facts)); /* it will not come any more */
	facts = (struct nologin_facts){ .is_mounted = true };
	CHECK(nologin_is_over(&facts));
}

static bool claims(const char *text)
{
	return claim_in(text, strlen(text));
}

static void test_claim(void)
{
	CHECK(claims("mount -t cgroup -o cpu none /sys/fs/cgroup/cpu"));
	CHECK(claims("#!/bin/sh\n\tcgroupfs_mount\n"));
	CHECK(claims("\n\nx\ncgroup"));
	CHECK(!claims("### BEGIN INIT INFO\n# Should-Start: cgroupfs-mount\n\t # cgroup\n"));
	CHECK(!claims("cgrou"));
	CHECK(!claims("cgro\nup"));
	CHECK(!claims(""));
	CHECK(!claim_in("cgroup", 5));
}

static void test_script(void)
{
	struct entry entry = {
		.exec = "/sbin/x -n $OPTIONS",
		.defaults = "/etc/it's",
		.exports = { 2, { "LANG", "LC_ALL" } },
		.before = { 1, { "/bin/mkdir -p /run/x" } },
	};
	char script[512];

	CHECK_INT(spawn_script(&entry, script, sizeof(script)), 0);
	CHECK_STR(script, "test -r '/etc/it'\\''s' && . '/etc/it'\\''s'\n"
			  "export LANG\nexport LC_ALL\n"
			  "/bin/mkdir -p /run/x\n"
			  "exec /sbin/x -n $OPTIONS\n");
	CHECK_INT(spawn_script(&entry, script, 40), -E2BIG);
}

static void test_below(void)
{
	static const char layers[] = "0\t/var\n1\t/tmp\n";

	CHECK(is_below_layers(layers, "/tmp/.X11-unix"));
	CHECK(is_below_layers(layers, "/var"));
	CHECK(!is_below_layers(layers, "/variable"));
	CHECK(!is_below_layers(layers, "/run/x"));
	CHECK(!is_below_layers("", "/tmp/x"));
	CHECK(!is_below_layers("nonsense\n0\t\n", "/tmp/x"));
	CHECK(is_below_layers("0\t/tmp", "/tmp/x"));
}

static void test_needs_tmp(void)
{
	static const struct words all = { 3, { "/var/lib", "/var/log", "/tmp" } };
	static const struct words inner = { 1, { "/tmp/.X11-unix" } };
	static const struct words others = { 3, { "/tmpfiles", "/var/tmp", "/tm" } };
	static const struct words none = { 0 };

	CHECK(needs_tmp(&all));
	CHECK(needs_tmp(&inner));
	CHECK(!needs_tmp(&others));
	CHECK(!needs_tmp(&none));
}

#define STOPS(words) is_stop_command(words, sizeof(words) - 1, &services)

static void test_stopped(void)
{
	static const struct words services = { 2, { "gdm3", "gdm" } };

	CHECK(STOPS("/bin/sh\0/etc/init.d/gdm3\0stop\0"));
	CHECK(STOPS("/bin/sh\0-e\0/etc/init.d/gdm\0restart\0"));
	CHECK(STOPS("./gdm3\0force-reload\0"));
	CHECK(STOPS("/bin/sh\0/etc/rc3.d/K01gdm3\0stop")); /* cut */
	CHECK(STOPS("/bin/sh\0/usr/sbin/service\0gdm3\0condrestart\0"));
	CHECK(!STOPS("/bin/sh\0/etc/init.d/gdm3\0start\0"));
	CHECK(!STOPS("/bin/sh\0/etc/init.d/gdm3\0reload\0"));
	CHECK(!STOPS("/bin/sh\0/etc/init.d/gdm3\0restart-later\0"));
	CHECK(!STOPS("/bin/sh\0/etc/init.d/gdm3-more\0stop\0"));
	CHECK(!STOPS("/bin/sh\0/etc/rc3.d/S01gdm3\0stop\0"));
	CHECK(!STOPS("/bin/sh\0/etc/rc3.d/K1\0stop\0"));
	CHECK(!STOPS("stop\0gdm3\0"));
	CHECK(!STOPS("gdm3"));
	CHECK(!STOPS(""));
}

int main(void)
{
	test_nologin();
	test_claim();
	test_script();
	test_below();
	test_needs_tmp();
	test_stopped();
	return check_result();
}
