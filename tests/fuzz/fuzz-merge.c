/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No text of the layers file, mountinfo, fstab, an extended attribute's name, a redirect, a file handle, a
 * note about a file system or what was published, a log's line or the view's answer makes the parsers of
 * initfs-merge do anything but answer. The first byte says which one it is.
 */
#include "config.h"

#include "common/packet.h"
#include "common/parse.h"
#include "common/timeline.h"
#include "merge/client.h"
#include "merge/handle.h"
#include "merge/join.h"
#include "merge/list.h"
#include "merge/marks.h"
#include "merge/noted.h"
#include "merge/ours.h"
#include "merge/overlayopt.h"
#include "merge/views.h"
#include "merge/wake.h"
#include "merge/xattrs.h"
#include "fuzz.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* The part of the text before the first empty line as mountinfo, what follows as fstab. */
static void try_wake(char *text)
{
	struct list list = { .entries = { { 0, "/var" }, { 1, "/srv/a b" } }, .count = 2 };
	char *fstab = strstr(text, "\n\n");
	char none[] = "";
	char why[32];

	if (fstab)
		*fstab++ = '\0';
	if (wake_decide(&list, text, fstab ? fstab : none, why, sizeof(why)) == WAKE_READY &&
	    why[0])
		abort();
}

/* Every line of the text as a line of fstab, waited for by directories that the text may name. */
static void try_lists(char *text)
{
	char *written = copy_of(text);
	char *lines = copy_of(text);
	char *rest = lines;
	struct fstab_line line;
	struct list list;

	if (list_parse(&list, text) < 0) {
		list_free(&list);
		if (list_parse(&list, copy_of("0\t/var\n1\t/tmp\n")) < 0)
			abort();
	}
	if (list.count > LIST_MAX)
		abort();
	while (fstab_next(&rest, &line)) {
		/* A source may begin with \043; a line that begins with # is a comment. */
		if (written[line.source - lines] == '#' || !*line.type)
			abort();
		if (list_need(&list, &line) != NEED_NOT && *line.target != '/')
			abort();
	}
	list_free(&list);
	free(lines);
	free(written);
}

static int note_child(void *data, const struct mountinfo *mount)
{
	(void)data;
	return mount->target && mount->type ? 0 : -EINVAL;
}

static void try_mounts(char *text)
{
	char value[PATH_MAX];
	enum view_state state;
	struct mountinfo mount;
	const char *at;
	uint64_t id = 0;

	(void)views_look(text, "/var", &state, &id);
	(void)views_each_child(text, id, note_child, NULL);
	while (mountinfo_next(&text, &mount)) {
		/* Only the source may be missing. */
		if (!*mount.root || !*mount.target || !*mount.options || !*mount.type ||
		    !*mount.super)
			abort();
		for (at = mount.super; overlayopt_next(&at, "lowerdir=", value, sizeof(value));)
			if (is_below(value, mount.target) && !is_at_or_below(value, mount.target))
				abort();
		(void)has_option(mount.options, "ro");
	}
}

static void try_attribute(const char *name)
{
	char buffer[256];
	const char *carried = xattr_carried_name(XATTR_TRUSTED, name, buffer, sizeof(buffer));

	(void)xattr_kind(XATTR_USER, name);
	if (carried == buffer && xattr_kind(XATTR_TRUSTED, name) != XATTR_CARRY)
		abort(); /* only what a program wrote has a second name */
}

static void try_answer(const char *text)
{
	struct fault fault = { 0 };
	char request[PACKET_MAX];
	int ends[2], passed;

	if (strlen(text) == 0 || strlen(text) >= PACKET_MAX)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	if (packet_send(ends[1], text, -EBADF) < 0)
		abort();
	if (client_seal(ends[0], &fault) > 0 || packet_receive(ends[1], request, &passed) <= 0)
		abort();
	close(ends[0]);
	close(ends[1]);
}

static void try_words(char *text)
{
	struct timeline_event event;
	struct parsed_size size;
	uint64_t number;
	bool is_on;

	if (parse_size(text, &size) == 0 && size.is_percent && size.value > 100)
		abort();
	if (parse_number(text, 1000, &number) == 0 && number > 1000)
		abort();
	(void)parse_boolean(text, &is_on);
	(void)is_clean_path(text);
	if (timeline_parse(text, &event) == 0)
		(void)timeline_value(&event, "names");
}

/* What is taken for a redirect leads to something below the layer. */
static void try_redirect(const char *text)
{
	char path[4096];

	if (!marks_is_redirect(text))
		return;
	(void)snprintf(path, sizeof(path), "%s%s", *text == '/' ? "" : "/", text);
	if (!*text || (strlen(text) < sizeof(path) - 1 && !is_clean_path(path)))
		abort();
}

/* What is taken for a handle is the same when it was written down and read again. */
static void try_handle(const uint8_t *data, size_t size, const char *text)
{
	char written[HANDLE_TEXT_MAX];
	struct handle handle, again;
	char *value = malloc(size + !size);

	if (!value)
		abort();
	memcpy(value, data, size);
	if (handle_from_origin(value, size, &handle)) {
		(void)handle_text(&handle, written);
		if (!handle_parse(written, &again) || !handle_is_same(&handle, &again))
			abort();
	}
	if (handle_parse(text, &handle) && (!handle.size || handle.size > HANDLE_BYTES))
		abort();
	free(value);
}

static void try_note(const char *text)
{
	struct noted noted;

	if (noted_parse(text, &noted) == 0 && (noted.is_tmpfs || noted.is_unseen) && noted.device)
		abort();
}

/* What was published before: the parts of a joined log are in order, and every line can be found. */
static void try_ours(char *text)
{
	struct ours ours;
	size_t i, k;

	if (ours_parse(&ours, text) == 0)
		for (i = 0; i < ours.count; i++) {
			const struct join_runs *runs = &ours.list[i].runs;

			if (!ours_find(&ours, ours.list[i].ino))
				abort();
			for (k = 1; k < runs->count; k++)
				if (runs->run[k].at < runs->run[k - 1].at + runs->run[k - 1].length)
					abort();
		}
	ours_free(&ours);
}

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	return fd;
}

/* The text up to the first empty line, and the rest, as two logs: joined, all of both is there. */
static void try_join(const char *text)
{
	const char *half = strstr(text, "\n\n");
	const size_t size = strlen(text), first = half ? (size_t)(half - text) + 1 : 0;
	struct join_file disk = { .fd = file_of(text, first), .base.latest = 1000000000000000 };
	struct join_file early = { .fd = file_of(text + first, size - first),
				   .base.latest = 1000000000000000 };
	int to = file_of("", 0);
	struct join_runs runs = { 0 };
	struct join_point point;
	uint64_t own = 0;
	off_t joined;
	size_t i;

	if (join_is_log(&disk) < 0 || join_begin(&disk, &early, to, &point) < 0 ||
	    join_finish(&disk, &early, to, &point, &runs) < 0)
		abort();
	joined = lseek(to, 0, SEEK_END);
	for (i = 0; i < runs.count; i++)
		own += runs.run[i].length;
	if ((uint64_t)joined != first + own || own < size - first || own > size - first + 2)
		abort();
	join_runs_free(&runs);
	close(disk.fd);
	close(early.fd);
	close(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data, size);
	switch (data[0] % 11) {
	case 0:
		try_lists(text);
		return 0;
	case 1:
		try_mounts(text);
		break;
	case 2:
		try_attribute(text);
		break;
	case 3:
		try_answer(text);
		break;
	case 4:
		try_wake(text);
		break;
	case 5:
		try_redirect(text);
		break;
	case 6:
		try_handle(data + 1, size - 1, text);
		break;
	case 7:
		try_note(text);
		break;
	case 8:
		try_ours(text);
		break;
	case 9:
		try_join(text);
		break;
	default:
		try_words(text);
	}
	free(text);
	return 0;
}
