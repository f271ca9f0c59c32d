/* SPDX-License-Identifier: MIT */
/* What the tests of options share. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "check.h"

#include <sockeye/option.h>

#include "sock/why.h"

static inline struct sock option_tcp(void)
{
	struct sock s = sock_open(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(s.error, 0);
	return s;
}

static inline struct sock option_udp(void)
{
	struct sock s = sock_open(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(s.error, 0);
	return s;
}

static inline int64_t value_of(struct sock *s, const char *name)
{
	int64_t value = INT64_MIN;

	if (sock_get(s, name, &value) < 0)
		fail_msg("%s", s->why);
	return value;
}

/* The call failed with err and this sentence, and the socket is as fit as before. */
static inline void assert_told(struct sock *s, int result, int err, const char *why)
{
	int seen = errno;

	assert_int_equal(result, -1);
	assert_string_equal(s->why, why);
	assert_int_equal(seen, err);
	assert_int_equal(s->error, err);
	assert_int_equal(s->state, STATE_OPEN);
}

static inline void set_text(struct sock *s, const char *options)
{
	if (sock_set_text(s, options) < 0)
		fail_msg("%s", s->why);
}

static inline void assert_text(struct sock *s, const char *name, const char *expected)
{
	char out[64];

	if (sock_get_text(s, name, out, sizeof out) < 0)
		fail_msg("%s", s->why);
	assert_string_equal(out, expected);
}

#endif
