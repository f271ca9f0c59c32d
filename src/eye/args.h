/* SPDX-License-Identifier: MIT */
/*
 * A call's arguments and its result in words, for whoever tells of calls: the
 * ladder briefly, the flat list in full, as strace(1) writes them but with
 * addresses in the forms of base/addrtext.h.
 *
 *	brief   4, 1024                         3, 127.0.0.1:65432
 *	full    4, "Hello", 1024, MSG_PEEK      3, tcp://127.0.0.1:65432
 *
 * It is one line of UTF-8 without a control character: what a stranger chose is
 * escaped.
 */
#ifndef EYE_ARGS_H
#define EYE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/event.h"

enum {
	ARGS_ROOM = 2000,       /* enough for every call */
	ARGS_SHOWN = 64         /* bytes of payload that are shown in full */
};

/* What stands between the parentheses. Returns its length; what does not fit in room is left out. */
int args_text(char *out, size_t room, const struct event *e, bool brief);

/*
 * What stands behind them: "= 12", "= -1 ECONNREFUSED (Connection refused)",
 * "= 4 from 127.0.0.1:51234", "= 1 ready (POLLIN)". Empty at the entry, and for
 * what has no result. Returns its length.
 */
int args_result(char *out, size_t room, const struct event *e);

/* Is it a call that waits for sockets? */
bool args_waits(int call);

#endif
