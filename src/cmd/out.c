/* SPDX-License-Identifier: MIT */
/*
 * The two ways out of the command. System calls and not stdio, for a line must
 * leave in one piece and its failure be known; what is composed beforehand and
 * printed once, such as help, may use stdio and ask out_flushed.
 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/code.h"
#include "../base/printable.h"
#include "../base/utf8.h"

enum { PATIENCE_MS = 100 };

/*
 * A program started without its standard streams would print into the first
 * socket it opens. What takes their place cannot be written to either, so that
 * a missing stdout stays an error.
 */
static void hold_place(int fd)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
		open("/dev/null", O_RDONLY);
}

void out_begin(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		hold_place(fd);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Is there room, within ms? */
static bool is_open(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, ms) > 0;
}

int out_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EAGAIN)
			is_open(fd, -1);
		else if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int out_data(const char *bytes, size_t n)
{
	return out_all(STDOUT_FILENO, bytes, n);
}

/* A reader that has seen enough, such as head(1), needs no remark. */
int out_flushed(void)
{
	bool failed = ferror(stdout) | fflush(stdout);
	char text[128];

	if (!failed)
		return CODE_OK;
	snprintf(text, sizeof text, "sockeye: stdout: %s\n", strerrordesc_np(errno));
	if (errno != EPIPE)
		out_log(text, strlen(text));
	return CODE_NETWORK;
}

/* A pipe that has room takes a whole line. A reader that was waited for in vain is not again. */
bool out_log(const char *bytes, size_t n)
{
	static bool asleep;
	ssize_t done;

	asleep = !is_open(STDERR_FILENO, asleep ? 0 : PATIENCE_MS);
	if (asleep)
		return false;
	do
		done = write(STDERR_FILENO, bytes, n < OUT_LINE ? n : OUT_LINE);
	while (done < 0 && errno == EINTR);
	return done > 0;
}

bool out_log_line(const char *format, ...)
{
	char text[OUT_LINE];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text - 1, format, args);
	va_end(args);
	n = n < OUT_LINE - 2 ? n : OUT_LINE - 2;
	text[n] = '\n';
	return out_log(text, (size_t)n + 1);
}

bool out_colours(int fd)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !(no && *no) && terminal && strcmp(terminal, "dumb") != 0 && isatty(fd);
}

bool out_is_coloured(void)
{
	return out_colours(STDERR_FILENO);
}

const char *out_shown(char buf[OUT_SHOWN], const char *text)
{
	enum { END = sizeof "..." };
	size_t n = strlen(text), used = 0;

	while (n && used < OUT_SHOWN - END - 4) {
		uint32_t point;
		int len = utf8_next(text, n, &point);
		bool shown = len && printable(point);
		size_t step = len ? (size_t)len : 1;

		memcpy(buf + used, shown ? text : "?", shown ? step : 1);
		used += shown ? step : 1;
		text += step;
		n -= step;
	}
	memcpy(buf + used, n ? "..." : "", n ? END : 1);
	return buf;
}
