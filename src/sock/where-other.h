/* SPDX-License-Identifier: MIT */
/* The part of an address behind its scheme, for families that are not the Internet's. Each: 0 or -EINVAL. */
#ifndef SOCK_WHERE_OTHER_H
#define SOCK_WHERE_OTHER_H

#include "where.h"

int where_unix(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_abstract(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_vsock(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_packet(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_netlink(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_can(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_alg(struct where *w, const char *text, size_t n, const struct where_known *known);
int where_fd(struct where *w, const char *text, size_t n, const struct where_known *known);

/* From where.c: write the reason, return -EINVAL; and a short, safe quotation. */
int where_refuse(struct where *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *where_quote(char out[48], const char *text, size_t n);

#endif
