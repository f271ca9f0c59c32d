/* SPDX-License-Identifier: MIT */
/*
 * Helper threads for the system's resolver. A job is owned by its caller and
 * its helper together; the last of the two to leave frees it, so a caller
 * whose time is up simply goes. The answers are the system's own (nsswitch,
 * mDNS, hosts), which no resolver of ours could promise.
 */
#include "lookup.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "call.h"
#include "wait.h"

enum { HELPER_STACK = 512 * 1024 };

struct job {
	bool reverse, done;
	int owners;
	int gai, err;
	struct addrinfo hints, *list;
	struct sockaddr_storage addr;
	socklen_t len;
	int flags;
	char host[NI_MAXHOST], service[NI_MAXSERV];
};

/* One lock for all jobs: look-ups are rare, and held for a few instructions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static int helpers;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_cond(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* A child has no helpers; the parent's jobs are not its own. */
static void after_fork_in_child(void)
{
	pthread_mutex_init(&lock, NULL);
	make_cond();
	helpers = 0;
}

static void init_once(void)
{
	make_cond();
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/*
 * Names are UTF-8 here, as every text of this library; the resolver's IDNA goes
 * by the thread's locale, which in a plain program is ASCII.
 */
static int look_up(struct job *j)
{
	bool idn = j->hints.ai_flags & AI_IDN;
	locale_t utf8 = idn ? newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0) : (locale_t)0;
	locale_t own = utf8 ? uselocale(utf8) : (locale_t)0;
	int gai = call_getaddrinfo(j->host, NULL, &j->hints, &j->list);
	int err = errno;

	if (utf8) {
		uselocale(own);
		freelocale(utf8);
	}
	errno = err;
	return gai;
}

static void work(struct job *j)
{
	if (j->reverse)
		j->gai = call_getnameinfo((struct sockaddr *)&j->addr, j->len, j->host, sizeof j->host,
		                          j->service, sizeof j->service, j->flags);
	else
		j->gai = look_up(j);
	j->err = j->gai == EAI_SYSTEM ? errno : 0;
}

static void free_job(struct job *j)
{
	if (j->list)
		freeaddrinfo(j->list);
	free(j);
}

/* Under the lock. */
static void leave(struct job *j)
{
	if (--j->owners == 0)
		free_job(j);
}

static void *helper(void *arg)
{
	struct job *j = arg;

	work(j);
	pthread_mutex_lock(&lock);
	j->done = true;
	helpers--;
	leave(j);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int start_helper(struct job *j)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t id;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, HELPER_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&id, &attr, helper, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

/* Under the lock: wait for a change until the deadline. */
static int wait_change(int64_t deadline)
{
	struct timespec t = { .tv_sec = deadline / CLOCK_SEC, .tv_nsec = deadline % CLOCK_SEC };

	int err = pthread_cond_timedwait(&changed, &lock, &t);

	return err == ETIMEDOUT ? -LIMIT_REACHED : -err;
}

/* Under the lock: run the job in a helper, wait for it. Returns 0 when it is done. */
static int run_helped(struct job *j, int64_t deadline)
{
	int err = 0;

	while (helpers >= LOOKUP_HELPERS && !err)
		err = wait_change(deadline);
	if (err)
		return err;
	j->owners++;
	helpers++;
	err = start_helper(j);
	if (err) {
		j->owners--;
		helpers--;
		return err;
	}
	while (!j->done && !err)
		err = wait_change(deadline);
	return j->done ? 0 : err;
}

static int verdict(const struct job *j, int *gai)
{
	*gai = j->gai;
	if (j->gai == 0)
		return 0;
	if (j->gai == EAI_SYSTEM)
		return j->err ? -j->err : -EIO;
	return j->gai == EAI_MEMORY ? -ENOMEM : -ENOENT;
}

/* Run the job here or in a helper. A PACE_NOW deadline has no time for any look-up. */
static int run(struct job *j, int64_t deadline)
{
	int err;

	if (deadline == PACE_FOREVER) {
		work(j);
		return 0;
	}
	if (deadline == PACE_NOW)
		return -LIMIT_REACHED;
	pthread_once(&once, init_once);
	pthread_mutex_lock(&lock);
	err = run_helped(j, deadline);
	pthread_mutex_unlock(&lock);
	return err;
}

static void drop(struct job *j)
{
	pthread_mutex_lock(&lock);
	leave(j);
	pthread_mutex_unlock(&lock);
}

static struct job *new_job(void)
{
	struct job *j = sys.malloc(sizeof *j);

	if (!j)
		return NULL;
	memset(j, 0, sizeof *j);
	j->owners = 1;
	return j;
}

int lookup_name(const char *host, const struct addrinfo *hints, int64_t deadline,
                struct addrinfo **out, int *gai)
{
	struct job *j = new_job();
	int err;

	*gai = 0;
	if (!j)
		return -ENOMEM;
	memccpy(j->host, host, '\0', sizeof j->host - 1);
	j->hints = *hints;
	err = run(j, deadline);
	if (!err)
		err = verdict(j, gai);
	if (!err) {
		*out = j->list;
		j->list = NULL;
	}
	drop(j);
	return err;
}

int lookup_addr(const struct sockaddr *addr, socklen_t len, int flags, int64_t deadline,
                char *host, char *service, int *gai)
{
	struct job *j = new_job();
	int err;

	*gai = 0;
	if (!j)
		return -ENOMEM;
	j->reverse = true;
	j->flags = flags;
	j->len = len < sizeof j->addr ? len : sizeof j->addr;
	memcpy(&j->addr, addr, j->len);
	err = run(j, deadline);
	if (!err)
		err = verdict(j, gai);
	if (!err) {
		memcpy(host, j->host, sizeof j->host);
		memcpy(service, j->service, sizeof j->service);
	}
	drop(j);
	return err;
}

int lookup_helpers(void)
{
	int n;

	pthread_once(&once, init_once);
	pthread_mutex_lock(&lock);
	n = helpers;
	pthread_mutex_unlock(&lock);
	return n;
}

const char *lookup_words(int err, int gai, char *buf, size_t n)
{
	if (err == -LIMIT_REACHED)
		return "the name look-up took too long";
	if (gai && gai != EAI_SYSTEM) {
		snprintf(buf, n, "%s", gai_strerror(gai));
		return buf;
	}
	return why_words(NULL, -err, buf, n);
}
