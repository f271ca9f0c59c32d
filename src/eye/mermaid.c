/* SPDX-License-Identifier: MIT */
/*
 * The ladder as a Mermaid sequence diagram, for READMEs and issues, where it
 * is drawn by whoever shows the page. Calls are notes at their lane, bytes and
 * datagrams solid arrows, what the kernel did dashed ones, a call that waits a
 * bar. Mermaid takes 50,000 characters: what goes beyond is counted and said.
 *
 * Text goes out by put_word alone, which leaves of ASCII only letters, digits
 * and a few signs as they are and writes all others as Mermaid's #NN;.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/utf8.h"
#include "draw.h"
#include "quote.h"
#include "shown.h"

enum {
	ROOM = 48000,           /* of the rows, which leaves some for the end */
	LANES = 256,
	WAITING = 64,           /* calls that wait, of a lane */
	TEXT = 4000, WORDS = 600,
	SHOWN = 64              /* bytes of payload */
};

struct lane {
	int bars;
	uint32_t waiting[WAITING];
};

struct mermaid {
	struct draw d;
	size_t used;
	int named;              /* lanes that have begun */
	uint64_t left_out;
	struct lane lane[LANES];
};

/* One line of the diagram as it grows. */
struct line {
	char text[TEXT];
	size_t n;
	bool ascii;
};

static void put(struct line *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(l->text + l->n, sizeof l->text - l->n, format, args);
	va_end(args);
	if (n > 0)
		l->n += (size_t)n < sizeof l->text - l->n ? (size_t)n : sizeof l->text - l->n - 1;
}

static bool is_letter(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The colon of a port or a scheme reads well as it is; behind a word it might be one of Mermaid's. */
static bool is_plain(uint32_t c, char next)
{
	return is_letter(c) || (c < 0x80 && c && strchr(" ()[]=,._/?!'-", (int)c)) ||
	       (c == ':' && (next == '/' || (next >= '0' && next <= '9')));
}

/* "end" would end a block that there is not. */
static bool is_end(const char *text, size_t at)
{
	return !strncmp(text + at, "end", 3) && !is_letter((unsigned char)text[at + 3]) &&
	       (!at || !is_letter((unsigned char)text[at - 1]));
}

/* A stranger's text, as visible characters. */
static void put_word(struct line *l, const char *text)
{
	char shown[WORDS];
	size_t n = shown_bytes(shown, sizeof shown, text, strlen(text)), step;
	uint32_t c;

	for (size_t i = 0; i < n; i += step) {
		step = (size_t)utf8_next(shown + i, n - i, &c);
		if (!step)
			break;
		if (l->n > sizeof l->text - 20)
			break;
		if ((is_plain(c, shown[i + step]) && !is_end(shown, i)) || (c >= 0x80 && !l->ascii))
			put(l, "%.*s", (int)step, shown + i);
		else
			put(l, "#%u;", c);
	}
}

static void give(struct mermaid *m, struct line *l)
{
	put(l, "\n");
	m->used += l->n;
	draw_put(&m->d, l->text, l->n);
}

static struct line begin_line(const struct mermaid *m)
{
	return (struct line){ .ascii = m->d.look->ascii };
}

static void put_head(struct mermaid *m)
{
	struct line l = begin_line(m);

	put(&l, "sequenceDiagram");
	if (m->d.look->title) {
		put(&l, "\n    title ");
		put_word(&l, m->d.look->title);
	}
	give(m, &l);
}

static void name_lanes(struct mermaid *m)
{
	int n;
	const struct story_lane *lane = story_lanes(m->d.story, &n);

	for (; m->named < n && m->named < LANES; m->named++) {
		const struct story_lane *who = &lane[m->named];
		struct line l = begin_line(m);

		put(&l, "    participant L%d as ", m->named);
		put_word(&l, who->name);
		if (who->pid && !m->d.look->untimed)
			put(&l, " (%d)", (int)who->pid);
		give(m, &l);
	}
}

/* At the outer side of the first two lanes, so that the arrows have the middle. */
static void put_note(struct mermaid *m, const struct row *row)
{
	int lanes = m->named > m->d.look->lanes ? m->named : m->d.look->lanes;
	char bytes[QUOTE_ROOM(SHOWN)];
	struct line l = begin_line(m);

	if (row->lane >= 0 && row->kind != ROW_FOLD && row->kind != ROW_NOTE)
		put(&l, "    Note %s L%d: ", lanes == 2 ? row->lane ? "right of" : "left of" : "over", row->lane);
	else if (m->named > 1)
		put(&l, "    Note over L0,L%d: ", m->named - 1);
	else
		put(&l, "    Note over L0: ");
	if (row->who && row->who[0] && !m->d.look->untimed) {
		put_word(&l, row->who);
		put(&l, " ");
	}
	if (row->wrong)
		put(&l, m->d.look->ascii ? "! " : "\u26a0 ");
	put_word(&l, row->text);
	if (row->kind == ROW_BEGIN)
		put(&l, " ...");
	if (row->result && row->result[0]) {
		put(&l, " ");
		put_word(&l, row->result);
	}
	if (m->d.look->payload && row->event && quote_event(bytes, sizeof bytes, row->event, SHOWN)) {
		put(&l, "<br/>");
		put_word(&l, bytes);
	}
	give(m, &l);
}

static const char *arrow_of(const struct row_arrow *a)
{
	switch (a->kind) {
	case ARROW_KERNEL: return "-->>";
	case ARROW_LOST: return "-x";
	case ARROW_BYTES: return "->>";
	default: return "-)";
	}
}

static const char *mark_of(const struct row_arrow *a)
{
	switch (a->kind) {
	case ARROW_CUT: return " (cut)";
	case ARROW_TWICE: return " (again)";
	case ARROW_LOST: return " (lost)";
	default: return "";
	}
}

static void put_arrows(struct mermaid *m, const struct row *row)
{
	for (int i = 0; i < row->arrows; i++) {
		const struct row_arrow *a = &row->arrow[i];
		struct line l = begin_line(m);

		if (a->from < 0 || a->to < 0 || a->from >= m->named || a->to >= m->named)
			continue;
		put(&l, "    L%d%sL%d: ", a->from, arrow_of(a), a->to);
		put_word(&l, a->label);
		put(&l, "%s", mark_of(a));
		give(m, &l);
	}
	if (row->more_arrows) {
		struct line l = begin_line(m);

		put(&l, "    Note over L%d: and from %u more calls", row->lane < 0 ? 0 : row->lane, row->more_arrows);
		give(m, &l);
	}
}

/* A bar begins and ends only in pairs: Mermaid refuses what ends and has not begun. */
static void put_bar(struct mermaid *m, const struct row *row, bool on)
{
	struct lane *k = &m->lane[row->lane];
	struct line l = begin_line(m);
	int i = 0;

	while (i < k->bars && k->waiting[i] != row->call)
		i++;
	if (on ? k->bars == WAITING || i < k->bars : i == k->bars)
		return;
	if (on)
		k->waiting[k->bars++] = row->call;
	else
		k->waiting[i] = k->waiting[--k->bars];
	put(&l, "    %s L%d", on ? "activate" : "deactivate", row->lane);
	give(m, &l);
}

static void tell(struct mermaid *m, const struct row *row)
{
	if (row->kind == ROW_END)
		put_bar(m, row, false);
	put_arrows(m, row);
	if (row->kind != ROW_KERNEL || !row->arrows)
		put_note(m, row);
	if (row->kind == ROW_BEGIN)
		put_bar(m, row, true);
}

/* A count so far is for live drawings. */
static void row_of(struct draw *d, const struct row *row)
{
	struct mermaid *m = (struct mermaid *)d;

	if (row->kind == ROW_FOLD && row->minor)
		return;
	if (m->used <= ROOM)
		name_lanes(m);
	if (m->used > ROOM || row->lane >= m->named || !m->named)
		m->left_out++;
	else
		tell(m, row);
}

static void end(struct draw *d)
{
	struct mermaid *m = (struct mermaid *)d;
	struct line l = begin_line(m);

	if (!m->named)
		put(&l, "    participant L0 as nobody\n    Note over L0: no calls on sockets");
	else if (m->left_out)
		put(&l, "    Note over L0: %llu rows more, which Mermaid would not take",
		    (unsigned long long)m->left_out);
	if (l.n)
		give(m, &l);
	free(m);
}

struct draw *mermaid_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to)
{
	struct mermaid *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->d = (struct draw){ .row = row_of, .end = end, .look = look, .story = story, .out = out, .to = to };
	put_head(m);
	return &m->d;
}
