/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: records of /dev/kmsg to messages for a syslog daemon. */
#ifndef INITFS_SUPERVISE_KLOG_H
#define INITFS_SUPERVISE_KLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The kernel's own limit of a record as it is read; one that is longer is cut. */
#define KLOG_RECORD_MAX 8192

struct klog_record {
	unsigned int priority; /* facility * 8 + severity, as syslog has it */
	uint64_t usec; /* since the kernel started */
	char *text; /* the message, unescaped, in the record's own memory */
};

/*
 * Takes one record ("30,1234,5678,-;text\n KEY=value\n", ended by NUL) apart in place. Returns 0 or
 * -EINVAL.
 */
int klog_parse(char *record, struct klog_record *ret_record);

/* Is it from the kernel itself? A syslog daemon reads those from /proc/kmsg. */
bool klog_is_kernels(const struct klog_record *record);

/*
 * Writes the message for /dev/log: "<30>Nov 22 14:50:01 dracut: [    5.123456] text", in one line. Of
 * the record's text, line (without newline) is the one that is meant; the kernel's stamp comes after
 * its "name: ", or after "kmsg: " where it has none. when: the wall clock of the record. What does not
 * fit is cut. Returns the length.
 */
size_t klog_format(char *message, size_t size, const struct klog_record *record, const char *line,
		   const struct tm *when);

/* The same for a line of a file: "<30>… name: line". */
size_t klog_format_line(char *message, size_t size, const char *name, const char *line,
			const struct tm *when);

/*
 * Has text (a configuration file) a line with word in it that is no comment? Blanks, quotes and case
 * do not count; word has none of them.
 */
bool klog_says(const char *text, const char *word);

#endif
