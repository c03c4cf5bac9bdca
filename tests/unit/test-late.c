/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Served texts say no more than they should, and startpar can read every line of them. */
#include "config.h"

#include "check.h"
#include "rcfilter/late.h"

#include <stdlib.h>

static void test_noop(void)
{
	char *text = late_noop("ssh's $(reboot) `x` \"y\" \\ stepped\naside");

	CHECK_STR(text, "#!/bin/sh\necho 'sshs $(reboot) x y  steppedaside'\n:\n");
	free(text);
}

static void test_script(void)
{
	static char good[] = "/etc/rc2.d/S03ssh";
	static char bad[] = "/etc/rc2.d/S03'x";
	char *list[] = { good, bad };
	struct words paths = { 2, list };
	struct words none = { 0 };
	char *text = late_script(&paths);

	CHECK(strncmp(text, "#!/bin/sh\n", 10) == 0);
	CHECK(strstr(text, "init.d/functions"));
	CHECK(strstr(text, "\n'/etc/rc2.d/S03ssh' start\nexit 0\n"));
	CHECK(!strstr(text, "x' start"));
	free(text);
	text = late_script(&none);
	CHECK(!strstr(text, "start\n"));
	free(text);
}

static void test_leavable(void)
{
	char *text = late_leavable();

	CHECK(strncmp(text, "#!/bin/sh\n", 10) == 0);
	/* One word with what follows it: after the signal nothing more may be read. */
	CHECK(strstr(text, "trap 'exit 0' USR1\n"));
	CHECK(strstr(text, "\nwait $!\nexit $?\n"));
	free(text);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > longest)
			longest = length;
		text += length + (text[length] == '\n');
	}
	return longest;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void test_depend(void)
{
	static const char small[] = "TARGETS = a b\nINTERACTIVE =\nb: a\n";
	static char large[65536];
	size_t used = 0;
	char *text = late_depend(small, sizeof(small) - 1, "late");
	int i;

	CHECK_STR(text, "TARGETS = a b late\nINTERACTIVE =\nb: a\nlate: a b\n");
	free(text);
	text = late_depend(small, sizeof(small) - 1, NULL);
	CHECK_STR(text, "TARGETS = a b\nINTERACTIVE =\nb: a\n");
	free(text);

	used = (size_t)snprintf(large, sizeof(large), "TARGETS =");
	for (i = 0; i < 300; i++)
		used += (size_t)snprintf(large + used, sizeof(large) - used,
					 " a-service-with-a-long-name-%d", 1000 + i);
	text = late_depend(large, used, "late");
	CHECK(longest_line(text) < 2000);
	CHECK_INT(count(text, "a-service"), 600);
	free(text);
	text = late_depend("", 0, "late");
	CHECK_STR(text, "TARGETS = late\nlate:\n");
	free(text);
}

int main(void)
{
	test_noop();
	test_script();
	test_leavable();
	test_depend();
	return check_result();
}
