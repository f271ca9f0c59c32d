/* SPDX-License-Identifier: MIT */
/* Where callers come from: who is admitted, and how many of one address are in. */
#ifndef ENGINE_SOURCE_H
#define ENGINE_SOURCE_H

#include "core.h"

/* The address as 16 bytes, IPv4 as ::ffff:a.b.c.d. False for other kinds. */
bool source_bytes(const struct sock_addr *addr, uint8_t out[16]);

/* Is it this machine alone; is it every interface, or a group of hosts? */
bool source_is_loopback(const struct sock_addr *addr);
bool source_is_any(const struct sock_addr *addr);

/* Does the deny list, and the allow list unless it is empty, let the address in? */
bool source_is_admitted(const struct sock_addr *addr, const struct engine_net *allow, int allows,
                        const struct engine_net *deny, int denies);

/* Counts of up to most callers by address. NULL: no memory. */
struct sources *sources_make(uint32_t most);
void sources_free(struct sources *t);

/* One more of this address, if there are fewer than most. *place is for source_leave. From any thread. */
bool source_enter(struct sources *t, const struct sock_addr *addr, int most, uint32_t *place);
void source_leave(struct sources *t, uint32_t place);

#endif
