/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/nologin, and when it goes. */
#include "config.h"

#include "supervise/nologin.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char text[] = NOLOGIN_MARK "the disk is being checked; logins open in a moment.\n";

bool nologin_is_over(const struct nologin_facts *facts)
{
	if (!facts->has_layers)
		return facts->is_mounted || facts->is_multi_user;
	/* Before that the merge may not have been started yet, and nobody logs in. */
	if (!facts->is_multi_user)
		return false;
	return !facts->has_merge || facts->multi_user_usec >= NOLOGIN_GRACE_USEC;
}

int nologin_make(void)
{
	auto_close int fd =
		open(NOLOGIN_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) < 0)
		return -errno;
	if (write(fd, text, sizeof(text) - 1) != sizeof(text) - 1)
		return -EIO;
	return 0;
}

bool nologin_is_ours(void)
{
	auto_free char *found = NULL;

	if (file_read(AT_FDCWD, NOLOGIN_PATH, 4096, &found) < 0)
		return false;
	return strncmp(found, NOLOGIN_MARK, strlen(NOLOGIN_MARK)) == 0;
}

int nologin_remove(void)
{
	if (!nologin_is_ours())
		return 0;
	if (unlink(NOLOGIN_PATH) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}
