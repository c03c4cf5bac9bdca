/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a log comes out as it went in; a pack that is damaged leads nowhere. */
#include "config.h"

#include "check.h"
#include "keep/block.h"
#include "keep/pack.h"

static char memory[2048];

static struct pack_file file_of(const char *path, size_t length)
{
	struct pack_file file = { .base = 7, .length = length, .mode = 0640, .uid = 1, .gid = 4 };

	(void)snprintf(file.path, sizeof(file.path), "%s", path);
	return file;
}

static void test_round(void)
{
	struct pack pack = { .data = memory, .size = sizeof(memory) };
	struct pack_file file = file_of("fsck/check root", 5);
	size_t offset = 0;
	const char *bytes;

	memcpy(pack_add(&pack, &file), "a\nb\0c", 5);
	file = file_of("empty", 0);
	CHECK(pack_add(&pack, &file) == NULL);
	file = file_of("two\nlines", 1);
	CHECK(pack_add(&pack, &file) == NULL);
	file = file_of("syslog", 5000);
	CHECK(pack_add(&pack, &file) != NULL);
	CHECK(file.length < sizeof(memory) && file.length > 1000); /* cut to the room */
	CHECK(pack.length <= pack.size);
	file = file_of("more", 1);
	CHECK(pack_add(&pack, &file) == NULL);

	bytes = pack_next(&pack, &offset, &file);
	CHECK(bytes && memcmp(bytes, "a\nb\0c", 5) == 0);
	CHECK_STR(file.path, "fsck/check root");
	CHECK_INT(file.base, 7);
	CHECK_INT(file.length, 5);
	CHECK_INT(file.mode, 0640);
	CHECK_INT(file.gid, 4);
	CHECK(pack_next(&pack, &offset, &file) != NULL);
	CHECK_STR(file.path, "syslog");
	CHECK(pack_next(&pack, &offset, &file) == NULL);
}

static int is_refused(const char *line)
{
	struct pack pack = { .data = memory, .size = sizeof(memory) };
	struct pack_file file;
	size_t offset = 0;

	pack.length = (size_t)snprintf(memory, sizeof(memory), "%s", line);
	return pack_next(&pack, &offset, &file) == NULL;
}

static void test_damage(void)
{
	CHECK(!is_refused("0 1 644 0 0 syslog\nx"));
	CHECK(is_refused(""));
	CHECK(is_refused("0 2 644 0 0 syslog\nx"));
	CHECK(is_refused("0 1 644 0 0 ../etc/passwd\nx"));
	CHECK(is_refused("0 1 644 0 0 /etc/passwd\nx"));
	CHECK(is_refused("0 1 644 0 0 a/../b\nx"));
	CHECK(is_refused("0 1 644 0 0 \nx"));
	CHECK(is_refused("0 1 99 0 0 syslog\nx"));
	CHECK(is_refused("0 1 17777 0 0 syslog\nx"));
	CHECK(is_refused("0 -1 644 0 0 syslog\nx"));
	CHECK(is_refused("0 1 644 0 syslog\nx"));
	CHECK(is_refused("no line at all"));
}

static void test_block(void)
{
	static struct block block, other;
	const uint8_t token[KEEP_TOKEN] = { 1, 2, 3 };
	const uint8_t another[KEEP_TOKEN] = { 1, 2, 4 };

	CHECK_INT(block_sum("123456789", 9), 0xcbf43926);
	CHECK(!block_is(&block, 0, 0));
	block_make(&block, token, 3, 16);
	CHECK(block_is(&block, 3, 16));
	CHECK(!block_is(&block, 4, 16));
	CHECK(!block_is(&block, 3, 32));
	block_make(&other, token, 4, 16);
	CHECK(block_is_with(&other, &block));
	block_make(&other, another, 4, 16);
	CHECK(!block_is_with(&other, &block));
}

int main(void)
{
	test_round();
	test_damage();
	test_block();
	return check_result();
}
