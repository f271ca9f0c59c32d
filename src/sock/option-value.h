/* SPDX-License-Identifier: MIT */
/* Values of options: from a number or text to what setsockopt takes, and back. */
#ifndef SOCK_OPTION_VALUE_H
#define SOCK_OPTION_VALUE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "option-table.h"

enum { OPTION_TEXT_ROOM = 16, OPTION_RAW_ROOM = 2048 };

/* A value as the kernel takes it: the first n bytes of the union. */
struct option_value {
	socklen_t n;
	union {
		int32_t number;
		uint32_t u32;
		uint64_t u64;
		uint8_t byte;
		struct linger linger;
		struct timeval time;
		struct in_addr addr;
		struct ip_mreqn group4;
		struct ipv6_mreq group6;
		char text[OPTION_TEXT_ROOM];
		unsigned char raw[OPTION_RAW_ROOM];
	} as;
};

/*
 * Make a value. 0 or a negative errno, with the words for it in *reason, which
 * is NULL otherwise.
 */
int option_of_number(struct option_value *v, enum option_shape shape, int64_t number,
                     const char **reason);
int option_of_text(struct option_value *v, enum option_shape shape, const char *text,
                   const char **reason);

/* Zero v and set n to what getsockopt is to be offered. 0 or -EINVAL and the reason. */
int option_to_read(struct option_value *v, enum option_shape shape, const char **reason);

/* The number in a value that was read. 0, or -EINVAL and the reason when it is none. */
int option_to_number(const struct option_value *v, enum option_shape shape, int64_t *number,
                     const char **reason);

/* The value as text, cut to room (at least 1). */
void option_to_text(const struct option_value *v, enum option_shape shape, char *out, size_t room);

#endif
