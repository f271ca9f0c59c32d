/* SPDX-License-Identifier: MIT */
/*
 * The way of a record through the eye: order, story, explain, perhaps a new
 * order by cause, and by two folds to the drawings. The live one counts repetitions while they
 * go on, which is nothing for a file. Raw records go to their files in order.
 */
#include "trace-show.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../eye/causal.h"
#include "../eye/explain.h"
#include "../eye/fold.h"
#include "../eye/order.h"
#include "../eye/story.h"
#include "out.h"

enum { ASK_MS = 50, COLUMNS_LEAST = 40 };

/* -- The live drawing --------------------------------------------------------------------- */

/* A reader who sleeps is waited for, for nothing of a ladder may be missing; not by who wants to end. */
static int wait_for_room(struct show *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	while (poll(&p, 1, ASK_MS) <= 0)
		if (s->gives_up && s->gives_up(s->with))
			return -EINTR;
	return 0;
}

/* A draw_out. A pipe that has room takes so much without blocking. */
static int put(void *show, const char *bytes, size_t n)
{
	struct show *s = show;

	while (n && !s->error) {
		ssize_t done;

		s->error = wait_for_room(s);
		if (s->error)
			break;
		done = write(s->fd, bytes, n < OUT_LINE ? n : OUT_LINE);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			s->error = -errno;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
	return s->error;
}

static int columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_LEAST ? size.ws_col : 0;
}

static bool is_coloured(const struct trace *t, int fd)
{
	return t->colour == COLOUR_ALWAYS || (t->colour == COLOUR_AUTO && out_colours(fd));
}

static void look(struct show *s)
{
	const struct trace *t = s->t;

	s->file_look = (struct draw_look){
		.width = t->width, .ascii = t->ascii, .payload = t->data, .title = t->title, .lanes = t->count,
		.untimed = t->order == ORDER_CAUSAL,
	};
	s->look = s->file_look;
	s->look.live = isatty(s->fd) && t->order == ORDER_TIME;
	s->look.colour = is_coloured(t, s->fd);
	if (!t->width)
		s->look.width = columns(s->fd);
}

/* -- Beginning ---------------------------------------------------------------------------- */

/* What a row reaches behind the story, or behind explain. */
static void spread(void *show, const struct row *row)
{
	struct show *s = show;

	if (s->t->rows)
		s->t->rows(s->t->rows_to, row);
	if (s->live)
		fold_row(s->live, row);
	if (s->filed)
		fold_row(s->filed, row);
}

/* A row_sink behind explain. */
static void arrange(void *show, const struct row *row)
{
	struct show *s = show;

	if (s->causal)
		causal_row(s->causal, row);
	else
		spread(s, row);
}

/* A row_sink of the story. */
static void tell(void *show, const struct row *row)
{
	struct show *s = show;

	if (s->explain)
		explain_row(s->explain, row);
	else
		arrange(s, row);
}

static bool begin_live(struct show *s)
{
	if (s->t->quiet)
		return true;
	s->draw = (s->t->calls ? calls_draw : text_draw)(&s->look, s->story, put, s);
	s->live = s->draw ? fold_new(draw_row, s->draw) : NULL;
	return s->live;
}

static bool begin(struct show *s)
{
	const struct trace *t = s->t;
	struct story_options o = {
		.kernel = !t->no_kernel, .all = t->options, .follow = t->follow.len ? &t->follow : NULL,
	};

	s->order = order_new();
	s->story = story_new(&o, tell, s);
	if (!s->order || !s->story)
		return false;
	if (t->explain)
		s->explain = explain_new(s->story, arrange, s);
	if (t->order == ORDER_CAUSAL) {
		order_hold(s->order, ORDER_PATIENT_MS);
		s->causal = causal_new(s->story, spread, s);
	}
	if (outputs_want_rows(&s->outputs))
		s->filed = fold_new(outputs_row, &s->outputs);
	return (!t->explain || s->explain) && (t->order != ORDER_CAUSAL || s->causal) &&
	       (s->filed || !outputs_want_rows(&s->outputs)) &&
	       outputs_begin(&s->outputs, &s->file_look, s->story) && begin_live(s);
}

int show_begin(struct show *s, const struct trace *t, int fd)
{
	*s = (struct show){ .t = t, .fd = fd };
	if (outputs_open(&s->outputs, t))
		return TRACE_FAILED;
	look(s);
	if (begin(s))
		return 0;
	show_end(s);
	return trace_fail(t, NULL, "out of memory");
}

/* -- Records ------------------------------------------------------------------------------ */

void show_name(struct show *s, pid_t pid, const char *name)
{
	story_name(s->story, pid, name);
}

bool show_event(struct show *s, const struct event *e)
{
	bool kept = order_put(s->order, e);

	s->lost += !kept;
	return kept;
}

size_t show_until(struct show *s, int64_t now)
{
	const struct event *e;
	size_t n = 0;

	for (; (e = order_take(s->order, now)) != NULL; n++) {
		outputs_event(&s->outputs, e, s->lost + s->unwritten);
		story_event(s->story, e);
	}
	return n;
}

void show_idle(struct show *s)
{
	story_idle(s->story);
	if (s->explain)
		explain_idle(s->explain);
	if (s->live)
		fold_idle(s->live);
	if (s->draw)
		draw_idle(s->draw);
	outputs_flush(&s->outputs);
}

/* -- The end ------------------------------------------------------------------------------ */

static void end_story(struct show *s)
{
	if (s->order && s->story) {
		show_until(s, INT64_MAX);
		story_end(s->story);
	}
	if (s->explain)
		explain_end(s->explain);
	if (s->causal)
		causal_end(s->causal);
	if (s->live)
		fold_end(s->live);
	if (s->filed)
		fold_end(s->filed);
	s->causal = NULL;
	s->live = s->filed = NULL;
}

/* A reader of the ladder who has seen enough, such as head(1), needs no remark. */
static int end_live(struct show *s)
{
	if (s->draw)
		draw_end(s->draw);
	s->draw = NULL;
	if (!s->error || s->error == -EPIPE || s->error == -EINTR)
		return 0;
	return trace_fail(s->t, NULL, "%s: %s", s->fd == STDOUT_FILENO ? "stdout" : "stderr",
	                  strerrordesc_np(-s->error));
}

int show_end(struct show *s)
{
	int code, files;

	end_story(s);
	code = end_live(s);
	files = outputs_end(&s->outputs, s->t);
	explain_free(s->explain);
	story_free(s->story);
	order_free(s->order);
	return code ? code : files;
}
