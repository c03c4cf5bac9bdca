/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LSB header of a start script ("### BEGIN INIT INFO"), read as insserv reads it. Pure. */
#ifndef INITFS_LSB_H
#define INITFS_LSB_H

#include "rcfilter/words.h"

enum lsb_key {
	LSB_PROVIDES,
	LSB_REQUIRED_START,
	LSB_REQUIRED_STOP,
	LSB_SHOULD_START,
	LSB_SHOULD_STOP,
	LSB_START_BEFORE,
	LSB_STOP_AFTER,
	LSB_DEFAULT_START,
	LSB_DEFAULT_STOP,
	LSB_INTERACTIVE,
	LSB_DESCRIPTION, /* Short-Description is another key, which insserv does not read either */
	LSB_KEYS
};

enum lsb_form {
	LSB_NONE, /* no header */
	LSB_UNENDED, /* begun, never ended: insserv takes it for a mistake */
	LSB_INCOMPLETE, /* a key that has to be there is not: used as far as it goes */
	LSB_WHOLE,
};

struct lsb {
	enum lsb_form form;
	bool interactive;
	bool present[LSB_KEYS]; /* the key stands there, be it empty */
	struct words list[LSB_KEYS];
};

/*
 * Reads the header in text (size bytes, any bytes). A word keeps its "+" or "$". Lists are read to
 * their end: insserv 1.24 stops at a tab or at two delimiters in a row, but who wrote a dependency
 * meant it. *ret_lsb is the caller's to lsb_free. Returns 0 or -ENOMEM.
 */
int lsb_parse(const char *text, size_t size, struct lsb *ret_lsb);

void lsb_free(struct lsb *lsb);

#endif
