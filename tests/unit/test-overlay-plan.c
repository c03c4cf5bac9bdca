/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan is made of every directory asked for, or refused with a line that names what is in the way. */
#include "config.h"

#include "check.h"
#include "overlay/plan.h"

#include <errno.h>

/* A machine on which everything can be built, for two directories. */
static struct facts good_facts(void)
{
	struct facts facts = {
		.root = 3,
		.is_mount_point = true,
		.is_read_only = true,
		.run = 4,
		.is_run_in_ram = true,
		.dir = { { .fd = 5 }, { .fd = 6 }, { .fd = 7 }, { .fd = 8 } },
	};

	return facts;
}

static struct options two_dirs(void)
{
	struct options options = {
		.size = "50%",
		.root = "/sysroot",
		.count = 2,
		.dir = { "/var", "/tmp" },
	};

	return options;
}

static void check_refused(const struct options *options, const struct facts *facts, int error,
			  const char *object, const char *detail)
{
	struct fault fault = { 0 };
	struct plan plan = { .count = 77 };

	CHECK_INT(plan_make(&plan, options, facts, &fault), error);
	CHECK_INT(plan.count, 77); /* untouched */
	CHECK_STR(fault.object, object);
	CHECK(strstr(fault.detail, detail) != NULL);
}

static void test_good(void)
{
	struct facts facts = good_facts();
	struct options options = two_dirs();
	struct fault fault = { 0 };
	struct plan plan;

	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	CHECK_INT(plan.count, 2);
	CHECK_STR(plan.size, "50%");
	CHECK_STR(plan.layer[0].path, "/var");
	CHECK_INT(plan.layer[0].lower, 5);
	CHECK_STR(plan.layer[1].path, "/tmp");
	CHECK_INT(plan.layer[1].lower, 6);
	CHECK(fault.step == NULL);
}

static void test_covered(void)
{
	struct facts facts = good_facts();
	struct options options = two_dirs();
	struct fault fault = { 0 };
	struct plan plan;

	options.count = 4;
	options.dir[0] = "/var/log";
	options.dir[1] = "/var";
	options.dir[2] = "/variety";
	options.dir[3] = "/var";
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	CHECK_INT(plan.count, 2);
	CHECK_STR(plan.layer[0].path, "/var");
	CHECK_INT(plan.layer[0].lower, 6);
	CHECK_STR(plan.layer[1].path, "/variety");
	CHECK_INT(plan.layer[1].lower, 7);
}

static void test_root(void)
{
	struct options options = two_dirs();
	struct facts facts = good_facts();

	facts.root_error = -ENOENT;
	check_refused(&options, &facts, -ENOENT, "/sysroot", "");
	facts = good_facts();
	facts.is_mount_point = false;
	check_refused(&options, &facts, -EINVAL, "/sysroot", "not a mount point");
	facts = good_facts();
	facts.is_read_only = false;
	check_refused(&options, &facts, -EBUSY, "/sysroot", "mounted rw");
	facts = good_facts();
	facts.run = -ENOENT;
	check_refused(&options, &facts, -ENOENT, "/sysroot", "/run");
	facts = good_facts();
	facts.is_run_in_ram = false;
	check_refused(&options, &facts, -EMEDIUMTYPE, "/sysroot", "tmpfs");
	facts = good_facts();
	facts.is_up = true;
	check_refused(&options, &facts, -EEXIST, "/sysroot", "--undo");
	facts = good_facts();
	facts.overlay_error = -ENODEV;
	check_refused(&options, &facts, -ENODEV, "overlay", "");
	facts = good_facts();
	facts.tmpfs_error = -ENODEV;
	check_refused(&options, &facts, -ENODEV, "tmpfs", "");
}

static void test_dirs(void)
{
	struct options options = two_dirs();
	struct facts facts = good_facts();
	char *inside[] = { (char[]){ "/var/log" }, (char[]){ "/home" } };

	facts.dir[1].error = -ENOENT;
	check_refused(&options, &facts, -ENOENT, "/tmp", "");
	facts.dir[1].error = -ENOTDIR;
	check_refused(&options, &facts, -ENOTDIR, "/tmp", "");
	facts.dir[1].error = -ELOOP;
	check_refused(&options, &facts, -ELOOP, "/tmp", "symbolic link");
	facts.dir[1].error = -EXDEV;
	check_refused(&options, &facts, -EXDEV, "/tmp", "root's file system");

	facts = good_facts();
	facts.mounts = (struct paths){ .count = 2, .path = inside };
	check_refused(&options, &facts, -EBUSY, "/var", "/var/log");

	facts = good_facts();
	options.dir[1] = "/";
	check_refused(&options, &facts, -EOPNOTSUPP, "/", "overlayfs module");
}

static void check_fstab(const char *line, const char *dir, bool is_refused)
{
	struct options options = two_dirs();
	struct facts facts = good_facts();
	struct fault fault = { 0 };
	struct plan plan;
	char target[64];
	char *targets[] = { target };

	(void)snprintf(target, sizeof(target), "%s", line);
	facts.fstab = (struct paths){ .count = 1, .path = targets };
	options.count = 1;
	options.dir[0] = dir;
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), is_refused ? -EOPNOTSUPP : 0);
}

static void test_fstab(void)
{
	check_fstab("/var", "/var", true);
	check_fstab("/var/", "/var", true);
	check_fstab("/srv", "/srv/data/spool", true);
	check_fstab("/", "/var", false);
	check_fstab("/var/lib/docker", "/var", false); /* comes on top, as on any boot */
	check_fstab("/var/logs", "/var", false);
	check_fstab("/var/log/audit", "/var", false);
	check_fstab("/var/log", "/var", true); /* would hide the early log */
	check_fstab("/var/log/", "/var", true);
	check_fstab("/var/lib", "/var", true);
	check_fstab("/var/cache", "/var", true);
	check_fstab("/srv/log", "/var", false);
	check_fstab("/va", "/var", false);
	check_fstab("/vary", "/var", false);
}

/* A directory inside another one has a layer behind that one's, where it has a file system of its own. */
static void test_inner(void)
{
	struct options options = two_dirs();
	struct facts facts = good_facts();
	struct fault fault = { 0 };
	struct plan plan;
	char log[] = "/var/log/";
	char *lines[] = { log };

	options.dir[0] = "/var/log";
	options.dir[1] = "/var";
	facts.fstab = (struct paths){ 1, lines };
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), -EOPNOTSUPP);
	options.own = true;
	facts.dir[0].own = (struct own){ .source = log, .type = SUPER_EXT };
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	CHECK_INT(plan.count, 2);
	CHECK_STR(plan.layer[0].path, "/var");
	CHECK(plan.layer[0].own == NULL);
	CHECK_STR(plan.layer[1].path, "/var/log");
	CHECK(plan.layer[1].own == &facts.dir[0].own);

	/* What is in a file system that is not mounted yet cannot be seen on the root. */
	facts.dir[0].error = -ENOENT;
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	facts.dir[0].own.type = SUPER_UNKNOWN;
	check_refused(&options, &facts, -EMEDIUMTYPE, "/var/log", "none of ext2");

	/* Without a line of its own it is covered. */
	facts.dir[0] = facts.dir[1];
	facts.fstab.count = 0;
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	CHECK_INT(plan.count, 1);
}

/* A file system of the directory's own: only where it is allowed, and only what can be shown. */
static void test_own(void)
{
	struct options options = two_dirs();
	struct facts facts = good_facts();
	char *lines[] = { (char[]){ "/" }, (char[]){ "/var/" }, (char[]){ "/var/lib/docker" } };
	struct own good = {
		.source = (char[]){ "LABEL=var" },
		.device = 9,
		.type = SUPER_EXT,
	};
	struct fault fault = { 0 };
	struct plan plan;

	facts.fstab = (struct paths){ .count = 3, .path = lines };
	facts.dir[0].own = good;
	check_refused(&options, &facts, -EOPNOTSUPP, "/var", "a file system of its own at /var/");
	options.own = true;
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	CHECK(plan.layer[0].own == &facts.dir[0].own);
	CHECK(plan.layer[1].own == NULL);

	facts.dir[0].own.is_noauto = true;
	check_refused(&options, &facts, -EOPNOTSUPP, "/var", "noauto");
	facts.dir[0].own = good;
	facts.dir[0].own.error = -ENODEV;
	check_refused(&options, &facts, -ENODEV, "/var", "LABEL=var");
	facts.dir[0].own = good;
	facts.dir[0].own.type = SUPER_UNKNOWN;
	check_refused(&options, &facts, -EMEDIUMTYPE, "/var", "xfs");
	/* One of logs may be laid over nothing, whatever is the matter with its device. */
	facts.dir[0].own.may_be_unseen = true;
	CHECK_INT(plan_make(&plan, &options, &facts, &fault), 0);
	facts.dir[0].own = good;
	facts.dir[0].own.unclean = "it has to be checked first";
	check_refused(&options, &facts, -EUCLEAN, "/var", "checked first");

	/* The line of a directory above is not the directory's own. */
	options.dir[0] = "/var/log/early";
	facts.dir[0].own = (struct own){ 0 };
	check_refused(&options, &facts, -EOPNOTSUPP, "/var/log/early", "at /var/");
}

int main(void)
{
	test_good();
	test_covered();
	test_root();
	test_dirs();
	test_fstab();
	test_inner();
	test_own();
	return check_result();
}
