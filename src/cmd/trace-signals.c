/* SPDX-License-Identifier: MIT */
/* Signals by a descriptor. One that was ignored when we were started, as nohup(1) does, stays so. */
#include "trace-signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

int signals_begin(struct signals *s)
{
	sigset_t set;

	*s = (struct signals){ .fd = -1 };
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, &s->before) < 0)
		return -errno;
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

/* The kernel itself is the sender of what a terminal's keys or its end cause. */
static void take(struct signals *s, const struct signalfd_siginfo *info)
{
	int *whose = info->ssi_code == SI_KERNEL ? &s->typed : &s->asked;

	if (info->ssi_signo != SIGCHLD && !*whose)
		*whose = (int)info->ssi_signo;
}

void signals_wait(struct signals *s, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&p, 1, ms) <= 0)
		return;
	while (read(s->fd, &info, sizeof info) == (ssize_t)sizeof info)
		take(s, &info);
}

void signals_end(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	s->fd = -1;
}
