/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests: CHECK what has to hold, end main with check_result(). Every failed check is printed
 * and counted; the test goes on, so that one run shows all that is wrong.
 */
#ifndef INITFS_CHECK_H
#define INITFS_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_failures;
static int check_count;

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		check_count++;                                                                    \
		if (!(condition)) {                                                               \
			check_failures++;                                                         \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                                 \
	} while (0)

#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		long long got_ = (long long)(got);                                                 \
		long long want_ = (long long)(want);                                               \
		check_count++;                                                                     \
		if (got_ != want_) {                                                               \
			check_failures++;                                                          \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, \
				got_, want_);                                                      \
		}                                                                                  \
	} while (0)

#define CHECK_STR(got, want)                                                                     \
	do {                                                                                     \
		const char *got_ = (got);                                                        \
		const char *want_ = (want);                                                      \
		check_count++;                                                                   \
		if (!got_ || strcmp(got_, want_) != 0) {                                         \
			check_failures++;                                                        \
			fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, \
				#got, got_ ? got_ : "(null)", want_);                            \
		}                                                                                \
	} while (0)

/* The exit status of a test: a test that checked nothing has failed. */
static inline int check_result(void)
{
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures || !check_count;
}

#endif
