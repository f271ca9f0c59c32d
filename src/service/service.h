/* SPDX-License-Identifier: MIT */
/*
 * The services: what bytes mean, one small file each, and the table of them.
 * Each is a constant that the engine calls; none keeps anything of its own.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/conn.h"

extern const struct service service_echo, service_upper, service_hello, service_accept,
	service_discard, service_chargen, service_daytime, service_time;

/* All of them, in the order in which a person is shown them; NULL behind the last. */
extern const struct service *const service_list[];

/* The service of exactly this name, or NULL. */
const struct service *service_find(const char *name);

/*
 * For services, an answer that is worth nothing in part: write all n bytes, on
 * a stream too, or nothing. Returns whether they were written.
 */
bool service_say(struct conn *c, const void *bytes, size_t n);

/* Seconds since 1970, and the same in a test's hand: NULL goes back to the system's clock. */
int64_t service_now(void);
extern int64_t (*service_now_source)(void);

#endif
