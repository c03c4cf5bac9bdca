/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead server owes. */
#include "config.h"

#include "rcfilter/mourn.h"
#include "rcfilter/filter.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Who is answered may ask once more through the old view before its path is walked anew, as soon as
 * it has a processor. When nobody has asked for so long, or after so many, the device is closed.
 */
#define QUIET_MSEC 500
#define REQUESTS_MAX 4096

/* A read of the device has to have room for the largest request. */
#define REQUEST_SIZE (1024 * 1024 + 4096)

static void answer(int device, uint64_t unique)
{
	struct fuse_out_header header = { sizeof(header), -ESTALE, unique };

	/* ENOENT: it was given up, or answered just before the death. */
	if (unique && write(device, &header, sizeof(header)) < 0)
		return;
}

static bool wants_answer(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT;
}

static void answer_waiting(int device)
{
	struct pollfd watch = { .fd = device, .events = POLLIN };
	char *request = malloc(REQUEST_SIZE);
	struct fuse_in_header header;
	int count;
	ssize_t n;

	for (count = 0; request && count < REQUESTS_MAX; count++) {
		if (poll(&watch, 1, QUIET_MSEC) <= 0 || !(watch.revents & POLLIN))
			break;
		n = read(device, request, REQUEST_SIZE); /* the server made it non-blocking */
		if (n < (ssize_t)sizeof(header)) {
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				continue;
			break; /* ENODEV: nobody has anything of the view any more */
		}
		memcpy(&header, request, sizeof(header));
		if (wants_answer(header.opcode))
			answer(device, header.unique);
	}
	free(request);
}

static void answer_noted(const struct unanswered *noted, size_t view, int device)
{
	if (noted->view == view)
		answer(device, noted->unique);
}

/*
 * What the dead server had taken from the kernel and not answered. Its successor may have notes
 * already; to this device their numbers are either nothing or something else to be answered.
 */
static void answer_notes(const struct notes *notes, size_t view, int device)
{
	size_t i;

	answer_noted(&notes->current, view, device);
	for (i = 0; i < BOARD_HELD_MAX; i++)
		answer_noted(&notes->held[i], view, device);
}

static _Noreturn void mourner(const struct filter *filter, size_t view, int device)
{
	/* A device of another view in our hands would keep that one undead. */
	if (device > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned int)device - 1, 0);
	(void)close_range((unsigned int)device + 1, ~0U, 0);
	answer_notes(&filter->board->notes[0], view, device);
	answer_notes(&filter->board->notes[1], view, device);
	answer_waiting(device);
	_exit(EXIT_SUCCESS);
}

/* The guard must not stand still here: the next child may die. The mourner becomes init's child. */
void mourn(size_t view, int device, void *data)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			mourner(data, view, device);
		_exit(EXIT_SUCCESS);
	}
	/* Without a process for it the device is closed at once, and what waits fails. */
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}
