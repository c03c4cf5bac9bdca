/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the views away again. */
#include "config.h"

#include "hold/undo.h"
#include "hold/layers.h"

#include "common/fd.h"
#include "common/survivor.h"
#include "passthrough/fusemount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE_MSEC 5000 /* the kernel ends a session that nobody uses at once */

static int detach_views(struct fault *fault)
{
	struct layers layers;
	uint64_t id;
	size_t i;
	int r = layers_read(&layers, "/run/initfs/layers", fault);

	for (i = layers.count; i-- > 0 && r == 0;) {
		const char *path = layers.list[i].directory;

		if (fusemount_id_of(path, UNDO_TYPE, &id) < 0)
			continue;
		r = fusemount_detach(path, id);
		if (r < 0)
			(void)fault_at(fault, r, "detach the view of", path);
	}
	layers_free(&layers);
	return r;
}

/* Waits for the end of the process in the pid file. One that stays is killed. */
static void wait_for_end(int run, const char *name)
{
	auto_close int process = survivor_find(run, name, "initfs-hold");
	struct pollfd watch = { .fd = process, .events = POLLIN };

	if (process < 0)
		return; /* it has ended */
	if (poll(&watch, 1, PATIENCE_MSEC) > 0)
		return;
	/* Somebody uses the view after all, or it hangs: either way the boot goes on without it. */
	(void)syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
	(void)poll(&watch, 1, PATIENCE_MSEC);
}

int undo(const char *root, struct fault *fault)
{
	auto_close int run = -EBADF;
	int r = survivor_enter(root, fault);

	if (r < 0)
		return r;
	run = open("/run/initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return errno == ENOENT ? 0 : fault_at(fault, -errno, "open", "/run/initfs");
	r = detach_views(fault);
	if (r == -ENOENT)
		return 0; /* no layers, so there is no view either */
	/* The guard first: it would take the death of its child for an accident. */
	wait_for_end(run, "hold-guard.pid");
	wait_for_end(run, "hold.pid");
	return r;
}
