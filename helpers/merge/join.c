/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joining logs. */
#include "config.h"

#include "merge/join.h"
#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line that is longer comes in pieces, which stay together. */
#define BUFFER_SIZE 65536
/* What is looked at to tell text from all else. */
#define HEAD_SIZE 4096

struct reader {
	const struct join_file *file;
	char *buffer; /* owned */
	size_t start, end; /* what of the buffer was not taken yet */
	uint64_t at; /* of what follows it in the file */
	size_t run; /* the next one that is left out */
	size_t line; /* length of the line at start, or a piece of it; 0: not looked for, or the end */
	bool is_within; /* what is at start goes on with a line */
	bool is_at_end; /* the buffer has the rest of the file */
	int64_t time; /* of the line at start: never before that of an earlier one */
};

struct writer {
	int fd;
	char *buffer; /* owned */
	size_t used;
	uint64_t written; /* with what is in the buffer */
	char last;
	struct join_runs runs;
};

void join_runs_free(struct join_runs *runs)
{
	free(runs->run);
	*runs = (struct join_runs){ 0 };
}

static int reader_open(struct reader *reader, const struct join_file *file)
{
	*reader = (struct reader){ .file = file, .time = INT64_MIN };
	reader->buffer = malloc(BUFFER_SIZE);
	return reader->buffer ? 0 : -ENOMEM;
}

/* How much may be read where the reader is; passes over what is left out. */
static size_t readable(struct reader *reader, size_t wanted)
{
	const struct join_runs *runs = reader->file->left_out;

	while (runs && reader->run < runs->count) {
		const struct join_run *run = &runs->run[reader->run];

		if (run->at > reader->at)
			return run->at - reader->at < wanted ? (size_t)(run->at - reader->at)
							     : wanted;
		reader->at = run->at + run->length;
		reader->run++;
	}
	return wanted;
}

/* Fills the buffer as far as it goes. 0 or -errno. */
static int fill(struct reader *reader)
{
	memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	while (reader->end < BUFFER_SIZE) {
		size_t wanted = readable(reader, BUFFER_SIZE - reader->end);
		ssize_t n = pread(reader->file->fd, reader->buffer + reader->end, wanted,
				  (off_t)reader->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			reader->is_at_end = true;
			return 0;
		}
		reader->at += (uint64_t)n;
		reader->end += (size_t)n;
	}
	return 0;
}

static size_t line_length(const struct reader *reader)
{
	size_t length = reader->end - reader->start;
	const char *end = memchr(reader->buffer + reader->start, '\n', length);

	return end ? (size_t)(end - (reader->buffer + reader->start)) + 1 : length;
}

static bool is_whole(const struct reader *reader)
{
	return reader->line && reader->buffer[reader->start + reader->line - 1] == '\n';
}

/* Finds the next line, and its time. 0 or -errno; reader->line is 0 at the end. */
static int look(struct reader *reader)
{
	int64_t time;
	int r = 0;

	if (reader->line)
		return 0;
	reader->line = line_length(reader);
	if (!is_whole(reader) && !reader->is_at_end) {
		r = fill(reader);
		reader->line = line_length(reader);
	}
	if (r == 0 && reader->line && !reader->is_within &&
	    logtime_read(reader->buffer + reader->start, reader->line, &reader->file->base,
			 &time) &&
	    time > reader->time)
		reader->time = time;
	return r;
}

static int flush(struct writer *writer)
{
	size_t done = 0;

	while (done < writer->used) {
		ssize_t n = write(writer->fd, writer->buffer + done, writer->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	writer->used = 0;
	return 0;
}

static int put(struct writer *writer, const char *data, size_t size)
{
	int r = 0;

	if (writer->used + size > BUFFER_SIZE)
		r = flush(writer);
	if (r < 0)
		return r;
	memcpy(writer->buffer + writer->used, data, size);
	writer->used += size;
	writer->written += size;
	writer->last = data[size - 1];
	return 0;
}

/* That the next size bytes are the early file's. */
static int note_run(struct writer *writer, size_t size)
{
	struct join_runs *runs = &writer->runs;
	struct join_run *last = runs->count ? &runs->run[runs->count - 1] : NULL;
	struct join_run *more;

	if (last && last->at + last->length == writer->written) {
		last->length += size;
		return 0;
	}
	if (runs->count == JOIN_RUNS_MAX)
		return -E2BIG;
	more = reallocarray(runs->run, runs->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	runs->run = more;
	more[runs->count++] = (struct join_run){ writer->written, size };
	return 0;
}

/* A line end that neither of the two has counts as the early file's: the disk's stays what it was. */
static int end_line(struct writer *writer)
{
	int r = note_run(writer, 1);

	return r < 0 ? r : put(writer, "\n", 1);
}

static int take(struct reader *reader, struct writer *writer, bool is_early)
{
	int r = 0;

	if (!reader->is_within && writer->written && writer->last != '\n')
		r = end_line(writer);
	if (r == 0 && is_early)
		r = note_run(writer, reader->line);
	if (r == 0)
		r = put(writer, reader->buffer + reader->start, reader->line);
	reader->is_within = !is_whole(reader);
	reader->start += reader->line;
	reader->line = 0;
	return r;
}

static struct join_point point_of(const struct reader *disk, const struct reader *early,
				  const struct writer *writer)
{
	/* A place behind what is left out does not say what was read: all anew then. */
	if (disk->file->left_out)
		return (struct join_point){ .time = INT64_MIN, .first = early->time };
	return (struct join_point){
		.at = disk->at - (disk->end - disk->start),
		.written = writer->written,
		.time = disk->time,
		.first = early->time,
	};
}

/* Until both are at their end, or, where a point is wanted, up to the first line of the early one. */
static int join(struct reader *disk, struct reader *early, struct writer *writer,
		struct join_point *ret_point)
{
	int r;

	for (;;) {
		bool is_early;

		r = look(disk);
		if (r == 0)
			r = look(early);
		if (r < 0)
			return r;
		is_early = early->line && (!disk->line || early->time < disk->time);
		if (ret_point && (is_early || !disk->line)) {
			*ret_point = point_of(disk, early, writer);
			return flush(writer);
		}
		if (!early->line && !disk->line)
			return flush(writer);
		r = take(is_early ? early : disk, writer, is_early);
		if (r < 0)
			return r;
	}
}

struct joint {
	struct reader disk;
	struct reader early;
	struct writer writer;
};

static void joint_close(struct joint *joint)
{
	free(joint->disk.buffer);
	free(joint->early.buffer);
	free(joint->writer.buffer);
	join_runs_free(&joint->writer.runs);
}

static int joint_open(struct joint *joint, const struct join_file *disk,
		      const struct join_file *early, int to)
{
	int r;

	*joint = (struct joint){ .writer = { .fd = to } };
	r = reader_open(&joint->disk, disk);
	if (r == 0)
		r = reader_open(&joint->early, early);
	joint->writer.buffer = malloc(BUFFER_SIZE);
	return r == 0 && !joint->writer.buffer ? -ENOMEM : r;
}

int join_is_log(const struct join_file *file)
{
	struct reader reader;
	size_t head;
	int r = reader_open(&reader, file);

	if (r == 0)
		r = look(&reader);
	head = reader.end - reader.start < HEAD_SIZE ? reader.end - reader.start : HEAD_SIZE;
	if (r == 0)
		r = !reader.line ||
		    (reader.time != INT64_MIN && !memchr(reader.buffer + reader.start, '\0', head));
	free(reader.buffer);
	return r;
}

int join_begin(const struct join_file *disk, const struct join_file *early, int to,
	       struct join_point *ret_point)
{
	struct join_point point;
	struct joint joint;
	int r = joint_open(&joint, disk, early, to);

	if (r == 0)
		r = join(&joint.disk, &joint.early, &joint.writer, &point);
	joint_close(&joint);
	if (r == 0)
		*ret_point = point;
	return r;
}

/* Goes on where join_begin has stopped, if that is still right. 0 or -errno. */
static int go_to(struct joint *joint, const struct join_point *point)
{
	uint64_t written = 0;
	int r = look(&joint->early);

	if (r < 0)
		return r;
	if (joint->early.line && joint->early.time >= point->first) {
		joint->disk.at = point->at;
		joint->disk.time = point->time;
		written = joint->writer.written = point->written;
	}
	if (ftruncate(joint->writer.fd, (off_t)written) < 0 ||
	    lseek(joint->writer.fd, (off_t)written, SEEK_SET) < 0)
		return -errno;
	if (written && pread(joint->writer.fd, &joint->writer.last, 1, (off_t)written - 1) != 1)
		return -EIO;
	return 0;
}

int join_finish(const struct join_file *disk, const struct join_file *early, int to,
		const struct join_point *point, struct join_runs *ret_runs)
{
	struct joint joint;
	int r = joint_open(&joint, disk, early, to);

	if (r == 0)
		r = go_to(&joint, point);
	if (r == 0)
		r = join(&joint.disk, &joint.early, &joint.writer, NULL);
	if (r == 0) {
		*ret_runs = joint.writer.runs;
		joint.writer.runs = (struct join_runs){ 0 };
	}
	joint_close(&joint);
	return r;
}
