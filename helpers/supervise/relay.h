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
#include <sys/types.h>
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
	bool is_level; /* all records that were there at the start are handed on */
	pid_t daemon; /* who was fed last */
	bool is_even; /* it has read the kernel's lines that were there before it, or never will */
	uint64_t since; /* when it was first found ready */
	char memory[KLOG_RECORD_MAX]; /* the record's */
	unsigned int file_count;
	struct relay_file files[ENTRY_WORDS_MAX];
};

/* Looks at what is there before anybody writes. Where the entry asks for nothing, nothing is done. */
void relay_init(struct relay *relay, const struct entry *entry);

/*
 * Hands on what has come. daemon: who takes it, or 0 while nobody can. Nothing is handed on before
 * the daemon has read the kernel's own lines, which were said before. false: there may be more,
 * which it does not take now; it is to be tried again soon.
 */
bool relay_look(struct relay *relay, pid_t daemon);

/* For poll: readable when another record has come. -EBADF: there will be none. */
int relay_fd(const struct relay *relay);

/* Is there anything to relay? */
bool relay_is_on(const struct relay *relay);

/* Closes everything; nothing is relayed any more. */
void relay_close(struct relay *relay);

#endif
