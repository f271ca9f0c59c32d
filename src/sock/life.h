/* SPDX-License-Identifier: MIT */
/* Making values of descriptors, inside the library. */
#ifndef SOCK_LIFE_H
#define SOCK_LIFE_H

#include <sockeye.h>

/* An open value for a descriptor whose kind is known, with the default limit. */
struct sock life_open(int fd, int family, int type, int proto);

/* Make a socket of a kind and wrap it; op and at are for the sentence of a failure. */
struct sock life_make(int family, int type, int proto, const char *op, const char *at);

/* Adopt a descriptor given as an address: close-on-exec, with the limit and the options of how. */
struct sock life_adopt(int fd, const struct sock_how *how);

#endif
