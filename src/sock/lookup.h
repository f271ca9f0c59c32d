/* SPDX-License-Identifier: MIT */
/*
 * Name look-ups that end when they must. getaddrinfo(3) cannot be interrupted,
 * so under a deadline it runs in a helper thread that may be left behind: at
 * most 16 of them at a time, each with all signals blocked.
 */
#ifndef SOCK_LOOKUP_H
#define SOCK_LOOKUP_H

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { LOOKUP_HELPERS = 16 };

/*
 * getaddrinfo(host, NULL, hints) before the deadline (PACE_FOREVER: in the
 * caller's thread). Returns 0 and the list, which the caller frees with
 * freeaddrinfo; or a negative errno, which is -LIMIT_REACHED when the time was
 * up and -ENOENT, with the EAI_* code in *gai, when there is no such name.
 */
int lookup_name(const char *host, const struct addrinfo *hints, int64_t deadline,
                struct addrinfo **out, int *gai);

/* getnameinfo(3) likewise, into host and service of at least NI_MAXHOST and NI_MAXSERV bytes. */
int lookup_addr(const struct sockaddr *addr, socklen_t len, int flags, int64_t deadline,
                char *host, char *service, int *gai);

/* The words for a look-up that failed with err and gai. */
const char *lookup_words(int err, int gai, char *buf, size_t n);

/* Helper threads that are running now, left-behind ones included. */
int lookup_helpers(void);

#endif
