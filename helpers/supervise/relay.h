/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hands a syslog daemon what it does not read itself, so that its log has no gap: what the initramfs
 * and we wrote to the kernel's log, and what init's fsck had to say.
 */
#ifndef INITFS_SUPERVISE_RELAY_H
#define INITFS_SUPERVISE_RELAY_H

#include "supervise/conf.h"
#include "supervise/klog.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A file whose lines are handed on, once somebody writes it anew in this boot. */
struct relay_file {
	const char *path;
	struct timespec modified; /* as it was when we looked last; tv_sec 0: not there */
	off_t size;
	off_t done; /* how much of it has been handed on */
};

struct relay {
	const struct entry *entry; /* whose daemon it is; NULL: there is nothing to relay */
	int kmsg; /* at the next record, or -EBADF */
	int log; /* connected to the daemon, or -EBADF */
	struct klog_record
		record; /* not handed on as a whole yet: its text is what is left of it */
	bool has_record;
	char memory[KLOG_RECORD_MAX]; /* the record's */
	unsigned int file_count;
	struct relay_file files[ENTRY_WORDS_MAX];
};

/* Looks at what is there before anybody writes. Where the entry asks for nothing, nothing is done. */
void relay_init(struct relay *relay, const struct entry *entry);

/*
 * Hands on what has come. is_ready: the daemon can take it. false: there may be more, which it does
 * not take now; it is to be tried again soon.
 */
bool relay_look(struct relay *relay, bool is_ready);

/* For poll: readable when another record has come. -EBADF: there will be none. */
int relay_fd(const struct relay *relay);

/* Is there anything to relay? */
bool relay_is_on(const struct relay *relay);

/* Closes everything; nothing is relayed any more. */
void relay_close(struct relay *relay);

#endif
