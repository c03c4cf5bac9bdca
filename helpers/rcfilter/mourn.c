/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead server owes. */
#include "config.h"

#include "rcfilter/mourn.h"
#include "rcfilter/filter.h"
#include "rcfilter/owed.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
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

/* With the list that the dead server was asked for; all else is told to walk its path again. */
static void answer(struct notes *notes, const struct unanswered *request, int device)
{
	char *part = NULL;
	ssize_t n = notes ? owed_part(notes, request, &part) : -ENOENT;
	struct fuse_out_header header = { .error = n < 0 ? -ESTALE : 0, .unique = request->unique };
	struct iovec out[] = {
		{ &header, sizeof(header) },
		{ part, n > 0 ? (size_t)n : 0 },
	};

	header.len = (uint32_t)(sizeof(header) + out[1].iov_len);
	/* ENOENT: it was given up, or answered just before the death. */
	if (request->unique && writev(device, out, n > 0 ? 2 : 1) < 0)
		return;
}

static bool wants_answer(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT;
}

static void answer_waiting(struct notes *notes, size_t view, int device)
{
	struct pollfd watch = { .fd = device, .events = POLLIN };
	char *request = malloc(REQUEST_SIZE);
	struct unanswered owed;
	int count;
	ssize_t n;

	for (count = 0; request && count < REQUESTS_MAX; count++) {
		if (poll(&watch, 1, QUIET_MSEC) <= 0 || !(watch.revents & POLLIN))
			break;
		n = read(device, request, REQUEST_SIZE); /* the server made it non-blocking */
		if (n < (ssize_t)sizeof(struct fuse_in_header)) {
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				continue;
			break; /* ENODEV: nobody has anything of the view any more */
		}
		owed = owed_request(request, (size_t)n, view);
		if (wants_answer(owed.opcode))
			answer(notes, &owed, device);
	}
	free(request);
}

/* What the dead server had taken from the kernel and not answered. */
static void answer_taken(struct notes *notes, size_t view, int device)
{
	size_t i;

	if (notes->current.view == view)
		answer(notes, &notes->current, device);
	for (i = 0; i < BOARD_HELD_MAX; i++)
		if (notes->held[i].view == view)
			answer(notes, &notes->held[i], device);
}

static _Noreturn void mourner(const struct notes *noted, size_t view, int device)
{
	/* Of our own: the server after the next one writes where the dead one did. */
	struct notes *notes = noted ? malloc(sizeof(*notes)) : NULL;

	if (notes)
		memcpy(notes, noted, sizeof(*notes));
	/* A device of another view in our hands would keep that one undead. */
	if (device > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned int)device - 1, 0);
	(void)close_range((unsigned int)device + 1, ~0U, 0);
	if (notes)
		answer_taken(notes, view, device);
	answer_waiting(notes, view, device);
	_exit(EXIT_SUCCESS);
}

/* The guard must not stand still here: the next child may die. The mourner becomes init's child. */
void mourn(size_t view, int device, void *data)
{
	const struct filter *filter = data;
	const struct notes *notes = board_of_dead(filter->board);
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			mourner(notes, view, device);
		_exit(EXIT_SUCCESS);
	}
	/* Without a process for it the device is closed at once, and what waits fails. */
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}
