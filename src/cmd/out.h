/* SPDX-License-Identifier: MIT */
/*
 * Where the command's words go: data to stdout, where a write that fails is a
 * failure; everything else to stderr, where a reader that sleeps or is gone
 * must not hold up the work.
 */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	OUT_LINE = 4096,                /* bytes that a pipe takes whole or not at all */
	OUT_SHOWN = 64
};

/* At the start of the program: see to it that descriptors 0 to 2 exist, and that no write kills. */
void out_begin(void);

/* Write it, all of it, to stdout or another descriptor. Return 0 or a negative errno. */
int out_data(const char *bytes, size_t n);
int out_all(int fd, const char *bytes, size_t n);

/* Has all that stdio printed to stdout arrived? Returns CODE_OK, or says so: CODE_NETWORK. */
int out_flushed(void);

/* Write it to stderr in one piece, waiting a moment at most. Returns whether it went out. */
bool out_log(const char *bytes, size_t n);

/* The same for one line, its newline added; of what does not fit OUT_LINE the end is missing. */
bool out_log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* May a stream be coloured? Only a terminal, and not if NO_COLOR is set. The second asks for stderr. */
bool out_colours(int fd);
bool out_is_coloured(void);

/* Part of a command line, as a sentence can carry it: printable, on one line, cut. Returns buf. */
const char *out_shown(char buf[OUT_SHOWN], const char *text);

#endif
