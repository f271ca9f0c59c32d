/* SPDX-License-Identifier: MIT */
/*
 * What a report shows of files, as XML. Of code only as much is understood as
 * tells a comment from what looks like one: in Python a number sign may stand
 * in a string, and a string of lines that stands where a statement does is one.
 */
#include "demo-markup.h"

#include <stdbool.h>
#include <string.h>

/* The end of a line that comes from elsewhere is no character of ours. What XML cannot hold is a replacement. */
static void put_char(FILE *to, int c)
{
	switch (c) {
	case '&':
		fputs("&amp;", to);
		break;
	case '<':
		fputs("&lt;", to);
		break;
	case '>':
		fputs("&gt;", to);
		break;
	case '"':
		fputs("&quot;", to);
		break;
	case '\r':
		break;
	default:
		if ((c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			fputs("\xef\xbf\xbd", to);
		else
			fputc(c, to);
	}
}

static void put_part(FILE *to, const char *text, const char *end)
{
	while (text < end)
		put_char(to, (unsigned char)*text++);
}

static void put_comment(FILE *to, const char *text, const char *end)
{
	fputs("<i>", to);
	put_part(to, text, end);
	fputs("</i>", to);
}

void markup_text(FILE *to, const char *text)
{
	put_part(to, text, text + strlen(text));
}

void markup_c(FILE *to, const char *code)
{
	while (*code) {
		const char *begin = strstr(code, "/*"), *end = begin ? strstr(begin + 2, "*/") : NULL;

		if (!begin) {
			markup_text(to, code);
			return;
		}
		end = end ? end + 2 : begin + strlen(begin);
		put_part(to, code, begin);
		put_comment(to, begin, end);
		code = end;
	}
}

/* Of a string that begins here; one of three goes over lines. */
static size_t quotes_of(const char *s)
{
	if (*s != '"' && *s != '\'')
		return 0;
	return s[1] == *s && s[2] == *s ? 3 : 1;
}

static const char *string_end(const char *s, size_t quotes)
{
	const char *c = s + quotes;

	while (*c && strncmp(c, s, quotes) != 0 && (quotes > 1 || *c != '\n'))
		c += *c == '\\' && c[1] ? 2 : 1;
	return strncmp(c, s, quotes) == 0 ? c + quotes : c;
}

void markup_python(FILE *to, const char *code)
{
	bool begins = true;             /* nothing but blanks in this line so far */

	while (*code) {
		size_t quotes = quotes_of(code);
		const char *end = quotes ? string_end(code, quotes) : code + 1;
		bool comment = *code == '#' || (quotes > 1 && begins);

		if (*code == '#')
			end = code + strcspn(code, "\n");
		if (comment)
			put_comment(to, code, end);
		else
			put_part(to, code, end);
		begins = *code == '\n' || (begins && (*code == ' ' || *code == '\t'));
		code = end;
	}
}
