/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two logs become one in the order of time: every byte once, each one's own order kept, to the letter. */
#include "config.h"

#include "check.h"
#include "merge/join.h"
#include "merge/logs.h"
#include "merge/ours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

/* 2026-11-22 18:00:00 UTC */
static const int64_t now = INT64_C(1795370400) * SECOND;

static bool reads(const char *line, int64_t want)
{
	const struct logtime_base base = { .latest = now, .zone = 60 * MINUTE, .boot = 1000 };
	int64_t time = -1;

	if (!logtime_read(line, strlen(line), &base, &time))
		return want < 0;
	if (time != want)
		fprintf(stderr, "%s: %lld\n", line, (long long)(time - now));
	return time == want;
}

static void test_times(void)
{
	/* RFC 3164: local time, an hour ahead. */
	CHECK(reads("Nov 22 19:00:00 host a: b", now));
	CHECK(reads("<13>Nov 22 19:00:01 host a: b", now + SECOND));
	CHECK(reads("Nov 22 19:00:60 host", now + MINUTE));
	CHECK(reads("Nov  1 19:00:00 host", now - 21 * 24 * 60 * MINUTE));
	CHECK(reads("Nov 23 18:59:59 host", now + 24 * 60 * MINUTE - SECOND));
	/* More than a day ahead: last year's. */
	CHECK(reads("Nov 24 19:00:00 host", now - 363 * 24 * 60 * MINUTE));
	CHECK(reads("Feb 29 19:00:00 host", INT64_C(1709229600) * SECOND)); /* 2024 */
	CHECK(reads("Feb 30 19:00:00 host", -1));
	CHECK(reads("Nov 31 19:00:00 host", -1));
	CHECK(reads("Nov 00 19:00:00 host", -1));
	CHECK(reads("Nov 22 24:00:00 host", -1));
	CHECK(reads("Nov 22 19:60:00 host", -1));
	CHECK(reads("Nov 22 19:00:61 host", -1));
	CHECK(reads("Nov 22 19:00", -1));
	CHECK(reads("Nov", -1));
	CHECK(reads("nov 22 19:00:00 host", -1));
	CHECK(reads("<1234>Nov 22 19:00:00 host", -1));
	CHECK(reads("<13 Nov 22 19:00:00 host", -1));
	/* RFC 3339 */
	CHECK(reads("2026-11-22T18:00:00Z host", now));
	CHECK(reads("2026-11-22T18:00:00.5Z", now + SECOND / 2));
	CHECK(reads("2026-11-22T18:00:00.1234567+00:00 x", now + 123456));
	CHECK(reads("2026-11-22T20:00:00+02:00 x", now));
	CHECK(reads("2026-11-22T13:30:00-04:30 x", now));
	CHECK(reads("2026-11-22 19:00:00 status installed", now));
	CHECK(reads("1970-01-01T00:00:00Z", 0));
	CHECK(reads("2000-02-29T00:00:00Z", INT64_C(951782400) * SECOND));
	CHECK(reads("2100-02-29T00:00:00Z", -1));
	CHECK(reads("1969-12-31T00:00:00Z", -1));
	CHECK(reads("2026-13-22T18:00:00Z", -1));
	CHECK(reads("2026-11-22T18:00:00.Z", -1));
	CHECK(reads("2026-11-22T18:00:00+0100", -1));
	CHECK(reads("2026-11-22_18:00:00", -1));
	CHECK(reads("12026-11-22T18:00:00Z", -1));
	/* dmesg */
	CHECK(reads("[    5.123456] usb", 1000 + 5123456));
	CHECK(reads("[12345.000001] usb", 1000 + 12345 * SECOND + 1));
	CHECK(reads("[    5] usb", -1));
	CHECK(reads("[    5.123456 usb", -1));
	CHECK(reads("[] usb", -1));
	CHECK(reads("", -1));
	CHECK(reads("   at some.java.Class", -1));
}

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	return fd;
}

static char *text_of(int fd)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) < 0)
		abort();
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text || pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
		abort();
	return text;
}

static struct join_file log_of(const char *text)
{
	return (struct join_file){
		.fd = file_of(text, strlen(text)),
		.base = { .latest = now, .zone = 0, .boot = now - 10 * MINUTE },
	};
}

/* Joins in two steps, early having been before when the first was taken. The caller frees. */
static char *joined(const char *disk, const char *before, const char *early,
		    struct join_runs *ret_runs)
{
	struct join_file below = log_of(disk), then = log_of(before), above = log_of(early);
	int to = file_of("", 0);
	struct join_point point;
	char *text;

	below.base.boot = INT64_MIN / 4;
	CHECK_INT(join_begin(&below, &then, to, &point), 0);
	CHECK_INT(join_finish(&below, &above, to, &point, ret_runs), 0);
	text = text_of(to);
	close(below.fd);
	close(then.fd);
	close(above.fd);
	close(to);
	return text;
}

static void expect(const char *disk, const char *early, const char *want)
{
	struct join_runs runs = { 0 };
	char *text = joined(disk, early, early, &runs);

	CHECK_STR(text, want);
	join_runs_free(&runs);
	free(text);
}

#define T1 "Nov 22 10:00:01 h a\n"
#define T2 "Nov 22 10:00:02 h b\n"
#define T3 "Nov 22 10:00:03 h c\n"
#define T4 "Nov 22 10:00:04 h d\n"

static void test_order(void)
{
	expect(T1 T2, T3 T4, T1 T2 T3 T4);
	expect(T3 T4, T1 T2, T1 T2 T3 T4);
	expect(T1 T3, T2 T4, T1 T2 T3 T4);
	expect(T1 "d\n", T1 "e\n", T1 "d\n" T1 "e\n");
	expect("", T1, T1);
	/* What has no time stays behind its line, in front of the first one at the beginning. */
	expect("x\n" T1 " more\n" T3, T2 " of 2\n of 2\n" T4,
	       "x\n" T1 " more\n" T2 " of 2\n of 2\n" T3 T4);
	/* Each one's own order, whatever its times say. */
	expect(T1 T4 T2, T3, T1 T3 T4 T2);
	expect(T2, T4 T1, T2 T4 T1);
	/* Formats may differ. dmesg's lines of an earlier boot are before all of this one. */
	expect("2026-11-22T10:00:01Z x\n" T3, "2026-11-22T10:00:02Z y\n",
	       "2026-11-22T10:00:01Z x\n2026-11-22T10:00:02Z y\n" T3);
	expect("[ 9.000000] old\n", "[ 1.000000] new\n", "[ 9.000000] old\n[ 1.000000] new\n");
	/* A line that has no end gets one, where another one follows. */
	expect(T1 "half", T2 "half", T1 "half\n" T2 "half");
	expect(T3 "x", T1 "half", T1 "half\n" T3 "x");
}

/* The early file has changed since the beginning was written. */
static void test_grown(void)
{
	struct join_runs runs = { 0 };
	char *text = joined(T1 T3, T2, T2 T4, &runs);

	CHECK_STR(text, T1 T2 T3 T4);
	CHECK_INT(runs.count, 2);
	free(text);
	join_runs_free(&runs);
	text = joined(T2 T3, T4, T1, &runs);
	CHECK_STR(text, T1 T2 T3);
	free(text);
	join_runs_free(&runs);
	text = joined(T1, T2, "", &runs);
	CHECK_STR(text, T1);
	CHECK_INT(runs.count, 0);
	free(text);
	join_runs_free(&runs);
}

/* What was joined once is joined again with what the early file has become: nothing twice. */
static void test_again(void)
{
	struct join_runs runs = { 0 }, again = { 0 };
	char *text = joined(T1 T3 "half", T2, T2 T4 "x", &runs);
	struct join_file below = log_of(text), above = log_of(T2 T4 "xy\n");
	struct join_point point;
	int to = file_of("", 0);
	char *second;

	CHECK_STR(text, T1 T2 T3 "half\n" T4 "x");
	below.left_out = &runs;
	CHECK_INT(join_begin(&below, &above, to, &point), 0);
	CHECK_INT(join_finish(&below, &above, to, &point, &again), 0);
	second = text_of(to);
	CHECK_STR(second, T1 T2 T3 "half\n" T4 "xy\n");
	join_runs_free(&runs);
	join_runs_free(&again);
	free(text);
	free(second);
	close(below.fd);
	close(above.fd);
	close(to);
}

/* Lines longer than any buffer, and files of many buffers. */
static void test_long(void)
{
	enum { LONG = 300000, LINES = 20000 };
	char *disk = calloc(1, LONG + LINES * 32), *early = calloc(1, LONG + LINES * 32);
	char *want = calloc(1, 2 * (LONG + LINES * 32)), *at = want, *text;
	struct join_runs runs = { 0 };
	char *d = disk, *e = early;
	int i;

	if (!disk || !early || !want)
		abort();
	d += sprintf(d, "Nov 22 10:00:00 h ");
	memset(d, 'x', LONG);
	d += LONG;
	*d++ = '\n';
	at += sprintf(at, "%s", disk);
	for (i = 0; i < LINES; i++) {
		char **whose = i % 5 ? &d : &e;
		int n = sprintf(*whose, "Nov 22 1%d:%02d:%02d h %d\n", i / 3600, i / 60 % 60,
				i % 60, i);

		at += sprintf(at, "%s", *whose);
		*whose += n;
	}
	text = joined(disk, early, early, &runs);
	CHECK(strcmp(text, want) == 0);
	CHECK_INT(runs.count, LINES / 5);
	join_runs_free(&runs);
	free(text);
	free(disk);
	free(early);
	free(want);
}

static bool is_log(const char *text, size_t size)
{
	struct join_file file = { .fd = file_of(text, size), .base = { .latest = now } };
	int r = join_is_log(&file);

	CHECK(r == 0 || r == 1);
	close(file.fd);
	return r == 1;
}

static void test_logs(void)
{
	CHECK(is_log(T1, strlen(T1)));
	CHECK(is_log("", 0));
	CHECK(!is_log("text\n" T1, strlen("text\n" T1)));
	CHECK(!is_log(T1 "\0\n", strlen(T1) + 2));
	CHECK(!is_log("\0", 1));
}

/* What an earlier attempt has noted. */
static void test_ours(void)
{
	char text[] = "12\n13 5+3 8+1\n\n14 \n12 1+2\n";
	char bad[][24] = { "x\n", "12 5\n", "12 5+x\n", "12 5+3 7+1\n", "-1\n", "1\n2 +\n" };
	struct ours ours;
	size_t i;

	CHECK_INT(ours_parse(&ours, text), 0);
	CHECK_INT(ours.count, 4);
	CHECK(ours_find(&ours, 11) == NULL);
	CHECK(ours_find(&ours, 13)->is_joined);
	CHECK_INT(ours_find(&ours, 13)->runs.count, 2);
	CHECK_INT(ours_find(&ours, 13)->runs.run[1].at, 8);
	CHECK(ours_find(&ours, 14)->is_joined);
	CHECK_INT(ours_find(&ours, 14)->runs.count, 0);
	/* The last line counts. */
	CHECK(ours_find(&ours, 12)->is_joined);
	ours_free(&ours);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(ours_parse(&ours, bad[i]), -EINVAL);
		ours_free(&ours);
	}
}

static void test_names(void)
{
	CHECK(logs_is_name("/var", "log/syslog"));
	CHECK(logs_is_name("/var", "log/apt/history.log"));
	CHECK(logs_is_name("/var/log", "syslog"));
	CHECK(logs_is_name("/srv/log/x", "syslog"));
	CHECK(!logs_is_name("/var", "lib/state"));
	CHECK(!logs_is_name("/var", "log"));
	CHECK(!logs_is_name("/var", "logs/state"));
	CHECK(!logs_is_name("/var", "lib/dialog/state"));
}

int main(void)
{
	test_ours();
	test_names();
	test_times();
	test_order();
	test_grown();
	test_again();
	test_long();
	test_logs();
	return check_result();
}
