/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that is being read goes on where the dead server's reader was, and anything else does not. */
#include "config.h"

#include "check.h"
#include "rcfilter/owed.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>

static struct notes notes; /* large */

static struct unanswered asked(uint32_t opcode, uint64_t handle, uint64_t offset, uint32_t size)
{
	struct {
		struct fuse_in_header header;
		struct fuse_read_in part;
	} bytes = {
		.header = { .opcode = opcode, .unique = 7 },
		.part = { .fh = handle, .offset = offset, .size = size },
	};

	return owed_request(&bytes, sizeof(bytes), 1);
}

static void test_request(void)
{
	struct unanswered request = asked(FUSE_READ, 5, 6, 8);

	CHECK_INT(request.unique, 7);
	CHECK_INT(request.view, 1);
	CHECK_INT(request.handle, 5);
	CHECK_INT(request.offset, 6);
	CHECK_INT(request.size, 8);
	CHECK_INT(asked(FUSE_WRITE, 5, 6, 8).handle, 0);
	CHECK_INT(owed_request("short", 5, 1).unique, 0);
}

static ssize_t part(const struct unanswered *request, char **ret_part)
{
	return owed_part(&notes, request, ret_part);
}

static void test_text(void)
{
	struct unanswered request = asked(FUSE_READ, 9, 2, 3);
	char *found = NULL;

	owed_list(&notes, 1, 9, false, "abcdefg", 7);
	CHECK_INT(part(&request, &found), 3);
	CHECK(memcmp(found, "cde", 3) == 0);
	request = asked(FUSE_READ, 9, 6, 3);
	CHECK_INT(part(&request, &found), 1);
	request = asked(FUSE_READ, 9, ~0ULL, 3);
	CHECK_INT(part(&request, &found), 0);
	request = asked(FUSE_READDIR, 9, 0, 3); /* it is no directory */
	CHECK_INT(part(&request, &found), -ENOENT);
	request = asked(FUSE_READ, 8, 0, 3);
	CHECK_INT(part(&request, &found), -ENOENT);
	request = asked(FUSE_READ, 9, 0, 3);
	request.view = 2;
	CHECK_INT(part(&request, &found), -ENOENT);
	owed_list_end(&notes, 1, 9);
	request.view = 1;
	CHECK_INT(part(&request, &found), -ENOENT);
}

/* An entry of 24 bytes and a name of up to 8. */
static void entry(char *bytes, uint64_t next, const char *name)
{
	struct fuse_dirent dirent = { .ino = 1, .off = next, .namelen = (uint32_t)strlen(name) };

	memcpy(bytes, &dirent, FUSE_NAME_OFFSET);
	memcpy(bytes + FUSE_NAME_OFFSET, name, strlen(name));
}

static void test_directory(void)
{
	char bytes[96] = { 0 };
	struct unanswered request = asked(FUSE_READDIR, 9, 0, 4096);
	char *found = NULL;

	entry(bytes, 1, "S01a");
	entry(bytes + 32, 2, "S02bcd");
	entry(bytes + 64, 3, "S03");
	owed_list(&notes, 1, 9, true, bytes, sizeof(bytes));
	CHECK_INT(part(&request, &found), 96);
	request = asked(FUSE_READDIR, 9, 1, 63); /* one and a half fit */
	CHECK_INT(part(&request, &found), 32);
	CHECK(memcmp(found, bytes + 32, 32) == 0);
	request = asked(FUSE_READDIR, 9, 3, 4096);
	CHECK_INT(part(&request, &found), 0);
	request = asked(FUSE_READDIR, 9, 77, 4096); /* nobody was told of that place */
	CHECK_INT(part(&request, &found), 0);
	owed_list_end(&notes, 1, 9);
}

static void test_room(void)
{
	static char large[LIST_SIZE + 1];
	struct unanswered request = asked(FUSE_READ, 100, 0, 1);
	char *found = NULL;
	uint64_t i;

	owed_list(&notes, 1, 100, false, large, sizeof(large));
	CHECK_INT(part(&request, &found), -ENOENT);
	for (i = 1; i <= LISTS_MAX + 1; i++)
		owed_list(&notes, 1, i, false, "x", 1);
	request = asked(FUSE_READ, LISTS_MAX, 0, 1);
	CHECK_INT(part(&request, &found), 1);
	request = asked(FUSE_READ, LISTS_MAX + 1, 0, 1);
	CHECK_INT(part(&request, &found), -ENOENT);
}

int main(void)
{
	test_request();
	test_text();
	test_directory();
	test_room();
	return check_result();
}
