/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of what a boot reads comes back as it was written; what is no list is named by its line. */
#include "config.h"

#include "check.h"
#include "readahead/list.h"

#include <errno.h>
#include <stdlib.h>

static void add(struct list *list, const char *path, uint64_t offset, uint64_t length,
		uint64_t place)
{
	struct range range = { .offset = offset, .length = length, .place = place };

	CHECK_INT(list_add(list, path, &range), 0);
}

static void test_round(void)
{
	struct list list = { 0 };
	struct list_mistake mistake = { 0 };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	add(&list, "/usr/lib/xorg/Xorg", 4096, 8192, 900);
	add(&list, "/usr/share/a name", 0, 1, 20);
	add(&list, "/two\nlines", 0, 1, 1);
	add(&list, "/usr/../etc", 0, 1, 1);
	add(&list, "/usr/lib/xorg/Xorg", 0, 100, 30);
	add(&list, "/usr/lib/xorg/Xorg.link", 0, 100, 30);
	CHECK_INT(list.count, 4);
	list_sort(&list);
	CHECK_INT(list.count, 3);
	list_write(&list, stream);
	CHECK_INT(fclose(stream), 0);
	CHECK_STR(text, "initfs-readahead 1\n"
			"0 1 /usr/share/a name\n"
			"0 100 /usr/lib/xorg/Xorg\n"
			"4096 8192 /usr/lib/xorg/Xorg\n");
	list_free(&list);
	CHECK_INT(list_parse(&list, text, &mistake), 0);
	CHECK_INT(list.count, 3);
	CHECK_INT(list_bytes(&list), 8293);
	CHECK_STR(list.ranges[0].path, "/usr/share/a name");
	CHECK_INT(list.ranges[2].offset, 4096);
	CHECK_INT(list.ranges[2].length, 8192);
	list_free(&list);
	free(text);
}

/* The lines behind the first, and the number of the one that is wrong. */
static void check_refused(const char *lines, size_t line)
{
	char text[256];
	struct list list;
	struct list_mistake mistake = { 0 };

	(void)snprintf(text, sizeof(text), "initfs-readahead 1\n%s", lines);
	CHECK_INT(list_parse(&list, text, &mistake), -EINVAL);
	CHECK_INT(mistake.line, line);
	CHECK(mistake.what != NULL);
	CHECK_INT(list.count, 0);
	list_free(&list);
}

static void test_refused(void)
{
	char empty[] = "";
	char other[] = "initfs-readahead 2\n0 1 /a\n";
	struct list list;
	struct list_mistake mistake = { 0 };

	CHECK_INT(list_parse(&list, empty, &mistake), -EINVAL);
	CHECK_INT(mistake.line, 1);
	CHECK_INT(list_parse(&list, other, &mistake), -EINVAL);
	CHECK_INT(mistake.line, 1);
	check_refused("\n", 2);
	check_refused("0 1\n", 2);
	check_refused("0 1 /a\n0 1 b\n", 3);
	check_refused("0 1 /a/../b\n", 2);
	check_refused("0 1 /\n", 2);
	check_refused("0 0 /a\n", 2);
	check_refused("-1 1 /a\n", 2);
	check_refused("0 1k /a\n", 2);
	check_refused("0  1 /a\n", 2);
	check_refused("9223372036854775807 1 /a\n", 2);
	check_refused("9223372036854775808 1 /a\n", 2);
	check_refused("0 1 /a\n0 1 /b", 3);
}

static void test_empty(void)
{
	char text[] = "initfs-readahead 1\n";
	struct list list;
	struct list_mistake mistake;

	CHECK_INT(list_parse(&list, text, &mistake), 0);
	CHECK_INT(list.count, 0);
	list_sort(&list);
	list_free(&list);
}

int main(void)
{
	test_round();
	test_refused();
	test_empty();
	return check_result();
}
