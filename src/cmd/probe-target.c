/* SPDX-License-Identifier: MIT */
/*
 * Addresses of probe, and the look-up of their names. The resolver can only be
 * waited for, so threads wait; all else of probe is one loop: probe-run.c.
 */
#include "probe-target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../service/service.h"
#include "../sock/addr.h"
#include "../sock/resolve.h"
#include "../sock/wait.h"
#include "address.h"
#include "out.h"

/* -- The command line -------------------------------------------------------------------- */

static int refuse(const struct verb *verb, const char *word, const char *why)
{
	char shown[OUT_SHOWN];

	return verb_refuse(verb, "%s: %s", out_shown(shown, word), why);
}

/* The word with its scheme, or of a service where it is served. NULL: too long. */
static const char *whole(const char *word, char buf[PROBE_PLACE * 2])
{
	const struct service *service = service_find(word);
	int n = 0;

	if (service)
		n = snprintf(buf, PROBE_PLACE * 2, "tcp://127.0.0.1:%d", service->port);
	else if (address_is_bare(word))
		n = snprintf(buf, PROBE_PLACE * 2, "tcp://%s", word);
	else
		return word;
	return n < PROBE_PLACE * 2 ? buf : NULL;
}

/* What has no ports is known as a whole, and shown as an address that cannot harm a terminal. */
static const char *misfit(struct probe_target *t)
{
	char text[PROBE_WHERE];
	struct where w;

	if (where_parse(&w, probe_target_where(t, 1, text), NULL) < 0)
		return "not an address";
	t->type = w.type;
	t->inet = t->ports.spans != NULL;
	t->named = w.kind == WHERE_NAME;
	if (t->inet)
		return NULL;
	if (w.kind == WHERE_FD)
		return "a descriptor is no place to call: take a tcp, udp, unix, unix-dgram or vsock address";
	int family = sock_addr_family(&w.addr);
	if (w.kind != WHERE_ADDR || (family != AF_UNIX && family != AF_VSOCK))
		return "nobody can be called there: take a tcp, udp, unix, unix-dgram or vsock address";
	if (addr_unnamed(&w.addr))
		return "no path given: write unix:PATH";
	snprintf(t->ports.place, sizeof t->ports.place, "%s", sock_addr_text(&w.addr).s);
	return NULL;
}

int probe_target_read(struct probe_target *t, const struct verb *verb, const char *word)
{
	char buf[PROBE_PLACE * 2], why[SOCKEYE_WHY];
	const char *text = whole(word, buf);

	memset(t, 0, sizeof *t);
	if (!text)
		return refuse(verb, word, "too long for an address");
	if (probe_ports_read(&t->ports, text, why) < 0)
		return refuse(verb, word, why);
	const char *wrong = misfit(t);
	return wrong ? refuse(verb, word, wrong) : 0;
}

void probe_target_free(struct probe_target *t)
{
	probe_ports_free(&t->ports);
	free(t->list);
	t->list = NULL;
}

const char *probe_target_where(const struct probe_target *t, int port, char buf[PROBE_WHERE])
{
	if (t->ports.spans)
		snprintf(buf, PROBE_WHERE, "%s%d", t->ports.place, port);
	else
		snprintf(buf, PROBE_WHERE, "%s", t->ports.place);
	return buf;
}

/* -- Looking up --------------------------------------------------------------------------- */

/* Returns false when there is a name to be looked up, and the deadline leaves no time for that. */
static bool find(struct probe_target *t, int64_t deadline)
{
	char text[PROBE_WHERE], words[64];
	struct sock_addr list[RESOLVE_MOST];
	struct where w;
	int gai = 0;
	int port = t->inet ? t->ports.spans->first : 0;
	int n = where_parse(&w, probe_target_where(t, port, text), NULL);

	if (!n)
		n = resolve_where(list, RESOLVE_MOST, &w, false, deadline, &gai);
	if (n == -LIMIT_REACHED && deadline == PACE_NOW)
		return false;
	t->list = n > 0 ? calloc((size_t)n, sizeof *list) : NULL;
	if (t->list)
		memcpy(t->list, list, (size_t)n * sizeof *list);
	else if (n > 0)
		n = -ENOMEM;
	t->n = n > 0 ? n : 0;
	t->code = n == -LIMIT_REACHED ? CODE_TIMEOUT : gai ? CODE_NAME : CODE_NETWORK;
	if (n < 0)
		snprintf(t->why, sizeof t->why, "%s", lookup_words(n, gai, words, sizeof words));
	return true;
}

static void tell(struct probe_lookup *l, struct probe_target *t)
{
	uint64_t one = 1;

	atomic_store(&t->known, true);
	while (write(l->told, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void *look(void *lookup)
{
	struct probe_lookup *l = lookup;

	for (int i; (i = atomic_fetch_add(&l->next, 1)) < l->count;) {
		struct probe_target *t = &l->targets[i];
		int64_t began = clock_now();

		if (atomic_load(&t->known))
			continue;
		find(t, pace_deadline(l->limit));
		t->took = clock_now() - began;
		tell(l, t);
	}
	return NULL;
}

/* Signals are for the loop's thread. Without any thread the look-ups are made here, one by one. */
static void start(struct probe_lookup *l, int threads)
{
	sigset_t all, own;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &own);
	while (l->running < threads && pthread_create(&l->threads[l->running], NULL, look, l) == 0)
		l->running++;
	pthread_sigmask(SIG_SETMASK, &own, NULL);
	if (threads && !l->running)
		look(l);
}

int probe_lookup_begin(struct probe_lookup *l, struct probe_target *targets, int count, int64_t limit)
{
	int names = 0;

	*l = (struct probe_lookup){ .targets = targets, .count = count, .limit = limit };
	l->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->told < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		bool known = find(&targets[i], PACE_NOW);

		atomic_store(&targets[i].known, known);
		names += !known;
	}
	start(l, names < PROBE_LOOKERS ? names : PROBE_LOOKERS);
	return 0;
}

void probe_lookup_end(struct probe_lookup *l)
{
	while (l->running)
		pthread_join(l->threads[--l->running], NULL);
	if (l->told >= 0)
		close(l->told);
	l->told = -1;
}
