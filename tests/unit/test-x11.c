/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an X server and an Xauthority file say is read within its bounds, or refused. */
#include "config.h"

#include "check.h"
#include "supervise/x11.h"

#include <errno.h>

/* Two entries of family 256 (local), for host "h" and display "0". */
static const uint8_t file[] = "\1\0\0\1h\0\1"
			      "0\0\3FOO\0\2ab"
			      "\1\0\0\1h\0\1"
			      "0\0\22MIT-MAGIC-COOKIE-1\0\4wxyz";

static void test_cookie(void)
{
	struct x11_cookie cookie = { 0 };
	size_t size;

	CHECK_INT(x11_cookie_find(file, sizeof(file) - 1, &cookie), 0);
	CHECK_INT(cookie.size, 4);
	CHECK(memcmp(cookie.data, "wxyz", 4) == 0);
	CHECK_INT(x11_cookie_find(file, 0, &cookie), -ENOENT);
	/* Cut anywhere it is broken, or ends between two entries; never is there a cookie. */
	for (size = 1; size < sizeof(file) - 1; size++)
		CHECK_INT(x11_cookie_find(file, size, &cookie), size == 17 ? -ENOENT : -EINVAL);
}

static void test_hello(void)
{
	struct x11_cookie cookie = { .size = 16 };
	uint8_t hello[X11_HELLO_MAX];

	CHECK_INT(x11_hello(hello, &cookie), 12 + 20 + 16);
	CHECK(memcmp(hello + 12, X11_COOKIE_NAME, 18) == 0);
	cookie.size = 0;
	CHECK_INT(x11_hello(hello, &cookie), 12);
}

static void test_root(void)
{
	uint8_t answer[80] = { 0 };
	uint16_t vendor = 3;
	uint32_t root = 0;
	static const uint32_t want = 0x123;

	memcpy(answer + 16, &vendor, 2); /* padded to 4 */
	answer[20] = 1; /* a screen */
	answer[21] = 2; /* formats of 8 bytes */
	memcpy(answer + 32 + 4 + 16, &want, 4);
	CHECK_INT(x11_root_find(answer, sizeof(answer), &root), 0);
	CHECK_INT(root, 0x123);
	CHECK_INT(x11_root_find(answer, 55, &root), -EINVAL);
	CHECK_INT(x11_root_find(answer, 31, &root), -EINVAL);
	answer[21] = 255;
	CHECK_INT(x11_root_find(answer, sizeof(answer), &root), -EINVAL);
	answer[20] = 0;
	answer[21] = 2;
	CHECK_INT(x11_root_find(answer, sizeof(answer), &root), -EINVAL);
}

static void test_reply(void)
{
	uint8_t reply[X11_REPLY] = { 1 };
	uint32_t units = 3;
	uint16_t class = 1;

	memcpy(reply + 4, &units, 4);
	CHECK_INT(x11_reply_rest(reply), 12);
	memset(reply + 4, 0xff, 4);
	CHECK_INT(x11_reply_rest(reply), -EINVAL);
	memcpy(reply + 12, &class, 2);
	CHECK(!is_x11_viewable(reply));
	reply[26] = 1; /* mapped below something that is not */
	CHECK(!is_x11_viewable(reply));
	reply[26] = 2;
	CHECK(is_x11_viewable(reply));
	class = 2; /* for input only: nothing to see */
	memcpy(reply + 12, &class, 2);
	CHECK(!is_x11_viewable(reply));
	reply[0] = 0;
	memset(reply + 4, 0, 4);
	CHECK_INT(x11_reply_rest(reply), -EINVAL);
}

int main(void)
{
	test_cookie();
	test_hello();
	test_root();
	test_reply();
	return check_result();
}
