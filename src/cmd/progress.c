/* SPDX-License-Identifier: MIT */
/* The rate shown is that of the last quarter of a second, the time left what it would take at that rate. */
#include "progress.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../base/clock.h"
#include "out.h"

enum { FIRST_MS = 1000, STEP_MS = 250 };

static void amount(char text[16], double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	int unit = 0;

	while (bytes >= 1000 && unit < 5) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 16, unit && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void clock_text(char text[24], int64_t seconds)
{
	if (seconds >= 3600)
		snprintf(text, 24, "%lld:%02d:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60),
		         (int)(seconds % 60));
	else
		snprintf(text, 24, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

int progress_line(char line[PROGRESS_LINE], const struct progress *p, int64_t ns, double rate)
{
	uint64_t out = atomic_load(p->sent), in = atomic_load(p->got);
	char sent[16], got[16], speed[16], took[24], left[24], rest[48] = "";

	amount(sent, (double)out);
	amount(got, (double)in);
	amount(speed, rate);
	clock_text(took, ns / CLOCK_SEC);
	if (p->size && out < p->size && rate >= 1) {
		clock_text(left, (int64_t)((double)(p->size - out) / rate));
		snprintf(rest, sizeof rest, ", %d %%, %s left", (int)(100.0 * (double)out / (double)p->size), left);
	}
	return snprintf(line, PROGRESS_LINE, "%s sent, %s received, %s/s, %s%s", sent, got, speed, took, rest);
}

static uint64_t total(const struct progress *p)
{
	return p->size ? atomic_load(p->sent) : atomic_load(p->sent) + atomic_load(p->got);
}

static void show(const struct progress *p, int64_t ns, double rate)
{
	char line[PROGRESS_LINE], text[PROGRESS_LINE + 16];

	progress_line(line, p, ns, rate);
	int n = snprintf(text, sizeof text, "\r%s\033[K", line);
	out_log(text, (size_t)n);
}

static void *run(void *progress)
{
	const struct progress *p = progress;
	struct pollfd stop = { .fd = p->stop, .events = POLLIN };
	int64_t before = p->began;
	uint64_t seen = 0;
	bool shown = false;

	for (int ms = FIRST_MS; poll(&stop, 1, ms) == 0 || (errno == EINTR && !stop.revents); ms = STEP_MS) {
		int64_t now = clock_now();
		uint64_t bytes = total(p);

		show(p, now - p->began, (double)(bytes - seen) * CLOCK_SEC / (double)(now - before));
		before = now;
		seen = bytes;
		shown = true;
	}
	if (shown)
		out_log("\r\033[K", strlen("\r\033[K"));
	return NULL;
}

void progress_begin(struct progress *p, const _Atomic uint64_t *sent, const _Atomic uint64_t *got,
                    uint64_t size)
{
	*p = (struct progress){ .sent = sent, .got = got, .size = size, .began = clock_now(), .stop = -1 };
	if (!isatty(STDERR_FILENO))
		return;
	p->stop = eventfd(0, EFD_CLOEXEC);
	p->runs = p->stop >= 0 && pthread_create(&p->thread, NULL, run, p) == 0;
}

void progress_end(struct progress *p)
{
	uint64_t one = 1;

	if (p->runs) {
		while (write(p->stop, &one, sizeof one) < 0 && errno == EINTR)
			;
		pthread_join(p->thread, NULL);
	}
	if (p->stop >= 0)
		close(p->stop);
	p->runs = false;
	p->stop = -1;
}
