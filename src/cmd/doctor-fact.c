/* SPDX-License-Identifier: MIT */
/*
 * The doctor's hands: reading a line of /proc, and writing down what was found.
 * What cannot be read is unknown, whatever the reason: containers hide much.
 */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void doctor_value(struct doctor_fact *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->value, sizeof f->value, format, args);
	va_end(args);
}

void doctor_mark(struct doctor_fact *f, enum doctor_state state, const char *remedy, ...)
{
	va_list args;

	f->state = state;
	va_start(args, remedy);
	vsnprintf(f->remedy, sizeof f->remedy, remedy, args);
	va_end(args);
}

void doctor_unknown(struct doctor_fact *f)
{
	f->state = DOCTOR_UNKNOWN;
	doctor_value(f, "unknown");
}

/* Blanks at both ends go, gaps become one space. */
static void tidy(char *line)
{
	char *out = line;

	for (const char *in = line; *in; in++)
		if (!strchr(" \t\n", *in))
			*out++ = *in;
		else if (out > line && out[-1] != ' ')
			*out++ = ' ';
	if (out > line && out[-1] == ' ')
		out--;
	*out = '\0';
}

int doctor_line(const char *path, const char *beginning, char line[DOCTOR_LINE])
{
	size_t n = strlen(beginning);
	FILE *f = fopen(path, "re");
	int err = f ? -ENODATA : -errno;

	while (f && err && fgets(line, DOCTOR_LINE, f))
		if (strncmp(line, beginning, n) == 0)
			err = 0;
	if (f && err && ferror(f))
		err = -EIO;
	if (f)
		fclose(f);
	if (!err) {
		memmove(line, line + n, strlen(line + n) + 1);
		tidy(line);
	}
	return err;
}

/* That a setting is not there says something only where others are. */
int doctor_sysctl(const char *name, char line[DOCTOR_LINE])
{
	char path[128];
	int at = snprintf(path, sizeof path, "/proc/sys/");

	snprintf(path + at, sizeof path - (size_t)at, "%s", name);
	for (char *c = path + at; *c; c++)
		*c = *c == '.' ? '/' : *c;
	int err = doctor_line(path, "", line);
	return err == -ENOENT && access("/proc/sys/kernel/osrelease", R_OK) < 0 ? -EACCES : err;
}

int doctor_sysctl_number(const char *name, int64_t *n)
{
	char line[DOCTOR_LINE], *end;
	int err = doctor_sysctl(name, line);

	if (err)
		return err;
	const char *space = strrchr(line, ' '), *last = space ? space + 1 : line;
	*n = strtoll(last, &end, 10);
	return end == last || *end ? -EINVAL : 0;
}

void doctor_at_least(struct doctor_fact *f, const char *name, int64_t least)
{
	int64_t n;

	if (doctor_sysctl_number(name, &n) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld", (long long)n);
	if (n < least)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w %s=%lld", name, (long long)least);
}

bool doctor_can(int capability)
{
	char line[DOCTOR_LINE];

	return doctor_line("/proc/self/status", "CapEff:", line) == 0 &&
	       strtoull(line, NULL, 16) >> capability & 1;
}
