/* SPDX-License-Identifier: MIT */
/*
 * What goes both ways in numbers and letters, sixteen bytes a line, with the
 * direction before it and the place in its own stream:
 *
 *	> 00000000  48 65 6c 6c 6f 0a                                 Hello.
 */
#ifndef CMD_DUMP_H
#define CMD_DUMP_H

#include "talk.h"

enum dump_way { DUMP_SENT, DUMP_CAME };

/* Write a piece to the conversation's output, whole lines by one writer at a time. 0 or a negative errno. */
int dump_piece(struct talk *t, enum dump_way way, const char *bytes, size_t n);

#endif
