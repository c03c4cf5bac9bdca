/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that guard and server share. */
#include "config.h"

#include "rcfilter/board.h"

#include <stddef.h>
#include <sys/mman.h>

struct board *board_make(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return board == MAP_FAILED ? NULL : board;
}
