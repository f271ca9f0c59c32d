/* SPDX-License-Identifier: MIT */
/*
 * Each call that matters is kept as an item that knows what it had to wait for:
 * its causes at other programs, and the item before it in its chain, which is
 * causal-order.c's matter. At the end all are told in the words of
 * causal-words.c.
 */
#include "causal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args.h"
#include "causal-inner.h"
#include "draw.h"
#include "map.h"

struct causal {
	struct story *story;
	struct causal_words words;
	struct causal_item *first, **last;
	int n;
	struct map calls;               /* number of a call -> its item */
	struct map of_socket[3];        /* number of a socket -> the item of its connect, listen, end */
	struct map tails;               /* chain -> its last item */
	struct map live;                /* pid -> connections that are open, as a pointer */
	struct map makers;              /* number of a socket -> the item of its accept */
	struct map threads, forks;      /* thread -> its last item; pid -> the item before its fork */
	struct map crowded;             /* pids with several connections at once, to themselves */
	struct map arrived;             /* calls whose datagram came, to themselves */
	struct causal_loss *losses;
};

enum { CONNECT, LISTEN, END };

struct causal_loss {
	struct row_arrow arrow;
	struct causal_loss *next;
};

struct causal *causal_new(struct story *story, row_sink *sink, void *to)
{
	struct causal *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->story = story;
	c->words = (struct causal_words){ .story = story, .sink = sink, .to = to };
	c->last = &c->first;
	return c;
}

/* -- Items ---------------------------------------------------------------------------------- */

static void add_cause(struct causal_item *i, struct causal_item *cause)
{
	if (cause && cause != i && i->causes < CAUSAL_CAUSES)
		i->cause[i->causes++] = cause;
}

/* Of a stream's sends the last says it all: they are in order. */
static void add_sent(struct causal *c, struct causal_item *i, const struct row *row)
{
	for (int a = 0; a < row->arrows; a++) {
		const struct row_arrow *arrow = &row->arrow[a];
		int n = arrow->kind == ARROW_BYTES ? 0 : i->sents;

		while (n < i->sents && i->sent[n].lane != arrow->from)
			n++;
		if (arrow->kind == ARROW_DATAGRAM || arrow->kind == ARROW_CUT)
			map_set(&c->arrived, arrow->call, i);
		if (!arrow->call || arrow->call == row->call || n == ROW_ARROWS)
			continue;
		i->sent[n] = (struct causal_sent){ arrow->from, arrow->call };
		if (n == i->sents)
			i->sents++;
	}
}

static struct causal_item *item_of(const struct causal *c, int what, const struct story_socket *k)
{
	return k ? map_get(&c->of_socket[what], k->number) : NULL;
}

/* The first one counts: of a socket that is shut down and then closed, the peer sees the end once. */
static void note(struct causal *c, int what, uint32_t socket, struct causal_item *i)
{
	if (socket && !map_get(&c->of_socket[what], socket))
		map_set(&c->of_socket[what], socket, i);
}

/*
 * Bytes wait for their send, an end for the peer's, an accept for its connect,
 * a connect for its listen, a child for its fork. Found when all is known: a call may return after
 * what it has caused.
 */
static void find_causes(struct causal *c, struct causal_item *i)
{
	const struct event *e = i->row->event;
	const struct story_socket *k = story_socket_at(c->story, i->made ? i->made : i->socket);
	bool is_end = event_receives(e) && (e->error ? e->error == ECONNRESET : !e->moved);

	add_cause(i, map_get(&c->forks, (uint32_t)e->pid));
	add_cause(i, map_get(&c->makers, i->socket));
	for (int n = 0; n < i->sents; n++)
		add_cause(i, map_get(&c->calls, i->sent[n].call));
	if (k && is_end)
		add_cause(i, item_of(c, END, k->peer));
	if (k && i->made)
		add_cause(i, item_of(c, CONNECT, k->peer));
	if (k && e->call == EVENT_CONNECT)
		add_cause(i, item_of(c, LISTEN, k->listener ? k->listener : k->peer ? k->peer->listener : NULL));
}

/* What a program leaves open is ended by its exit, unless somebody else has it, too. */
static void end_all(struct causal *c, struct causal_item *i, const struct row *exit)
{
	for (uint32_t n = 1; n <= story_sockets(c->story); n++) {
		const struct story_socket *k = story_socket_at(c->story, n);

		if (k->closed && k->time_closed == exit->time)
			note(c, END, n, i);
	}
}

static void leave_marks(struct causal *c, struct causal_item *i, const struct row *row)
{
	const struct event *e = row->event;

	map_set(&c->calls, row->call, i);
	map_set(&c->threads, (uint32_t)e->tid, i);
	switch (e->call) {
	case EVENT_CONNECT:
		if (!e->error || e->error == EINPROGRESS)
			note(c, CONNECT, i->socket, i);
		break;
	case EVENT_LISTEN:
		note(c, LISTEN, i->socket, i);
		break;
	case EVENT_SHUTDOWN:
		if (!e->error && e->arg[0] != SHUT_RD)
			note(c, END, i->socket, i);
		break;
	case EVENT_CLOSE:
		if (row->socket && row->socket->closed)
			note(c, END, i->socket, i);
		break;
	case EVENT_ACCEPT:
		if (i->made)
			map_set(&c->makers, i->made, i);
		break;
	case EVENT_EXIT:
		end_all(c, i, row);
		break;
	default:
		break;
	}
}

static void is_crowded(struct causal *c, int32_t pid)
{
	map_set(&c->crowded, (uint32_t)pid, c);
}

/* Whoever watches several sockets, or leaves a connection to somebody else, may have several at once. */
static void look_for_crowd(struct causal *c, const struct row *row)
{
	const struct event *e = row->event;
	const struct causal_item *maker = row->socket ? map_get(&c->makers, row->socket->number) : NULL;

	if (args_waits(e->call) && e->asked > 1)
		is_crowded(c, e->pid);
	else if (maker && maker->row->event->tid != e->tid)
		is_crowded(c, maker->row->event->pid);
}

/* With more than one connection open a process's calls have no order but each connection's. */
static void count_open(struct causal *c, const struct row *row)
{
	const struct event *e = row->event;
	intptr_t n = (intptr_t)map_get(&c->live, (uint32_t)e->pid);

	if ((e->error && e->error != EINPROGRESS) || !row->socket)
		return;
	if (e->call == EVENT_ACCEPT || (e->call == EVENT_CONNECT && row->socket->type == 1))
		n++;
	else if (e->call == EVENT_CLOSE && row->socket->connected)
		n -= n > 0;
	map_set(&c->live, (uint32_t)e->pid, (void *)n);
	if (n > 1)
		is_crowded(c, e->pid);
}

/* A receive that goes on where the one before it in its lane and socket stopped is one with it. */
static bool goes_on(struct causal *c, const struct row *row)
{
	struct causal_item *i = row->socket ? map_get(&c->tails, row->socket->number) : NULL;
	const struct event *e = row->event;

	if (!i || !event_receives(e) || e->error || !e->moved || row->socket->type != 1)
		return false;
	struct row *was = i->row;
	if (!event_receives(was->event) || was->event->error || !was->event->moved || was->lane != row->lane)
		return false;
	((struct event *)was->event)->moved += e->moved;
	for (int a = 0; a < row->arrows; a++) {
		struct row_arrow *last = was->arrows ? &was->arrow[was->arrows - 1] : NULL;

		if (!last || last->from != row->arrow[a].from || last->end != row->arrow[a].first)
			continue;
		last->end = row->arrow[a].end;
		last->call = row->arrow[a].call;
	}
	add_sent(c, i, row);
	map_set(&c->calls, row->call, i);
	return true;
}

/* A connect in the background: who asks how it ended is told. */
static void note_failure(struct causal *c, const struct row *row)
{
	const struct event *e = row->event;

	if (e->call == EVENT_GETSOCKOPT && row->socket && e->arg[0] == SOL_SOCKET && e->arg[1] == SO_ERROR && e->arg[2])
		map_set(&c->words.failed, row->socket->number, (void *)(intptr_t)e->arg[2]);
}

/* The story tells a loss when it is known; here it belongs to the call that sent what is lost. */
static void note_loss(struct causal *c, const struct row *row)
{
	struct causal_loss *loss;

	if (row->kind != ROW_KERNEL || !row->arrows || row->arrow[0].kind != ARROW_LOST)
		return;
	if (!(loss = malloc(sizeof *loss)))
		return;
	*loss = (struct causal_loss){ row->arrow[0], c->losses };
	c->losses = loss;
}

static void tell_losses(struct causal *c)
{
	struct causal_loss *next;

	for (struct causal_loss *loss = c->losses; loss; loss = next) {
		struct causal_item *i = map_get(&c->calls, loss->arrow.call);

		next = loss->next;
		if (i && !map_get(&c->arrived, loss->arrow.call) && i->row->arrows < ROW_ARROWS)
			i->row->arrow[i->row->arrows++] = loss->arrow;
		free(loss);
	}
}

static void note_fork(struct causal *c, const struct event *e)
{
	struct causal_item *before = map_get(&c->threads, (uint32_t)e->tid);

	if (before && e->other > 0)
		map_set(&c->forks, (uint32_t)e->other, before);
}

void causal_row(void *causal, const struct row *row)
{
	struct causal *c = causal;
	bool has_lane = row->event && row->lane >= 0 && row->lane < CAUSAL_LANES;

	note_loss(c, row);
	if (!has_lane)
		return;
	if (row->kind != ROW_BEGIN)
		look_for_crowd(c, row);
	note_failure(c, row);
	if (row->event->call == EVENT_FORK)
		note_fork(c, row->event);
	bool matters = row->kind != ROW_BEGIN && !row->minor &&
	               !args_waits(row->event->call) && row->event->call != EVENT_FORK;

	if (!matters || c->n == DRAW_ROWS || goes_on(c, row))
		return;
	struct causal_item *i = calloc(1, sizeof *i);
	if (!i || !(i->row = row_copy(row))) {
		free(i);
		return;
	}
	i->at = c->n++;
	*c->last = i;
	c->last = &i->next;
	i->socket = row->socket ? row->socket->number : 0;
	if (row->event->call == EVENT_ACCEPT && !row->event->error) {
		i->made = i->socket;
		i->socket = row->socket && row->socket->listener ? row->socket->listener->number : 0;
	}
	add_sent(c, i, row);
	count_open(c, row);
	leave_marks(c, i, row);
	map_set(&c->tails, i->made ? i->made : i->socket, i);
}

static void tell_one(void *words, struct causal_item *i)
{
	causal_tell(words, i);
}

void causal_end(struct causal *c)
{
	struct causal_item *next;

	for (struct causal_item *i = c->first; i; i = i->next)
		find_causes(c, i);
	tell_losses(c);
	causal_sort(c->story, c->first, c->n, &c->crowded, tell_one, &c->words);
	for (struct causal_item *i = c->first; i; i = next) {
		next = i->next;
		row_free(i->row);
		free(i);
	}
	map_free(&c->calls);
	for (int k = 0; k < 3; k++)
		map_free(&c->of_socket[k]);
	map_free(&c->tails);
	map_free(&c->live);
	map_free(&c->makers);
	map_free(&c->threads);
	map_free(&c->forks);
	map_free(&c->crowded);
	map_free(&c->arrived);
	causal_words_free(&c->words);
	free(c);
}
