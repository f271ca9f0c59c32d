/* SPDX-License-Identifier: MIT */
/*
 * Options by name: the public calls. A name is found in option-name.c, its row
 * stands in option-table.c, its value is made and read in option-value.c; here
 * the kernel is asked and the sentence is told. Nothing here breaks a socket: a
 * refused option leaves it as it was.
 */
#include <sockeye/option.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "option-number.h"
#include "option-table.h"
#include "option-value.h"
#include "why.h"

/* What went wrong with an option: errno, and words unless the kernel's own do. */
struct fault {
	int err;
	const char *reason;
	char words[96];
};

static int told(struct sock *s, const char *op, const char *at, const struct fault *f)
{
	if (f->err)
		return why_fail_at(s, op, at, f->err, f->reason);
	why_well(s);
	return 0;
}

/* What is known of a socket from its options follows them. */
static void remember(struct sock *s, int level, int option, const void *value, socklen_t n)
{
	int on;

	if (!value || n < sizeof on)
		return;
	memcpy(&on, value, sizeof on);
	if (level == SOL_SOCKET && option == SO_ZEROCOPY)
		s->flags = on ? s->flags | FLAG_ZEROCOPY : s->flags & ~FLAG_ZEROCOPY;
	if (level == IPPROTO_UDP && option == UDP_GRO)
		s->flags &= ~FLAG_GRO_ASKED;
	if (level == IPPROTO_IPV6 && option == IPV6_ADDRFORM)
		s->family = on;
}

/* A positive errno, or 0. */
static int put(struct sock *s, int level, int option, const void *value, socklen_t n)
{
	int err = -call_setsockopt(s->fd, level, option, value, n);

	if (!err)
		remember(s, level, option, value, n);
	return err;
}

static const struct option_row *find(const char *name, size_t n, struct fault *f)
{
	const struct option_row *row = option_row(name, n);
	char wrong[64];

	if (row)
		return row;
	f->err = EINVAL;
	f->reason = f->words;
	snprintf(wrong, sizeof wrong, "%.*s", (int)n, name);
	const char *nearest = option_nearest(wrong);
	snprintf(f->words, sizeof f->words, nearest ? "no such option; did you mean %s?" :
	         "no such option", nearest);
	return NULL;
}

/* The offending text as a sentence can carry it: on one line. */
static void quote(char at[SOCKEYE_WHY], const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < SOCKEYE_WHY - 1; i++)
		at[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	at[i] = '\0';
}

/* A public call begins: the socket must be fit, and something be named. */
static bool begin(struct sock *s, const char *op, const char *name, char at[SOCKEYE_WHY])
{
	if (!why_ok(s, op))
		return false;
	if (!name || !*name) {
		why_fail_at(s, op, name ? "\"\"" : "", EINVAL, "no option named");
		return false;
	}
	quote(at, name, strlen(name));
	return true;
}

int sock_set(struct sock *s, const char *name, int64_t value)
{
	struct fault f = { 0 };
	struct option_value v;
	char at[SOCKEYE_WHY];

	if (!begin(s, "set", name, at))
		return -1;
	const struct option_row *row = find(name, strlen(name), &f);
	if (!row)
		return told(s, "set", at, &f);
	snprintf(at, sizeof at, "%s=%lld", name, (long long)value);
	f.err = -option_of_number(&v, row->shape, value, &f.reason);
	if (!f.err)
		f.err = put(s, row->is.level, row->is.option, &v.as, v.n);
	return told(s, "set", at, &f);
}

/* Ask the kernel for the value of a named option. NULL: failed, see f. */
static const struct option_row *ask(struct sock *s, const char *name, struct option_value *v,
                                    struct fault *f)
{
	const struct option_row *row = find(name, strlen(name), f);

	if (!row)
		return NULL;
	f->err = -option_to_read(v, row->shape, &f->reason);
	if (!f->err)
		f->err = -call_getsockopt(s->fd, row->is.level, row->is.option, &v->as, &v->n);
	return f->err ? NULL : row;
}

int sock_get(struct sock *s, const char *name, int64_t *value)
{
	struct fault f = { 0 };
	struct option_value v;
	char at[SOCKEYE_WHY];

	if (!begin(s, "get", name, at))
		return -1;
	if (!value)
		return why_fail_at(s, "get", at, EINVAL, "no place for the value");
	const struct option_row *row = ask(s, name, &v, &f);
	if (row)
		f.err = -option_to_number(&v, row->shape, value, &f.reason);
	return told(s, "get", at, &f);
}

int sock_get_text(struct sock *s, const char *name, char *out, size_t room)
{
	struct fault f = { 0 };
	struct option_value v;
	char at[SOCKEYE_WHY];

	if (out && room)
		*out = '\0';
	if (!begin(s, "get", name, at))
		return -1;
	if (!out || !room)
		return why_fail_at(s, "get", at, EINVAL, "no place for the value");
	const struct option_row *row = ask(s, name, &v, &f);
	if (row)
		option_to_text(&v, row->shape, out, room);
	return told(s, "get", at, &f);
}

/* A name without a value switches on; a size or a count of 1 would hardly be meant. */
static int bare(struct option_value *v, const struct option_row *row, struct fault *f)
{
	if (row->shape == OPTION_FLAG || row->shape == OPTION_RAW || row->shape == OPTION_ODD)
		return -option_of_number(v, row->shape, 1, &f->reason);
	f->reason = f->words;
	snprintf(f->words, sizeof f->words, "it needs a value: %s=...", row->is.name);
	return EINVAL;
}

/* An empty name unbinds from the device; anywhere else it is a slip. */
static bool may_be_empty(const struct option_row *row)
{
	return row->is.level == SOL_SOCKET && row->is.option == SO_BINDTODEVICE;
}

/* Understand one NAME or NAME=VALUE. The row, or NULL and the fault. */
static const struct option_row *understand(const char *item, struct option_value *v,
                                           struct fault *f)
{
	const char *equals = strchr(item, '=');
	size_t n = equals ? (size_t)(equals - item) : strlen(item);
	const struct option_row *row = find(item, n, f);

	if (!row)
		return NULL;
	if (!equals) {
		f->err = bare(v, row, f);
	} else if (strchr(equals + 1, '=')) {
		f->err = EINVAL;
		f->reason = "more than one =";
	} else if (!equals[1] && !may_be_empty(row)) {
		f->err = EINVAL;
		f->reason = "nothing after the =";
	} else {
		f->err = -option_of_text(v, row->shape, equals + 1, &f->reason);
	}
	return f->err ? NULL : row;
}

/* One option of a list, n characters: understand it and, if asked to, set it. */
static int one(struct sock *s, const char *text, size_t n, bool apply)
{
	struct fault f = { 0 };
	struct option_value v;
	char item[SOCKEYE_WHY], at[SOCKEYE_WHY];

	quote(at, text, n);
	if (n >= sizeof item)
		return why_fail_at(s, "set", at, EINVAL, "too long for an option");
	memcpy(item, text, n);
	item[n] = '\0';
	const struct option_row *row = understand(item, &v, &f);
	if (row && apply)
		f.err = put(s, row->is.level, row->is.option, &v.as, v.n);
	return told(s, "set", at, &f);
}

static int each(struct sock *s, const char *options, bool apply)
{
	const char *text = options;
	size_t n = strcspn(text, ",");

	while (one(s, text, n, apply) == 0) {
		if (!text[n])
			return 0;
		text += n + 1;
		n = strcspn(text, ",");
	}
	return -1;
}

static bool has_gap(const char *options)
{
	size_t n = strlen(options);

	return *options == ',' || options[n - 1] == ',' || strstr(options, ",,");
}

/* Twice through the list, so that a misspelt option at its end sets none. */
int sock_set_text(struct sock *s, const char *options)
{
	char at[SOCKEYE_WHY];

	if (!begin(s, "set", options, at))
		return -1;
	if (has_gap(options))
		return why_fail_at(s, "set", at, EINVAL, "an option is missing beside a comma");
	if (each(s, options, false) < 0)
		return -1;
	return each(s, options, true);
}

/* The constant where the table has it, else the two numbers. */
static void name_raw(char *at, size_t room, int level, int option)
{
	const struct option_row *row = option_row_of(level, option);

	if (row)
		snprintf(at, room, "%s", row->is.constant);
	else
		snprintf(at, room, "option %d of level %d", option, level);
}

int sock_setopt(struct sock *s, int level, int option, const void *value, socklen_t n)
{
	struct fault f = { 0 };
	char at[64];

	if (!why_ok(s, "setopt"))
		return -1;
	name_raw(at, sizeof at, level, option);
	f.err = put(s, level, option, value, n);
	return told(s, "setopt", at, &f);
}

int sock_getopt(struct sock *s, int level, int option, void *value, socklen_t *n)
{
	struct fault f = { 0 };
	char at[64];

	if (!why_ok(s, "getopt"))
		return -1;
	name_raw(at, sizeof at, level, option);
	if (!n)
		return why_fail_at(s, "getopt", at, EINVAL, "no place for the size");
	f.err = -call_getsockopt(s->fd, level, option, value, n);
	return told(s, "getopt", at, &f);
}

const struct sock_option *sock_option_at(int i)
{
	const struct option_row *row = option_row_at(i);

	return row ? &row->is : NULL;
}

const struct sock_option *sock_option(const char *name)
{
	const struct option_row *row = name ? option_row(name, strlen(name)) : NULL;

	return row ? &row->is : NULL;
}
