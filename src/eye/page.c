/* SPDX-License-Identifier: MIT */
/*
 * Markup, written piece by piece. Every character of a stranger's goes through
 * page_bytes: first made visible (shown.h), then its brackets escaped, so that
 * it is text in XML and in HTML alike.
 */
#include "page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/addrtext.h"
#include "shown.h"

enum { PIECE = 1024, PORTION = 64, PORTION_ROOM = 10 * PORTION + 1, CHARACTER = 4 };

void page_flush(struct page *p)
{
	draw_put(&p->draw, p->held, p->n);
	p->n = 0;
}

static void hold(struct page *p, const char *bytes, size_t n)
{
	if (n > sizeof p->held - p->n)
		page_flush(p);
	if (n > sizeof p->held) {
		draw_put(&p->draw, bytes, n);
		return;
	}
	memcpy(p->held + p->n, bytes, n);
	p->n += n;
}

void page_put(struct page *p, const char *markup)
{
	hold(p, markup, strlen(markup));
}

void page_lines(struct page *p, const char *const *lines)
{
	while (*lines) page_put(p, *lines++);
}

void page_print(struct page *p, const char *format, ...)
{
	char piece[PIECE];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(piece, sizeof piece, format, args);
	va_end(args);
	if (n > 0)
		hold(p, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void escape(struct page *p, const char *s, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *instead = entity(s[i]);

		if (!instead)
			continue;
		hold(p, s + from, i - from);
		page_put(p, instead);
		from = i + 1;
	}
	hold(p, s + from, n - from);
}

/* So many bytes that no character is cut, where there are characters at all. */
static size_t portion(const char *bytes, size_t n)
{
	if (n <= PORTION)
		return n;
	for (size_t end = PORTION; end > PORTION - CHARACTER; end--)
		if (((unsigned char)bytes[end] & 0xc0) != 0x80)
			return end;
	return PORTION;
}

void page_bytes(struct page *p, const char *bytes, size_t n)
{
	while (n) {
		char shown[PORTION_ROOM];
		size_t part = portion(bytes, n);

		escape(p, shown, shown_bytes(shown, sizeof shown, bytes, part));
		bytes += part;
		n -= part;
	}
}

void page_text(struct page *p, const char *text)
{
	if (text)
		page_bytes(p, text, strlen(text));
}

void page_count(struct page *p, uint64_t n)
{
	if (n >= 1000) {
		page_count(p, n / 1000);
		page_print(p, ",%03u", (unsigned)(n % 1000));
	} else {
		page_print(p, "%u", (unsigned)n);
	}
}

/* Three digits of it. */
static void put_measure(struct page *p, double value, const char *unit)
{
	page_print(p, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
}

void page_took(struct page *p, int64_t ns)
{
	double value = (double)ns;

	if (ns < 1000)
		page_print(p, "%" PRId64 " ns", ns);
	else if (ns < 1000000)
		put_measure(p, value / 1e3, "\xc2\xb5s");
	else if (ns < 1000000000)
		put_measure(p, value / 1e6, "ms");
	else
		put_measure(p, value / 1e9, "s");
}

/* The record's bytes have no alignment; a system address needs one. */
void page_addr(struct page *p, const struct event_addr *addr, int type, int proto)
{
	struct sockaddr_storage aligned = { 0 };
	char text[ADDRTEXT_ROOM];
	size_t len = addr->len < sizeof addr->bytes ? addr->len : sizeof addr->bytes;

	memcpy(&aligned, addr->bytes, len);
	page_bytes(p, text,
		addrtext_print(text, sizeof text, (struct sockaddr *)&aligned, (socklen_t)len, type,
			proto));
}
