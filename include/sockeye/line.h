/* SPDX-License-Identifier: MIT */
/*
 * Lines, for protocols that end a message with a newline. TCP has no messages:
 * one receive may bring half a line or three.
 *
 *	char buf[4096], *line;
 *	struct sock_lines in = sock_lines(&s, buf, sizeof buf);
 *
 *	while ((line = sock_line(&in)))
 *		sock_printf(&s, "you said: %s\n", line);
 *	return sock_report(&s);
 *
 * A limit that is reached loses nothing: what came stays in the buffer, and the
 * next call goes on with it. sock_file gives a stdio stream instead.
 */
#ifndef SOCKEYE_LINE_H
#define SOCKEYE_LINE_H

#include <sockeye.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A reader of lines. It borrows the socket and the buffer; there is nothing to close. */
struct sock_lines {
	struct sock *s;
	char *buf;
	size_t room, start, end;        /* the bytes not yet handed out are buf[start..end) */
	size_t n;                       /* length of the line returned last; it may hold NULs */
	int ended;                      /* the peer has finished */
	size_t seen;                    /* private: bytes from start on without a newline */
};

/* Read lines from s through a buffer of room bytes, which bounds a line (its end and NUL included). */
struct sock_lines sock_lines(struct sock *s, void *buf, size_t room);

/*
 * The next line, without its "\n" or "\r\n" and with a NUL, valid until the
 * next call; a last line without an end counts. NULL at the peer's end with
 * errno 0; NULL with errno and the sentence in the socket at a failure. A line
 * longer than the buffer is EMSGSIZE and stays; take it with sock_lines_take.
 */
char *sock_line(struct sock_lines *in);

/* Take up to n bytes that were read but not handed out as lines, then from the socket. As sock_recv. */
ssize_t sock_lines_take(struct sock_lines *in, void *buf, size_t n);

/*
 * A stdio stream over the socket, with its limits, safe from SIGPIPE. Mode is
 * "r", "w" or "r+" ("rw" for Python's hand). It owns a duplicate: the
 * connection ends when both are closed. Returns NULL with the sentence in s.
 * Sequence reads and writes on one "r+" stream as fopen(3) asks, with fflush;
 * what was read ahead is kept. After a write that failed no other succeeds,
 * for stdio drops the bytes of a failed one.
 */
FILE *sock_file(struct sock *s, const char *mode);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
