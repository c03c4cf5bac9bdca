/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, sizes, booleans and paths are taken to the letter or not at all. */
#include "config.h"

#include "check.h"
#include "common/parse.h"

#include <errno.h>
#include <stdint.h>

static void test_number(void)
{
	uint64_t n = 7;

	CHECK_INT(parse_number("0", 10, &n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(parse_number("10", 10, &n), 0);
	CHECK_INT(n, 10);
	CHECK_INT(parse_number("11", 10, &n), -ERANGE);
	CHECK_INT(parse_number("", 10, &n), -EINVAL);
	CHECK_INT(parse_number("-1", 10, &n), -EINVAL);
	CHECK_INT(parse_number(" 1", 10, &n), -EINVAL);
	CHECK_INT(parse_number("1x", 10, &n), -EINVAL);
	CHECK_INT(parse_number("9", 5, &n), -ERANGE);
	CHECK_INT(parse_number("18446744073709551615", UINT64_MAX, &n), 0);
	CHECK(n == UINT64_MAX);
	CHECK_INT(parse_number("18446744073709551616", UINT64_MAX, &n), -ERANGE);
}

static void check_size(const char *text, bool is_percent, uint64_t value)
{
	struct parsed_size size = { 0 };

	CHECK_INT(parse_size(text, &size), 0);
	CHECK_INT(size.is_percent, is_percent);
	CHECK(size.value == value);
}

static void test_size(void)
{
	struct parsed_size size;

	check_size("50%", true, 50);
	check_size("100%", true, 100);
	check_size("4096", false, 4096);
	check_size("3k", false, 3 * 1024);
	check_size("64M", false, 64ULL << 20);
	check_size("4g", false, 4ULL << 30);
	CHECK_INT(parse_size("banana", &size), -EINVAL);
	CHECK_INT(parse_size("", &size), -EINVAL);
	CHECK_INT(parse_size("0", &size), -EINVAL);
	CHECK_INT(parse_size("0%", &size), -EINVAL);
	CHECK_INT(parse_size("101%", &size), -ERANGE);
	CHECK_INT(parse_size("5%%", &size), -EINVAL);
	CHECK_INT(parse_size("5kb", &size), -EINVAL);
	CHECK_INT(parse_size("5 M", &size), -EINVAL);
	CHECK_INT(parse_size("17179869184G", &size), -ERANGE);
}

static void test_boolean(void)
{
	bool value = true;

	CHECK_INT(parse_boolean("off", &value), 0);
	CHECK(!value);
	CHECK_INT(parse_boolean("YES", &value), 0);
	CHECK(value);
	CHECK_INT(parse_boolean("maybe", &value), -EINVAL);
}

static void test_path(void)
{
	CHECK(is_clean_path("/"));
	CHECK(is_clean_path("/var"));
	CHECK(is_clean_path("/var/..log/.x/..."));
	CHECK(!is_clean_path(""));
	CHECK(!is_clean_path("var"));
	CHECK(!is_clean_path("/var/"));
	CHECK(!is_clean_path("//var"));
	CHECK(!is_clean_path("/var/../etc"));
	CHECK(!is_clean_path("/var/.."));
	CHECK(!is_clean_path("/./var"));
}

static void test_below(void)
{
	CHECK(is_at_or_below("/var", "/var"));
	CHECK(is_at_or_below("/var/log", "/var"));
	CHECK(is_at_or_below("/var/log", "/var/"));
	CHECK(is_at_or_below("/var/", "/var"));
	CHECK(is_at_or_below("/var", "/"));
	CHECK(is_at_or_below("/", "/"));
	CHECK(!is_at_or_below("/", "/var"));
	CHECK(!is_at_or_below("/vary", "/var"));
	CHECK(!is_at_or_below("/va", "/var"));
	CHECK(is_below("/var/log", "/var"));
	CHECK(!is_below("/var", "/var"));
	CHECK(!is_below("/var/", "/var"));
	CHECK(!is_below("/variable", "/var"));
	CHECK(is_below("/var", "/"));
	CHECK(!is_below("/", "/"));
}

static void check_unescaped(const char *escaped, const char *wanted)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", escaped);
	unescape_octal(text);
	CHECK_STR(text, wanted);
}

static void test_unescape(void)
{
	check_unescaped("a\\040b\\011\\012\\134", "a b\t\n\\");
	check_unescaped("\\134040", "\\040"); /* not twice */
	check_unescaped("\\04", "\\04");
	check_unescaped("\\", "\\");
	check_unescaped("\\089\\477", "\\089\\477");
	check_unescaped("\\377", "\377");
	check_unescaped("a\\000b", "a\\000b");
	check_unescaped("", "");
}

static void test_option(void)
{
	CHECK(has_option("rw,noatime", "rw"));
	CHECK(has_option("rw,noatime", "noatime"));
	CHECK(!has_option("rw,noatime", "noatim"));
	CHECK(!has_option("x_netdev,_netdevs", "_netdev"));
	CHECK(!has_option("rw=1", "rw"));
	CHECK(has_option(",,rw,", "rw"));
	CHECK(!has_option("", "rw"));
}

int main(void)
{
	test_number();
	test_size();
	test_boolean();
	test_path();
	test_below();
	test_unescape();
	test_option();
	return check_result();
}
