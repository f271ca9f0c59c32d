/* SPDX-License-Identifier: MIT */
/* The one table of options, and finding a row in it. */
#ifndef SOCK_OPTION_TABLE_H
#define SOCK_OPTION_TABLE_H

#include <sockeye/option.h>

/* What the kernel wants for a value; finer than the public kind. */
enum option_shape {
	OPTION_FLAG,            /* int, 0 or 1 */
	OPTION_INT,             /* int */
	OPTION_U32,             /* 32 bits without a sign */
	OPTION_U64,             /* 64 bits; all ones is -1 here */
	OPTION_INDEX,           /* int: an interface, as text its name too */
	OPTION_INDEX_NET,       /* the same in network byte order */
	OPTION_TEXT,            /* at most 15 bytes */
	OPTION_LINGER,          /* struct linger */
	OPTION_TIME,            /* struct timeval */
	OPTION_GROUP4,          /* struct ip_mreqn: GROUP, GROUP@INTERFACE, GROUP@ADDRESS */
	OPTION_GROUP6,          /* struct ipv6_mreq: GROUP, GROUP%INTERFACE */
	OPTION_DOOR4,           /* struct ip_mreqn without a group: INTERFACE or ADDRESS */
	OPTION_RAW,             /* a struct: read as hexadecimal, set by sock_setopt alone */
	OPTION_ODD              /* reading it wants input, counts no bytes or opens a descriptor */
};

struct option_row {
	struct sock_option is;
	enum option_shape shape;
};

/* The i-th row, or NULL past the end. */
const struct option_row *option_row_at(int i);

/* The row of a name or constant of n characters, in either case, or NULL. */
const struct option_row *option_row(const char *name, size_t n);

/* The first row of a level and number, or NULL. */
const struct option_row *option_row_of(int level, int option);

/*
 * The name or constant nearest to a misspelt one, or NULL when none is near.
 * Leaving out the front of a name counts as a small mistake: ttl for ip-ttl.
 */
const char *option_nearest(const char *name);

#endif
