/* SPDX-License-Identifier: MIT */
/*
 * SIGPIPE held back for this thread, around calls that know no MSG_NOSIGNAL:
 *
 *	struct sigpipe hold = sigpipe_hold();
 *	bool failed = writev(fd, iov, 2) < 0;
 *
 *	sigpipe_release(&hold, failed);
 *
 * A program that wants the signal for its own writes keeps it as it had it.
 */
#ifndef SOCK_SIGPIPE_H
#define SOCK_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct sigpipe {
	sigset_t old;
	bool pending;           /* one waited already: it is not ours to take */
};

struct sigpipe sigpipe_hold(void);

/* After a failure, whatever errno it told, a SIGPIPE may wait that the call raised: it is taken away. */
void sigpipe_release(const struct sigpipe *hold, bool failed);

#endif
