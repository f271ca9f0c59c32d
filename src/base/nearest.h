/* SPDX-License-Identifier: MIT */
/*
 * Which known name was probably meant by a misspelt one, in either case. Show
 * every name, then look:
 *
 *	struct nearest near = nearest_to("wrokers");
 *
 *	for (...)
 *		nearest_try(&near, names[i]);
 *	near.name                       // "workers", or NULL when none is near
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

struct nearest {
	const char *word;
	const char *name;               /* the best so far, or NULL */
	int mistakes;                   /* that name must have fewer than these to be better */
};

struct nearest nearest_to(const char *word);

/* One name that might be meant; it must outlive the struct. */
void nearest_try(struct nearest *near, const char *name);

#endif
