/* SPDX-License-Identifier: MIT */
/* The text of an address, as base/addrtext.h prints it, back into the address. */
#ifndef EYE_PLACE_H
#define EYE_PLACE_H

#include "../base/event.h"

/*
 * n bytes of text into an address, with len 0 where the form has no address or
 * is not read back: Internet, Unix, vsock and netlink are. A zone that has no
 * interface of this name here is lost.
 */
struct event_addr place_read(const char *text, size_t n);

#endif
