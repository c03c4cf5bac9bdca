/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server owes that dies. */
#include "config.h"

#include "rcfilter/owed.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>

struct unanswered owed_request(const void *bytes, size_t size, size_t view)
{
	struct unanswered request = { .view = view };
	struct fuse_in_header header;
	struct fuse_read_in part;

	if (size < sizeof(header))
		return request;
	memcpy(&header, bytes, sizeof(header));
	request.unique = header.unique;
	request.opcode = header.opcode;
	if ((header.opcode != FUSE_READ && header.opcode != FUSE_READDIR) ||
	    size < sizeof(header) + sizeof(part))
		return request;
	memcpy(&part, (const char *)bytes + sizeof(header), sizeof(part));
	request.handle = part.fh;
	request.offset = part.offset;
	request.size = part.size;
	return request;
}

void owed_list(struct notes *notes, size_t view, uint64_t handle, bool is_directory,
	       const void *data, size_t size)
{
	size_t i;

	if (size > LIST_SIZE)
		return;
	for (i = 0; i < LISTS_MAX; i++) {
		struct list *list = &notes->lists[i];

		if (list->handle)
			continue;
		memcpy(list->data, data, size);
		list->size = size;
		list->view = view;
		list->is_directory = is_directory;
		list->handle = handle; /* from here on it is one */
		return;
	}
}

static struct list *find(struct notes *notes, size_t view, uint64_t handle)
{
	size_t i;

	for (i = 0; i < LISTS_MAX; i++)
		if (notes->lists[i].handle == handle && notes->lists[i].view == view)
			return &notes->lists[i];
	return NULL;
}

void owed_list_end(struct notes *notes, size_t view, uint64_t handle)
{
	struct list *list = find(notes, view, handle);

	if (list)
		list->handle = 0;
}

/* The entries behind the one that says `offset` is next, as many as fit whole. */
static size_t directory_part(const struct list *list, const struct unanswered *request,
			     size_t *ret_from)
{
	size_t at = 0;
	size_t from = request->offset ? list->size : 0;
	struct fuse_dirent entry;

	while (at + FUSE_NAME_OFFSET <= list->size) {
		memcpy(&entry, list->data + at, FUSE_NAME_OFFSET);
		if (at >= from &&
		    at + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen) > from + request->size)
			break;
		at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen);
		if (request->offset && entry.off == request->offset)
			from = at;
	}
	*ret_from = from;
	return at > from ? at - from : 0;
}

ssize_t owed_part(struct notes *notes, const struct unanswered *request, char **ret_part)
{
	struct list *list = request->handle ? find(notes, request->view, request->handle) : NULL;
	size_t from;
	size_t n;

	if (!list || (request->opcode != FUSE_READ && request->opcode != FUSE_READDIR) ||
	    list->is_directory != (request->opcode == FUSE_READDIR))
		return -ENOENT;
	if (list->is_directory) {
		n = directory_part(list, request, &from);
	} else {
		from = request->offset < list->size ? (size_t)request->offset : list->size;
		n = list->size - from < request->size ? list->size - from : request->size;
	}
	*ret_part = list->data + from;
	return (ssize_t)n;
}
