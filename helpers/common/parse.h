/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers, sizes and names. Pure. Nothing is skipped and nothing is guessed. */
#ifndef INITFS_PARSE_H
#define INITFS_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number of 0…max, digits only. Returns 0, -EINVAL (not a number) or -ERANGE. */
int parse_number(const char *text, uint64_t max, uint64_t *ret_number);

/* The same for a time of at least one second. */
int parse_seconds(const char *text, unsigned int max, unsigned int *ret_seconds);

/* tmpfs syntax: digits with one of k m g t (powers of 1024, either case), or 1%…100%. */
struct parsed_size {
	bool is_percent;
	uint64_t value; /* bytes, or percent of the RAM */
};

/* Returns 0, -EINVAL (not a size, zero) or -ERANGE (over 100 %, or more than 64 bits hold). */
int parse_size(const char *text, struct parsed_size *ret_size);

/* dracut's booleans: 0, no, off are false; 1, yes, on and "" are true; else -EINVAL. */
int parse_boolean(const char *text, bool *ret_value);

/* An absolute path without ".", "..", empty parts or a slash at its end ("/" itself excepted). */
bool is_clean_path(const char *path);

/* True if path is dir itself or below it. Slashes at the end of either do not matter. */
bool is_at_or_below(const char *path, const char *dir);

/* The same, without dir itself. */
bool is_below(const char *path, const char *dir);

/* Undoes \ooo in place: so write the kernel and fstab(5) a blank, tab, newline or backslash. */
void unescape_octal(char *text);

/* Is option among the comma separated ones, to the letter? */
bool has_option(const char *options, const char *option);

#endif
