/* SPDX-License-Identifier: MIT */
/* The files of -o. What their forms look like is the eye's matter: here they are opened, fed and closed. */
#include "trace-output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../eye/json.h"
#include "out.h"

typedef struct draw *begin_fn(const struct draw_look *look, struct story *story, draw_out *out, void *to);

static const struct output_kind {
	const char *ending;
	begin_fn *draw;                 /* those that take rows */
	bool packets;
} kinds[] = {
	{ ".svg", svg_draw, false },
	{ ".html", html_draw, false },
	{ ".mmd", mermaid_draw, false },
	{ ".txt", text_draw, false },
	{ ".json", NULL, false },
	{ ".pcapng", NULL, true },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct output_kind *kind_of(const char *path)
{
	size_t n = strlen(path);

	for (int i = 0; i < KINDS; i++) {
		size_t m = strlen(kinds[i].ending);

		if (n > m && strcmp(path + n - m, kinds[i].ending) == 0)
			return &kinds[i];
	}
	return NULL;
}

const char *outputs_take(void *trace, const char *value, char why[OPTION_WHY])
{
	struct trace *t = trace;

	if (!kind_of(value)) {
		snprintf(why, OPTION_WHY, "its ending must be one of " OUTPUT_ENDINGS);
		return why;
	}
	for (int i = 0; i < t->output_count; i++)
		if (strcmp(t->outputs[i], value) == 0)
			return "it is named twice";
	if (t->output_count == TRACE_OUTPUTS)
		return "at most 8 files are written";
	t->outputs[t->output_count++] = value;
	return NULL;
}

/* -- Opening ------------------------------------------------------------------------------ */

/* It would be emptied before it is read. */
static bool is_same(const char *path, const char *file)
{
	struct stat a, b;

	return file && stat(path, &a) == 0 && stat(file, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_one(struct output *o, const char *path, const struct trace *t)
{
	char shown[TRACE_SHOWN];
	int fd;

	*o = (struct output){ .path = path, .kind = kind_of(path) };
	if (is_same(path, t->file))
		return trace_fail(t, "name another file: this one is being read", "-o %s is the recorded file itself",
		                  trace_shown(shown, path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	o->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (o->file)
		return 0;
	trace_fail(t, "name a place that can be written: nothing was begun", "%s cannot be written: %s",
	           trace_shown(shown, path), strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
	return TRACE_FAILED;
}

static void close_all(struct outputs *o)
{
	while (o->count)
		fclose(o->each[--o->count].file);
}

int outputs_open(struct outputs *o, const struct trace *t)
{
	*o = (struct outputs){ .payload = t->payload };
	while (o->count < t->output_count) {
		if (open_one(&o->each[o->count], t->outputs[o->count], t)) {
			close_all(o);
			return TRACE_FAILED;
		}
		o->count++;
	}
	return 0;
}

/* A draw_out. */
static int put(void *output, const char *bytes, size_t n)
{
	struct output *o = output;

	if (!o->error && fwrite(bytes, 1, n, o->file) < n)
		o->error = -errno;
	return o->error;
}

bool outputs_begin(struct outputs *o, const struct draw_look *look, struct story *story)
{
	for (struct output *each = o->each; each < o->each + o->count; each++) {
		if (each->kind->draw)
			each->draw = each->kind->draw(look, story, put, each);
		else if (each->kind->packets)
			each->packets = pcapng_new(pcapng_wall(), put, each);
		if (!each->draw && (each->kind->draw || each->kind->packets) && !each->packets)
			return false;
	}
	return true;
}

/* -- Records and rows --------------------------------------------------------------------- */

/* Room for the longest line so far: most records are short, whatever --payload allows. */
static bool make_room(struct outputs *o, size_t payload)
{
	size_t need = JSON_ROOM(payload);
	char *more = need > o->room ? realloc(o->line, need) : o->line;

	if (!more)
		return false;
	o->line = more;
	o->room = need > o->room ? need : o->room;
	return true;
}

static void put_json(struct outputs *o, struct output *each, const struct event *e, uint64_t lost)
{
	size_t payload = e->moved < o->payload ? (size_t)e->moved : o->payload;
	size_t n = make_room(o, payload) ? json_event(o->line, o->room, e, payload, lost) : 0;

	if (n)
		put(each, o->line, n);
	else if (!each->error)
		each->error = -ENOMEM;
}

void outputs_event(struct outputs *o, const struct event *e, uint64_t lost)
{
	for (struct output *each = o->each; each < o->each + o->count; each++)
		if (each->packets)
			pcapng_event(each->packets, e);
		else if (!each->draw)
			put_json(o, each, e, lost);
}

bool outputs_want_rows(const struct outputs *o)
{
	for (int i = 0; i < o->count; i++)
		if (o->each[i].kind->draw)
			return true;
	return false;
}

void outputs_row(void *o, const struct row *row)
{
	struct outputs *all = o;

	for (struct output *each = all->each; each < all->each + all->count; each++)
		if (each->draw)
			draw_row(each->draw, row);
}

void outputs_flush(struct outputs *o)
{
	for (struct output *each = o->each; each < o->each + o->count; each++)
		if (!each->error && fflush(each->file))
			each->error = -errno;
}

/* -- The end ------------------------------------------------------------------------------ */

/* A network that never was is not made up. */
static void say_left_out(const struct output *o)
{
	uint64_t n = pcapng_left_out(o->packets);
	char shown[TRACE_SHOWN];

	if (n)
		trace_say("%s: %llu call%s that moved bytes %s no packets: they are not on TCP or UDP",
		          trace_shown(shown, o->path), (unsigned long long)n, n == 1 ? "" : "s",
		          n == 1 ? "has" : "have");
}

static int end_one(struct output *o, const struct trace *t)
{
	char shown[TRACE_SHOWN];
	int err = 0;

	if (o->packets)
		say_left_out(o);
	if (o->draw)
		err = draw_end(o->draw);
	else if (o->packets)
		err = pcapng_end(o->packets);
	if (fclose(o->file) && !o->error)
		o->error = -errno;
	err = o->error ? o->error : err;
	if (!err)
		return 0;
	return trace_fail(t, "what is in it is not the whole: remove it, make room, or name another place",
	                  "%s: %s", trace_shown(shown, o->path), strerrordesc_np(-err));
}

int outputs_end(struct outputs *o, const struct trace *t)
{
	int code = 0;

	for (int i = 0; i < o->count; i++)
		if (end_one(&o->each[i], t))
			code = TRACE_FAILED;
	o->count = 0;
	free(o->line);
	o->line = NULL;
	return code;
}
