/* SPDX-License-Identifier: MIT */
/*
 * A write to a reader that is gone sends a signal that ends the program. It is
 * for the thread that wrote, so blocking it there and taking it afterwards
 * hides it from nobody else.
 */
#include "sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static sigset_t only_pipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return set;
}

struct sigpipe sigpipe_hold(void)
{
	struct sigpipe hold;
	sigset_t pipe = only_pipe(), waiting;

	pthread_sigmask(SIG_BLOCK, &pipe, &hold.old);
	sigemptyset(&waiting);
	sigpending(&waiting);
	hold.pending = sigismember(&waiting, SIGPIPE) == 1;
	return hold;
}

void sigpipe_release(const struct sigpipe *hold, bool failed)
{
	sigset_t pipe = only_pipe();

	if (failed && !hold->pending)
		while (sigtimedwait(&pipe, NULL, &(struct timespec){ 0 }) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &hold->old, NULL);
}
