/* SPDX-License-Identifier: MIT */
/*
 * A stdio stream over a socket. Its limits hold, SIGPIPE does not kill, and it
 * owns a duplicate, so that the kernel counts who closes last. One thing is
 * done for "r+": stdio throws away what it has read ahead when a write follows
 * a read, unless it can seek back. Seeking back within the last piece received
 * is therefore allowed, and nothing else of seeking is. For lines without stdio
 * see line.c.
 */
#include <sockeye/line.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "why.h"

enum { STDIO_PIECE = 16384 };

/* The last piece received is piece[0..n), of which stdio has been given the first at. */
struct cookie {
	struct sock s;
	int torn;               /* errno of the write that failed */
	size_t n, at;
	char piece[STDIO_PIECE];
};

static ssize_t file_read(void *v, char *buf, size_t n)
{
	struct cookie *c = v;

	if (c->at == c->n) {
		ssize_t r = sock_recv(&c->s, c->piece, n < STDIO_PIECE ? n : STDIO_PIECE);

		if (r <= 0)
			return r;
		c->n = r;
		c->at = 0;
	}
	n = n < c->n - c->at ? n : c->n - c->at;
	memcpy(buf, c->piece + c->at, n);
	c->at += n;
	return n;
}

/* A stream that is never written to need not keep what it reads. */
static ssize_t file_read_only(void *v, char *buf, size_t n)
{
	struct cookie *c = v;

	return sock_recv(&c->s, buf, n);
}

/* After a failure stdio drops the bytes it had: what came later would stand behind a hole. */
static ssize_t file_write(void *v, const char *buf, size_t n)
{
	struct cookie *c = v;

	if (!c->torn && sock_sendall(&c->s, buf, n) == 0)
		return n;
	c->torn = c->torn ? c->torn : errno;
	errno = c->torn;
	return 0;
}

static int file_seek(void *v, off64_t *offset, int whence)
{
	struct cookie *c = v;

	if (whence != SEEK_CUR || *offset >= 0 || *offset < -(off64_t)c->at) {
		errno = ESPIPE;
		return -1;
	}
	c->at += *offset;
	*offset = 0;
	return 0;
}

static int file_close(void *v)
{
	struct cookie *c = v;
	int r = sock_close(&c->s);

	free(c);
	return r;
}

/* The mode as stdio spells it, or NULL. A b is allowed where Python or fopen(3) allow it. */
static const char *plain_mode(const char *mode)
{
	static const char *const known[][2] = {
		{ "r", "r" }, { "rb", "r" }, { "w", "w" }, { "wb", "w" },
		{ "r+", "r+" }, { "r+b", "r+" }, { "rb+", "r+" },
		{ "w+", "r+" }, { "w+b", "r+" }, { "wb+", "r+" },
		{ "rw", "r+" }, { "rwb", "r+" }, { "wr", "r+" }, { "wrb", "r+" },
	};

	for (size_t i = 0; mode && i < sizeof known / sizeof *known; i++)
		if (strcmp(mode, known[i][0]) == 0)
			return known[i][1];
	return NULL;
}

/* A cookie with a duplicate of s in it, or NULL with the sentence in s. */
static struct cookie *make(struct sock *s)
{
	struct cookie *c = sys.malloc(sizeof *c);

	if (!c) {
		why_fail(s, "file", ENOMEM);
		return NULL;
	}
	c->torn = 0;
	c->n = c->at = 0;
	c->s = sock_dup(s);
	if (c->s.fd >= 0)
		return c;
	why_fail(s, "file", c->s.error);
	free(c);
	return NULL;
}

FILE *sock_file(struct sock *s, const char *mode)
{
	const char *plain = plain_mode(mode);
	struct cookie *c;
	FILE *f;

	if (!why_ok(s, "file"))
		return NULL;
	if (!plain) {
		why_fail_at(s, "file", mode ? mode : "NULL", EINVAL,
		            "not a mode; these are: r, w, r+, rw, with or without b");
		return NULL;
	}
	c = make(s);
	if (!c)
		return NULL;
	f = fopencookie(c, plain, (cookie_io_functions_t){
		.read = strcmp(plain, "r") == 0 ? file_read_only : file_read,
		.write = file_write,
		.seek = file_seek,
		.close = file_close,
	});
	if (!f) {
		file_close(c);
		why_fail(s, "file", ENOMEM);
		return NULL;
	}
	why_well(s);
	return f;
}
