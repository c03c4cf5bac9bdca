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

static void test_screen(void)
{
	uint8_t answer[80] = { 0 };
	uint16_t vendor = 3;
	struct x11_screen screen = { 0 };
	static const uint32_t want = 0x123;
	static const uint16_t size[] = { 640, 480 };

	memcpy(answer + 16, &vendor, 2); /* padded to 4 */
	answer[20] = 1; /* a screen */
	answer[21] = 2; /* formats of 8 bytes */
	memcpy(answer + 32 + 4 + 16, &want, 4);
	memcpy(answer + 32 + 4 + 16 + 20, size, 4);
	CHECK_INT(x11_screen_find(answer, sizeof(answer), &screen), 0);
	CHECK_INT(screen.root, 0x123);
	CHECK_INT(screen.width, 640);
	CHECK_INT(screen.height, 480);
	CHECK_INT(x11_screen_find(answer, 75, &screen), -EINVAL);
	CHECK_INT(x11_screen_find(answer, 31, &screen), -EINVAL);
	answer[21] = 255;
	CHECK_INT(x11_screen_find(answer, sizeof(answer), &screen), -EINVAL);
	answer[20] = 0;
	answer[21] = 2;
	CHECK_INT(x11_screen_find(answer, sizeof(answer), &screen), -EINVAL);
}

/* Requests for events, byte by byte as Xlib sends them. */
static void test_select(void)
{
	static const char children[] = "\2\0\4\0\5\0\0\0\0\10\0\0\0\0\10\0";
	static const char find[] = "\142\0\4\0\6\0\0\0XFIXES\0\0";
	static const char hello[] = "\207\0\3\0\1\0\0\0\0\0\0\0";
	static const char owner[] = "\207\2\4\0\5\0\0\0\7\0\0\0\1\0\0\0";
	uint8_t request[X11_SELECT];
	uint8_t reply[X11_REPLY] = { 1, [8] = 1, [9] = 0207 };

	CHECK_INT(x11_extension(reply), 0207);
	reply[8] = 0; /* not present */
	CHECK_INT(x11_extension(reply), 0);
	reply[0] = 0;
	reply[8] = 1;
	CHECK_INT(x11_extension(reply), 0);
	if (!*(const uint8_t *)&(uint16_t){ 1 })
		return;
	x11_select_children(request, 5);
	CHECK(memcmp(request, children, X11_SELECT) == 0);
	x11_find_fixes(request);
	CHECK(memcmp(request, find, X11_FIND_FIXES) == 0);
	x11_fixes_hello(request, 0207);
	CHECK(memcmp(request, hello, X11_FIXES_HELLO) == 0);
	x11_fixes_select(request, 0207, 5, 7);
	CHECK(memcmp(request, owner, X11_SELECT) == 0);
}

static void test_compositor(void)
{
	static const char find[] = "\20\0\6\0\15\0\0\0_NET_WM_CM_S0\0\0\0";
	uint8_t request[X11_FIND_COMPOSITOR];
	uint8_t reply[X11_REPLY] = { [8] = 7 };

	if (*(const uint8_t *)&(uint16_t){
		    1 }) { /* as this machine has it, which the text is for */
		x11_find_compositor(request);
		CHECK(memcmp(request, find, sizeof(request)) == 0);
		x11_get_owner(request, 7);
		CHECK(memcmp(request, "\27\0\2\0\7\0\0\0", 8) == 0);
		CHECK_INT(x11_answer(reply), 0); /* an error */
		reply[0] = 1;
		CHECK_INT(x11_answer(reply), 7);
	}
}

static void test_rows(void)
{
	static const struct x11_screen screen = { .root = 5, .width = 3, .height = 2 };
	static const uint8_t want[X11_GET_ROW] = { 73, 2, 5, 0, 5, 0, 0,   0,	0,   0,
						   1,  0, 3, 0, 1, 0, 255, 255, 255, 255 };
	uint8_t request[X11_GET_ROW];
	uint8_t row[] = { 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0 };

	if (*(const uint8_t *)&(uint16_t){ 1 }) {
		x11_get_row(request, &screen, 1);
		CHECK(memcmp(request, want, sizeof(request)) == 0);
	}
	CHECK(is_x11_plain(row, sizeof(row)));
	CHECK(is_x11_plain(row, 0));
	row[11] = 1;
	CHECK(!is_x11_plain(row, sizeof(row)));
}

static void test_geometry(void)
{
	static const struct x11_screen screen = { .width = 640, .height = 480 };
	uint8_t reply[X11_REPLY] = { 1 };
	int16_t place[4] = { -100, -100, 1, 1 };

	memcpy(reply + 12, place, sizeof(place));
	CHECK(!is_x11_on_screen(reply, &screen));
	place[2] = place[3] = 101;
	memcpy(reply + 12, place, sizeof(place));
	CHECK(is_x11_on_screen(reply, &screen));
	place[0] = 640;
	memcpy(reply + 12, place, sizeof(place));
	CHECK(!is_x11_on_screen(reply, &screen));
	reply[0] = 0;
	memset(reply + 12, 1, 8);
	CHECK(!is_x11_on_screen(reply, &screen));
}

static void test_reply(void)
{
	uint8_t reply[X11_REPLY] = { 1 };
	uint32_t units = 3;
	uint16_t class = 1;

	memcpy(reply + 4, &units, 4);
	CHECK(!is_x11_event(reply));
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
	CHECK(!is_x11_event(reply));
	CHECK_INT(x11_reply_rest(reply), -EINVAL);
	reply[2] = reply[3] = 7;
	CHECK(is_x11_reply_to(reply, 0x707)); /* an error is one, too */
	CHECK(!is_x11_reply_to(reply, 0x708));
	reply[0] = 1;
	CHECK(is_x11_reply_to(reply, 0x707));
	reply[0] = 34; /* MappingNotify */
	CHECK(is_x11_event(reply));
	CHECK(!is_x11_reply_to(reply, 0x707));
}

int main(void)
{
	test_cookie();
	test_hello();
	test_screen();
	test_select();
	test_compositor();
	test_rows();
	test_geometry();
	test_reply();
	return check_result();
}
