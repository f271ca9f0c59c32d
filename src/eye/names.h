/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the system's headers and their names, both ways: what the JSON
 * lines, the reader and the drawings write for families, flags and options.
 */
#ifndef EYE_NAMES_H
#define EYE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/put.h"

/* A list ends in a row without text. */
struct names {
	int number;
	const char *text;
};

extern const struct names names_families[];     /* AF_ */
extern const struct names names_types[];        /* SOCK_, without its flags */
extern const struct names names_type_flags[];   /* SOCK_CLOEXEC, SOCK_NONBLOCK */
extern const struct names names_protos[];       /* IPPROTO_ */
extern const struct names names_messages[];     /* MSG_ */
extern const struct names names_ends[];         /* SHUT_ */
extern const struct names names_polls[];        /* POLL */
extern const struct names names_commands[];     /* F_ of fcntl */
extern const struct names names_files[];        /* O_ of F_GETFL and F_SETFL */
extern const struct names names_levels[];       /* SOL_, IPPROTO_ of options */
extern const struct names names_lookups[];      /* EAI_ */

/* The options of a level; an empty list for one that is not known here. */
const struct names *names_options(int level);

/* The name of a number, or NULL. */
const char *names_text(const struct names *list, int number);

/* The number of a name of n bytes; false when there is none. */
bool names_number(const struct names *list, const char *text, size_t n, int *number);

/* The number of an error's name, "ECONNREFUSED"; 0 when there is none. */
int names_error(const char *text, size_t n);

/* Put the name, or the number where it has none. */
void names_put(struct put *p, const struct names *list, int number);

/* Put the flags that are set, "MSG_OOB|MSG_PEEK", the unnamed ones in hexadecimal; "0" for none. */
void names_put_flags(struct put *p, const struct names *list, int flags);

#endif
