/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only voice of the project: one failure, one line, with "?" for each control character of a name
 * in it. And the exit codes of all programs.
 */
#ifndef INITFS_REPORT_H
#define INITFS_REPORT_H

#include "common/fault.h"

#include <stdbool.h>

/* They stand in each man page; EXIT_SUCCESS is 0, done. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* failed, and everything it had begun was undone */
	EXIT_USAGE = 2, /* called wrongly */
	EXIT_REFUSED = 3, /* refused; nothing was touched */
	EXIT_HALFWAY = 4, /* stopped half way: run again to resume */
};

/* Sets the name that opens each line: the program's, a constant. Call it first in main. */
void report_name(const char *name);

/*
 * From here on lines also go to /dev/kmsg, because a program that outlives the initramfs has no
 * stderr that anybody reads. Opens it once; where there is none, stderr stays the only place.
 */
void report_to_kernel_log(void);

/*
 * Prints the one line of a failure: "NAME: cannot STEP 'OBJECT': reason (detail)", and returns
 * exit_code, so that main can end with it. error is -errno; where an errno misleads for its step
 * (ENOSPC of a mount, EXDEV of a path that escapes) the line says what it means there.
 */
int report(int error, const struct fault *fault, enum exit_code exit_code);

/* Writes that same text, without name and newline, to line. */
void report_text(char *line, unsigned long size, int error, const struct fault *fault);

/* Prints "NAME: " and the formatted text as one line, to the same places. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line about what went as it should: only to the kernel's log, where that is used, as information. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "Try 'NAME --help'." after a line about a mistake in the call; returns EXIT_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
