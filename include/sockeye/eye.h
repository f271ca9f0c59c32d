/* SPDX-License-Identifier: MIT */
/*
 * The recorder: what this program does with its sockets, one JSON line per
 * system call, and one more at the entry of each that may block.
 *
 *	eye_start("trace.json");
 *	...
 *	eye_stop();
 *
 * Without a line of code: SOCKEYE_TRACE=trace.json PROGRAM does the same for any
 * program linked with the library, unless it runs with raised privileges
 * (secure_getenv(3)); SOCKEYE_TRACE_PAYLOAD=N sets how many bytes of payload
 * each line shows: 64 at first, 0 for none. Several programs may append to one
 * file. The lines are described in eye(3); sockeye trace trace.json draws them as
 * the ladder of both ends.
 */
#ifndef SOCKEYE_EYE_H
#define SOCKEYE_EYE_H

#include <sockeye.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Append records to the file at path, made with mode 0600 if missing; a link,
 * a pipe or a socket is refused. The former file is closed. Returns 0, or -1
 * and errno, and then what was recorded before goes on.
 */
int eye_start(const char *path);

/* Set how many bytes of payload a record shows, 0 to 65536. Returns the old number. */
size_t eye_payload(size_t n);

/*
 * Give each record to a function of one's own as well, file or not; NULL: no
 * more. It gets with, and a line of n bytes without a newline, which hold during
 * the call alone. It is called in any thread, within the call that is told,
 * perhaps in a signal handler: so it takes no lock that may be held there, and
 * makes no call of this library. Set it while no other thread makes calls.
 */
void eye_hook(void (*line)(void *with, const char *text, size_t n), void *with);

/* Stop recording and close the file. Records of calls under way in other threads may be lost. */
void eye_stop(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
