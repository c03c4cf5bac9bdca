/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that guard and server share. */
#include "config.h"

#include "rcfilter/board.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct board *board_make(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return board == MAP_FAILED ? NULL : board;
}

void board_begin(struct board *board)
{
	struct notes *notes;
	size_t i;

	board->servers++;
	notes = board_notes(board);
	notes->current.unique = 0;
	memset(notes->held, 0, sizeof(notes->held));
	for (i = 0; i < LISTS_MAX; i++)
		notes->lists[i].handle = 0;
	notes->server = getpid();
}

/* The guard has waited for it: its pid is nobody's. */
static bool is_of_dead(const struct notes *notes)
{
	return notes->server && kill(notes->server, 0) < 0 && errno == ESRCH;
}

const struct notes *board_of_dead(const struct board *board)
{
	const struct notes *last = &board->notes[board->servers % 2];
	const struct notes *before = &board->notes[(board->servers + 1) % 2];

	if (is_of_dead(last))
		return last;
	return is_of_dead(before) ? before : NULL;
}
