/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the merge decides without touching anything: attributes, room, mounts, the tree of changes. */
#include "config.h"

#include "check.h"
#include "merge/check.h"
#include "merge/list.h"
#include "merge/marks.h"
#include "merge/moves.h"
#include "merge/overlayopt.h"
#include "merge/tree.h"
#include "merge/views.h"
#include "merge/wake.h"
#include "merge/xattrs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_xattrs(void)
{
	char buffer[256];

	CHECK(xattr_kind(XATTR_TRUSTED, "user.x") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_TRUSTED, "security.capability") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_TRUSTED, "system.posix_acl_access") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlayx") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.origin") == XATTR_MARK);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.impure") == XATTR_SKIP);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.SGI_ACL_FILE") == XATTR_SKIP);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.opaque") == XATTR_MARK);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.redirect") == XATTR_MARK);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.metacopy") == XATTR_MARK);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.of a later kernel") == XATTR_UNKNOWN);
	CHECK(xattr_kind(XATTR_TRUSTED, "trusted.overlay.overlay.redirect") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_TRUSTED, "user.overlay.opaque") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_USER, "user.overlay.opaque") == XATTR_MARK);
	CHECK(xattr_kind(XATTR_USER, "user.overlay.overlay.x") == XATTR_CARRY);
	CHECK(xattr_kind(XATTR_USER, "trusted.overlay.opaque") == XATTR_CARRY);
	CHECK_STR(xattr_mark(XATTR_TRUSTED, "trusted.overlay.opaque"), "opaque");
	CHECK_STR(xattr_carried_name(XATTR_USER, "user.overlay.overlay.x", buffer, sizeof(buffer)),
		  "user.overlay.x");
	CHECK_STR(xattr_carried_name(XATTR_TRUSTED, "user.x", buffer, sizeof(buffer)), "user.x");
	CHECK_STR(xattr_carried_name(XATTR_TRUSTED, "trusted.overlay.overlay.opaque", buffer,
				     sizeof(buffer)),
		  "trusted.overlay.opaque");
	CHECK_STR(xattr_carried_name(XATTR_TRUSTED, "trusted.overlay.overlay.overlay.x", buffer,
				     sizeof(buffer)),
		  "trusted.overlay.overlay.x");
}

static struct form form_of(mode_t mode, nlink_t links, const struct marks *marks, bool is_new,
			   mode_t lower)
{
	struct stat st = { .st_mode = mode, .st_nlink = links, .st_rdev = 0 };
	struct facts facts = { &st, marks, is_new, lower != 0, lower, 1 };

	return marks_form(&facts);
}

static void test_forms(void)
{
	const struct marks none = { 0 }, opaque = { .is_opaque = true },
			   moved = { .has_redirect = true, .has_origin = true },
			   both = { .has_redirect = true, .is_opaque = true },
			   meta = { .is_metacopy = true },
			   meta_moved = { .is_metacopy = true,
					  .has_redirect = true,
					  .has_origin = true },
			   meta_lost = { .is_metacopy = true, .has_redirect = true },
			   hidden = { .is_whiteout = true };

	CHECK(form_of(S_IFCHR, 1, &none, false, S_IFREG).kind == CHANGE_DELETE);
	CHECK(form_of(S_IFCHR, 1, &none, false, 0).is_nothing);
	CHECK(form_of(S_IFREG, 1, &hidden, false, S_IFDIR).kind == CHANGE_DELETE);
	CHECK(form_of(S_IFREG, 1, &hidden, true, 0).is_nothing);
	CHECK(form_of(S_IFDIR, 2, &hidden, false, S_IFDIR).kind == CHANGE_ENTER);
	CHECK(form_of(S_IFREG, 1, &none, false, S_IFREG).kind == CHANGE_PLACE);
	CHECK(form_of(S_IFREG, 1, &none, true, 0).kind == CHANGE_INSIDE);
	CHECK(form_of(S_IFDIR, 2, &none, false, S_IFDIR).kind == CHANGE_ENTER);
	CHECK(form_of(S_IFDIR, 2, &none, false, S_IFREG).kind == CHANGE_PLACE);
	CHECK(form_of(S_IFDIR, 2, &opaque, false, S_IFDIR).kind == CHANGE_PLACE);
	CHECK(form_of(S_IFDIR, 2, &both, false, S_IFDIR).kind == CHANGE_PLACE);
	CHECK(form_of(S_IFDIR, 2, &moved, true, 0).kind == CHANGE_ENTER);
	CHECK(form_of(S_IFDIR, 2, &moved, true, 0).is_moved);
	CHECK(form_of(S_IFREG, 1, &meta, false, S_IFREG).kind == CHANGE_UPDATE);
	CHECK(form_of(S_IFREG, 2, &meta, false, S_IFREG).kind == CHANGE_PLACE);
	CHECK(form_of(S_IFREG, 1, &meta, false, 0).why_not != NULL);
	CHECK(form_of(S_IFREG, 1, &meta, false, S_IFDIR).why_not != NULL);
	CHECK(form_of(S_IFREG, 1, &meta_moved, true, 0).kind == CHANGE_UPDATE);
	CHECK(form_of(S_IFREG, 1, &meta_lost, true, 0).kind == CHANGE_INSIDE);
	CHECK(form_of(S_IFREG, 2, &meta_moved, false, 0).kind == CHANGE_PLACE);
}

static void test_handles(void)
{
	/* As Linux 6.18 wrote it for a file of ext4. */
	static const char origin[] = "\0\373\035\0\1"
				     "0123456789abcdef"
				     "\15\0\0\0\240R\2527";
	const size_t length = sizeof(origin) - 1;
	struct handle handle, again;
	char text[HANDLE_TEXT_MAX];

	CHECK(handle_from_origin(origin, length, &handle));
	CHECK_INT(handle.size, 8);
	CHECK_INT(handle.type, 1);
	CHECK(!handle_from_origin(origin, length - 1, &again));
	CHECK(!handle_from_origin("", 0, &again));
	CHECK_STR(handle_text(&handle, text), "1.0d000000a052aa37");
	CHECK(handle_parse(text, &again) && handle_is_same(&handle, &again));
	again.bytes[7]++;
	CHECK(!handle_is_same(&handle, &again));
	CHECK(!handle_parse("1.0d0", &again) && !handle_parse("1.", &again));
	CHECK(!handle_parse(".0d", &again) && !handle_parse("1.0x", &again));
}

/* /a became b, /a/x became c: their old paths lead into the tree of the new ones. */
static void test_moved_paths(void)
{
	struct tree tree;
	struct moves moves;
	struct change *b, *c, *x, *gone;

	CHECK_INT(tree_make(&tree), 0);
	moves_make(&moves);
	b = tree_add(&tree, tree.root, "b");
	c = tree_add(&tree, tree.root, "c");
	gone = tree_add(&tree, tree.root, "a");
	x = tree_add(&tree, b, "x");
	CHECK(b && c && gone && x);
	gone->kind = CHANGE_DELETE;
	x->kind = CHANGE_DELETE;
	CHECK_STR(moves_add(&moves, b, "a")->orig, "/a");
	CHECK_STR(moves_add(&moves, c, "/a/x")->orig, "/a/x");
	CHECK(moves_slot(&moves, &tree, "/a") == gone);
	CHECK(moves_slot(&moves, &tree, "/a/x") == x);
	CHECK(!moves_slot(&moves, &tree, "/a/x/y"));
	CHECK(!moves_slot(&moves, &tree, "/elsewhere/d"));
	moves_free(&moves);
	tree_free(&tree);
}

static void test_room(void)
{
	struct room room = { .block = 4096,
			     .blocks = 64000,
			     .free_blocks = 2000,
			     .inodes = 6400,
			     .free_inodes = 200 };

	/* The reserve is 1000 blocks and 100 inodes. */
	CHECK_INT(check_room(&room, 100, 900 * 4096), 0);
	CHECK_INT(check_room(&room, 100, 901 * 4096), -ENOSPC);
	CHECK_INT(check_room(&room, 101, 0), -EDQUOT);
	room.inodes = 0;
	CHECK_INT(check_room(&room, 101, 0), 0);
	room.free_blocks = 999;
	CHECK_INT(check_room(&room, 1, 0), -ENOSPC);
	CHECK_INT(check_room(&room, 0, 0), 0);
	room.blocks = 1ULL << 40;
	room.free_blocks = 20000;
	CHECK_INT(check_room(&room, 1, 1000 * 4096), 0); /* 64 MiB of reserve are enough */
}

static void test_option_values(void)
{
	const char *at = "rw,lowerdir=/a\\,b:/c,upperdir=/u,lowerdir+=/d\\040e,workdir=";
	const char *again = at;
	char value[64];

	CHECK(overlayopt_next(&at, "lowerdir=", value, sizeof(value)));
	CHECK_STR(value, "/a,b:/c");
	CHECK(!overlayopt_next(&at, "lowerdir=", value, sizeof(value)));
	at = again;
	CHECK(overlayopt_next(&at, "lowerdir+=", value, sizeof(value)));
	CHECK_STR(value, "/d e");
	CHECK(overlayopt_next(&at, "workdir=", value, sizeof(value)));
	CHECK_STR(value, "");
}

static void test_tree(void)
{
	struct tree tree;
	struct change *a, *b, *c;
	char path[64], name[32];
	int i;

	CHECK_INT(tree_make(&tree), 0);
	CHECK_STR(tree_path(tree.root, NULL, path, sizeof(path)), ".");
	a = tree_add(&tree, tree.root, "a");
	b = tree_add(&tree, a, "b");
	c = tree_add(&tree, b, "c");
	CHECK_STR(tree_path(c, NULL, path, sizeof(path)), "a/b/c");
	CHECK_STR(tree_path(c, "d", path, sizeof(path)), "a/b/c/d");
	CHECK(tree_find(&tree, a, "b") == b);
	CHECK(!tree_find(&tree, tree.root, "b"));
	tree_want(c);
	CHECK(c->wanted && !b->wanted && b->pending && tree.root->pending);

	/* Many, so that the buckets grow; each is still found, and gone once it is dropped. */
	for (i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		CHECK(tree_add(&tree, b, name) != NULL);
	}
	for (i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		CHECK(tree_find(&tree, b, name) != NULL);
	}
	tree_drop(&tree, tree_find(&tree, b, "n1000"));
	CHECK(!tree_find(&tree, b, "n1000"));
	CHECK(tree_find(&tree, b, "n999") && tree_find(&tree, b, "n1001"));

	/* What is staged leaves its node behind, so that the copy is removed. */
	b->staged = true;
	tree.root->pending = false;
	tree_drop(&tree, b);
	CHECK(a->dropped == b && !b->children && !a->children);
	CHECK(tree.root->pending);
	CHECK_INT(tree.count, 1);
	tree_forget_dropped(a);
	CHECK(!a->dropped);
	tree_free(&tree);
}

static void test_groups(void)
{
	struct tree tree;
	struct link_group *group;

	CHECK_INT(tree_make(&tree), 0);
	group = tree_group(&tree, 7);
	CHECK(group && !group->staged);
	CHECK(tree_group(&tree, 7) == group);
	CHECK(tree_group(&tree, 8) != group);
	tree_free(&tree);
}

static struct list list_of(const char *text)
{
	struct list list;

	CHECK_INT(list_parse(&list, strdup(text)), 0);
	return list;
}

static int list_error(const char *text)
{
	struct list list;
	int r = list_parse(&list, strdup(text));

	list_free(&list);
	return r;
}

static void test_list(void)
{
	struct list list = list_of("0\t/var\n12\t/srv/a b\n");

	CHECK_INT(list.count, 2);
	CHECK_INT(list.entries[0].number, 0);
	CHECK_STR(list.entries[0].directory, "/var");
	CHECK_INT(list.entries[1].number, 12);
	CHECK_STR(list.entries[1].directory, "/srv/a b");
	list_free(&list);
	CHECK_INT(list_error(""), -EINVAL);
	CHECK_INT(list_error("/var\n"), -EINVAL);
	CHECK_INT(list_error("0 /var\n"), -EINVAL);
	CHECK_INT(list_error("0\tvar\n"), -EINVAL);
	CHECK_INT(list_error("0\t/\n"), -EINVAL);
	CHECK_INT(list_error("0\t/var/../etc\n"), -EINVAL);
	CHECK_INT(list_error("x\t/var\n"), -EINVAL);
}

static enum list_need need_of(const struct list *list, const char *fstab)
{
	struct fstab_line line;
	char buffer[256];
	char *text = buffer;

	(void)snprintf(buffer, sizeof(buffer), "%s", fstab);
	CHECK(fstab_next(&text, &line));
	return list_need(list, &line);
}

static void test_need(void)
{
	struct list list = list_of("0\t/var\n1\t/srv/tmp\n");

	CHECK(need_of(&list, "/dev/sda1 / ext4 defaults 0 1") == NEED_REQUIRED);
	CHECK(need_of(&list, "UUID=1\t/srv\txfs") == NEED_REQUIRED);
	CHECK(need_of(&list, "server:/x /var nfs defaults") == NEED_REQUIRED);
	CHECK(need_of(&list, "/dev/sda2 /var/lib/x ext4 defaults") == NEED_WANTED);
	CHECK(need_of(&list, "/dev/sda2 /var/a\\040b ext4") == NEED_WANTED);
	CHECK(need_of(&list, "/dev/sda2 /var/lib/x ext4 nofail") == NEED_NOT);
	CHECK(need_of(&list, "/dev/sda2 /var/lib/x ext4 rw,_netdev") == NEED_NOT);
	CHECK(need_of(&list, "server:/x /var/mail nfs4 defaults") == NEED_NOT);
	CHECK(need_of(&list, "/dev/sda2 /srv noauto ext4") == NEED_REQUIRED);
	CHECK(need_of(&list, "/dev/sda2 /srv ext4 noauto,rw") == NEED_NOT);
	CHECK(need_of(&list, "/dev/sda3 none swap sw") == NEED_NOT);
	CHECK(need_of(&list, "/dev/sda3 /home ext4 defaults") == NEED_NOT);
	CHECK(need_of(&list, "/dev/sda3 /variant ext4 defaults") == NEED_NOT);
	list_free(&list);
}

#define ROOT_RO "1 0 8:1 / / ro,relatime - ext4 /dev/sda1 ro\n"
#define ROOT_HALF "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 ro\n"
#define ROOT_RW "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
#define SRV "2 1 8:2 / /srv rw shared:1 - xfs /dev/sda2 rw\n"

#define VIEW "5 1 0:9 / /var rw - fuse.initfs-hold initfs rw\n"
#define BOUND "6 5 0:10 / /var/tmp rw - fuse.initfs-hold initfs rw\n"

#define READ_ONLY "/ is read-only; if it was repaired like that: initfs merge --repaired"

static void check_wake(const char *mounts, const char *fstab, enum wake wanted, const char *why)
{
	struct list list = list_of("0\t/var\n1\t/srv/tmp\n");
	char *mountinfo = strdup(mounts);
	char *table = strdup(fstab);
	char reason[128];

	CHECK(wake_decide(&list, mountinfo, table, reason, sizeof(reason)) == wanted);
	CHECK_STR(reason, why);
	free(mountinfo);
	free(table);
	list_free(&list);
}

static void test_wake(void)
{
	check_wake(ROOT_RO, "", WAKE_NOT_YET, READ_ONLY);
	check_wake(ROOT_HALF, "", WAKE_NOT_YET, READ_ONLY);
	check_wake(ROOT_RW, "", WAKE_READY, "");
	check_wake("", "", WAKE_NOT_YET, READ_ONLY);
	/* The root that is on top counts. */
	check_wake(ROOT_RO ROOT_RW, "", WAKE_READY, "");
	check_wake(ROOT_RW, "a / ext4\nb /srv xfs\n", WAKE_NOT_YET, "/srv is not mounted");
	check_wake(ROOT_RW SRV, "a / ext4\nb /srv xfs\n", WAKE_READY, "");
	check_wake(ROOT_RW SRV, "b /srv/ xfs\n", WAKE_READY, "");
	check_wake(ROOT_RW, "# b /srv xfs\nb /srv\n", WAKE_READY, "");
	check_wake(ROOT_RW, "c /var/lib/x ext4\n", WAKE_SOON, "/var/lib/x is not mounted");
	check_wake(ROOT_RW, "c /var/x ext4\nb /srv xfs\n", WAKE_NOT_YET, "/srv is not mounted");
	check_wake(ROOT_RO, "c /var/x ext4\n", WAKE_NOT_YET, READ_ONLY);
	/* A view is not what has to be mounted at its place; bound from another one, it is. */
	check_wake(ROOT_RW VIEW, "d /var ext4\n", WAKE_NOT_YET, "/var is not mounted");
	check_wake(ROOT_RW VIEW, "/tmp /var/tmp none bind\n", WAKE_SOON, "/var/tmp is not mounted");
	check_wake(ROOT_RW VIEW BOUND, "/tmp /var/tmp none bind\n", WAKE_READY, "");
}

static int count_child(void *data, const struct mountinfo *mount)
{
	int *count = data;

	(*count)++;
	return strcmp(mount->target, "/var/stop") == 0 ? -ECANCELED : 0;
}

static void test_views(void)
{
	static const char info[] = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
				   "5 1 0:9 / /var rw - fuse.initfs-hold initfs rw\n"
				   "6 1 0:10 / /tmp rw - fuse.initfs-hold initfs rw\n"
				   "7 5 0:11 / /var/lib/x rw - tmpfs x rw\n"
				   "8 7 0:12 / /var/lib/x/y rw - tmpfs y rw\n"
				   "9 5 0:13 / /var/stop rw - tmpfs initfs rw\n"
				   "10 6 0:14 / /tmp rw - overlay initfs rw,lowerdir=/tmp\n"
				   "11 1 0:15 / /srv rw - fuse.initfs-holder initfs rw\n";
	enum view_state state;
	uint64_t id;
	int count = 0;

	CHECK_INT(views_look(info, "/var", &state, &id), 0);
	CHECK(state == VIEW_LIVE);
	CHECK_INT(id, 5);
	CHECK_INT(views_look(info, "/tmp", &state, &id), 0);
	CHECK(state == VIEW_BARE);
	CHECK_INT(id, 10);
	CHECK_INT(views_look(info, "/srv", &state, &id), 0);
	CHECK(state == VIEW_NONE);
	CHECK_INT(views_look(info, "/home", &state, &id), 0);
	CHECK(state == VIEW_NONE);
	CHECK_INT(views_each_child(info, 7, count_child, &count), 0);
	CHECK_INT(count, 1);
	count = 0;
	CHECK_INT(views_each_child(info, 5, count_child, &count), -ECANCELED);
	CHECK_INT(count, 2);
}

int main(void)
{
	test_xattrs();
	test_forms();
	test_handles();
	test_moved_paths();
	test_room();
	test_option_values();
	test_tree();
	test_groups();
	test_list();
	test_need();
	test_wake();
	test_views();
	return check_result();
}
