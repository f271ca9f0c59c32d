/* SPDX-License-Identifier: MIT */
/* Where text ends to be UTF-8, for services that must not let anything else through. */
#ifndef SERVICE_VALID_H
#define SERVICE_VALID_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the whole valid characters that the text begins with. */
size_t valid_run(const char *in, size_t n);

/*
 * The bytes at the front that are no character: as many as could have become
 * one together, as Python counts them when it replaces them. 0 when the text is
 * empty or begins with a whole character, and also when it is but the beginning
 * of one, unless nothing follows any more.
 */
size_t valid_wrong(const char *in, size_t n, bool last);

#endif
