/* SPDX-License-Identifier: MIT */
/*
 * Values of options in both directions. Here are only bytes, and the names of
 * this machine's interfaces: what is wrong with a text is found before the
 * kernel is asked, and whether a number makes sense the kernel knows best.
 */
#include "option-value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../base/num.h"

static int refuse(const char **reason, const char *words)
{
	*reason = words;
	return -EINVAL;
}

/* The least and the largest number of a shape. False: it takes no number. */
static bool range(enum option_shape shape, int64_t *min, int64_t *max)
{
	static const struct {
		int64_t min, max;
	} ranges[] = {
		[OPTION_FLAG] = { 0, 1 },
		[OPTION_INT] = { INT_MIN, INT_MAX },
		[OPTION_U32] = { 0, UINT32_MAX },
		[OPTION_U64] = { -1, INT64_MAX },
		[OPTION_INDEX] = { 0, INT_MAX },
		[OPTION_INDEX_NET] = { 0, INT_MAX },
		[OPTION_LINGER] = { INT64_MIN, INT_MAX },
		[OPTION_TIME] = { 0, INT64_MAX },
	};

	if (shape >= sizeof ranges / sizeof *ranges || !ranges[shape].max)
		return false;
	*min = ranges[shape].min;
	*max = ranges[shape].max;
	return true;
}

static int takes_no_number(enum option_shape shape, const char **reason)
{
	if (shape == OPTION_RAW || shape == OPTION_ODD)
		return refuse(reason, "it takes a structure: use sock_setopt");
	return refuse(reason, "it takes text: use sock_set_text");
}

int option_of_number(struct option_value *v, enum option_shape shape, int64_t number,
                     const char **reason)
{
	int64_t min, max;

	*reason = NULL;
	if (!range(shape, &min, &max))
		return takes_no_number(shape, reason);
	if (number < min || number > max)
		return refuse(reason, shape == OPTION_FLAG ? "must be 0 or 1" : "out of range");
	memset(v, 0, sizeof *v);
	v->n = sizeof v->as.u32;
	v->as.u32 = (uint32_t)number;
	switch (shape) {
	case OPTION_U64:
		v->n = sizeof v->as.u64;
		v->as.u64 = (uint64_t)number;
		break;
	case OPTION_INDEX_NET:
		v->as.u32 = htonl((uint32_t)number);
		break;
	case OPTION_LINGER:
		v->n = sizeof v->as.linger;
		v->as.linger = (struct linger){ number >= 0, number < 0 ? 0 : (int)number };
		break;
	case OPTION_TIME:
		v->n = sizeof v->as.time;
		v->as.time = (struct timeval){ number / 1000000, number % 1000000 };
		break;
	default:
		break;
	}
	return 0;
}

/* A number with an optional minus and an optional k, m or g. */
static int plain(const char *text, int64_t *number, const char **reason)
{
	bool minus = *text == '-';
	uint64_t value = 0;
	int err = num_size(text + minus, strlen(text + minus), INT64_MAX, &value);

	if (err)
		return refuse(reason, err == -ERANGE ? "out of range" : "not a number");
	*number = minus ? -(int64_t)value : (int64_t)value;
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* A length of time in us, ms or s, us where no unit stands. */
static int duration(const char *text, int64_t *number, const char **reason)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "", 1 } };
	uint64_t value = 0;
	int i = 0;

	while (!ends_with(text, units[i].name))
		i++;
	size_t n = strlen(text) - strlen(units[i].name);
	int err = num_decimal(text, n, INT64_MAX / units[i].us, &value);
	if (err)
		return refuse(reason, err == -ERANGE ? "out of range" : "not a time such as 250ms");
	*number = (int64_t)value * units[i].us;
	return 0;
}

/* The number of an interface that is given by name or number. */
static int interface(const char *text, int64_t *number, const char **reason)
{
	uint64_t value = 0;

	if (num_decimal(text, strlen(text), INT_MAX, &value) < 0)
		value = if_nametoindex(text);
	if (!value && strcmp(text, "0") != 0) {
		*reason = "no such interface";
		return -ENODEV;
	}
	*number = (int64_t)value;
	return 0;
}

static int seconds(const char *text, int64_t *number, const char **reason)
{
	*number = -1;
	if (strcmp(text, "off") == 0)
		return 0;
	if (plain(text, number, reason) < 0 || *number < 0)
		return refuse(reason, "not a number of seconds, nor off");
	return 0;
}

static int number_of_text(enum option_shape shape, const char *text, int64_t *number,
                          const char **reason)
{
	switch (shape) {
	case OPTION_FLAG:
		if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
			*number = text[1] == 'n';
			return 0;
		}
		return plain(text, number, reason);
	case OPTION_LINGER:
		return seconds(text, number, reason);
	case OPTION_TIME:
		return duration(text, number, reason);
	case OPTION_INDEX:
	case OPTION_INDEX_NET:
		return interface(text, number, reason);
	default:
		return plain(text, number, reason);
	}
}

/* Cut text in two at mark; the second part is NULL without one. */
static int halves(char *first, size_t room, const char *text, char mark, const char **second)
{
	const char *at = strchr(text, mark);
	size_t n = at ? (size_t)(at - text) : strlen(text);

	*second = at ? at + 1 : NULL;
	if (n >= room)
		return -EINVAL;
	memcpy(first, text, n);
	first[n] = '\0';
	return 0;
}

/* An interface, or one of its IPv4 addresses. */
static int door4(struct ip_mreqn *m, const char *text, const char **reason)
{
	int64_t index = 0;
	int err = 0;

	if (inet_pton(AF_INET, text, &m->imr_address) != 1)
		err = interface(text, &index, reason);
	m->imr_ifindex = (int)index;
	return err;
}

static int group4(struct option_value *v, const char *text, const char **reason)
{
	char group[INET_ADDRSTRLEN];
	const char *door;

	v->n = sizeof v->as.group4;
	if (halves(group, sizeof group, text, '@', &door) < 0 ||
	    inet_pton(AF_INET, group, &v->as.group4.imr_multiaddr) != 1)
		return refuse(reason, "not an IPv4 address such as 239.1.2.3 or 239.1.2.3@lo");
	return door ? door4(&v->as.group4, door, reason) : 0;
}

static int group6(struct option_value *v, const char *text, const char **reason)
{
	char group[INET6_ADDRSTRLEN];
	int64_t index = 0;
	const char *door;
	int err = 0;

	v->n = sizeof v->as.group6;
	if (halves(group, sizeof group, text, '%', &door) < 0 ||
	    inet_pton(AF_INET6, group, &v->as.group6.ipv6mr_multiaddr) != 1)
		return refuse(reason, "not an IPv6 address such as ff02::1 or ff02::1%lo");
	if (door)
		err = interface(door, &index, reason);
	v->as.group6.ipv6mr_interface = (unsigned)index;
	return err;
}

/* The kernel would cut a longer name and act on what is left. */
static int short_text(struct option_value *v, const char *text, const char **reason)
{
	size_t n = strlen(text);

	if (n >= OPTION_TEXT_ROOM)
		return refuse(reason, "longer than 15 bytes");
	memcpy(v->as.text, text, n + 1);
	v->n = (socklen_t)n + 1;
	return 0;
}

int option_of_text(struct option_value *v, enum option_shape shape, const char *text,
                   const char **reason)
{
	int64_t number;
	int err;

	*reason = NULL;
	memset(v, 0, sizeof *v);
	switch (shape) {
	case OPTION_TEXT:
		return short_text(v, text, reason);
	case OPTION_GROUP4:
		return group4(v, text, reason);
	case OPTION_GROUP6:
		return group6(v, text, reason);
	case OPTION_DOOR4:
		v->n = sizeof v->as.group4;
		return door4(&v->as.group4, text, reason);
	case OPTION_RAW:
	case OPTION_ODD:
		return takes_no_number(shape, reason);
	default:
		err = number_of_text(shape, text, &number, reason);
		return err ? err : option_of_number(v, shape, number, reason);
	}
}

int option_to_read(struct option_value *v, enum option_shape shape, const char **reason)
{
	*reason = NULL;
	memset(v, 0, sizeof *v);
	switch (shape) {
	case OPTION_ODD:
		return refuse(reason, "it is not read as it stands: use sock_getopt");
	case OPTION_U64:
		v->n = sizeof v->as.u64;
		break;
	case OPTION_LINGER:
		v->n = sizeof v->as.linger;
		break;
	case OPTION_TIME:
		v->n = sizeof v->as.time;
		break;
	case OPTION_TEXT:
	case OPTION_RAW:
		v->n = sizeof v->as.raw;
		break;
	default:
		v->n = sizeof v->as.u32;
	}
	return 0;
}

/* A few options answer with a single byte, or with 64 bits where 32 would do. */
static int64_t whole(const struct option_value *v)
{
	if (v->n == 1)
		return v->as.byte;
	return v->n == sizeof v->as.u64 ? (int64_t)v->as.u64 : v->as.number;
}

int option_to_number(const struct option_value *v, enum option_shape shape, int64_t *number,
                     const char **reason)
{
	*reason = NULL;
	switch (shape) {
	case OPTION_FLAG:
		*number = whole(v) != 0;
		return 0;
	case OPTION_INT:
	case OPTION_INDEX:
	case OPTION_U64:
		*number = whole(v);
		return 0;
	case OPTION_U32:
		*number = v->as.u32;
		return 0;
	case OPTION_INDEX_NET:
		*number = ntohl(v->as.u32);
		return 0;
	case OPTION_LINGER:
		*number = v->as.linger.l_onoff ? v->as.linger.l_linger : -1;
		return 0;
	case OPTION_TIME:
		*number = (int64_t)v->as.time.tv_sec * 1000000 + v->as.time.tv_usec;
		return 0;
	case OPTION_RAW:
	case OPTION_ODD:
		return refuse(reason, "it is a structure: use sock_getopt");
	default:
		return refuse(reason, "it is text: use sock_get_text");
	}
}

static void hexadecimal(const unsigned char *bytes, size_t n, char *out, size_t room)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < 2 * n && used + 1 < room; i++, used++)
		out[used] = digits[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
	out[used] = '\0';
}

void option_to_text(const struct option_value *v, enum option_shape shape, char *out, size_t room)
{
	char text[INET_ADDRSTRLEN] = "";
	const char *reason;
	int64_t number;

	if (shape == OPTION_RAW)
		hexadecimal(v->as.raw, v->n, out, room);
	else if (shape == OPTION_TEXT)
		snprintf(out, room, "%.*s", (int)v->n, (const char *)v->as.raw);
	else if (shape == OPTION_DOOR4)
		snprintf(out, room, "%s", inet_ntop(AF_INET, &v->as.addr, text, sizeof text));
	else if (option_to_number(v, shape, &number, &reason) < 0)
		*out = '\0';
	else if (shape == OPTION_LINGER && number < 0)
		snprintf(out, room, "off");
	else
		snprintf(out, room, "%lld", (long long)number);
}
