/* SPDX-License-Identifier: MIT */
/*
 * Whatever lies in a tape's file, the reader ends, and each record it gives is
 * sound: its payload and its text can be read, its names are within bounds. The
 * input is laid over the ring of a good tape where the reader is, and its first
 * bytes say how much of it is claimed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/tape.h"

enum { PAGE = 4096, HEAD = 64, TAIL = 128 };

static void hold(int claim)
{
	if (!claim)
		abort();
}

static char *make_tape(const char *path)
{
	struct tape *t = tape_create(path, TAPE_LEAST);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *file = mmap(NULL, PAGE + TAPE_LEAST, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	hold(t && fd >= 0 && file != MAP_FAILED);
	tape_close(t);
	close(fd);
	return file;
}

static void lay(char *file, const uint8_t *data, size_t n)
{
	uint64_t claimed = 0, tail;

	if (n >= 4) {
		memcpy(&claimed, data, 4);
		data += 4;
		n -= 4;
	}
	memcpy(&tail, file + TAIL, sizeof tail);
	memset(file + PAGE, 0, TAPE_LEAST);
	for (size_t i = 0; i < n; i++)
		file[PAGE + (tail + i) % TAPE_LEAST] = (char)data[i];
	tail += claimed;
	memcpy(file + HEAD, &tail, sizeof tail);
}

static void check(const struct event *e)
{
	char payload[64];

	hold(e->call < EVENT_CALLS && e->phase <= EVENT_RETURN);
	hold(e->local.len <= sizeof e->local.bytes && e->peer.len <= sizeof e->peer.bytes);
	hold(memchr(e->program, '\0', sizeof e->program) != NULL);
	hold(!e->text || strlen(e->text) <= TAPE_TEXT);
	hold(!e->iov || (e->iovs == 1 && e->iov->iov_len <= e->moved));
	event_preview(e, payload, sizeof payload);
	event_hash(e->iov, e->iovs, e->iov ? e->iov->iov_len : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct tape *t;
	static char *file;
	struct event e;

	if (!t) {
		char path[64];

		snprintf(path, sizeof path, "/tmp/fuzz-tape-%d", (int)getpid());
		unlink(path);
		file = make_tape(path);
		t = tape_open(path);
		unlink(path);
	}
	hold(t != NULL);
	lay(file, data, n);
	for (int abandoned = 0; abandoned < 2; abandoned++)
		while (tape_read(t, &e, abandoned))
			check(&e);
	hold(!tape_read(t, &e, true));
	return 0;
}
