/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a boot. */
#include "config.h"

#include "merge/state.h"
#include "merge/tuck.h"
#include "common/fd.h"
#include "common/file.h"

#include <fcntl.h>

static int read_list(int run, struct list *list, struct fault *fault)
{
	auto_free char *text = NULL;
	ssize_t length = file_read(run, "layers", LIST_TEXT_MAX, &text);
	int r = length < 0 ? (int)length : 0;

	if (r == 0)
		r = list_parse(list, take_pointer(text));
	if (r == 0)
		tuck_mark(list, run);
	return r < 0 ? fault_at(fault, r, "read the list of layers", STATE "/layers") : 0;
}

int state_open(int *ret_run, struct list *list, struct fault *fault)
{
	int run = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	*ret_run = run < 0 ? -EBADF : run;
	return run < 0 ? fault_at(fault, -errno, "open the state in", STATE)
		       : read_list(run, list, fault);
}
