/* SPDX-License-Identifier: MIT */
/*
 * The report as a page: for each task its code, output, ladder and answers,
 * made of the files of its folder. It is well-formed XML, uses one style, named
 * by its hash (tools/embed.py), fetches nothing, and begins each task on a new
 * sheet of paper.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demo-markup.h"
#include "demo-report.h"
#include "report-data.h"
#include "visible.h"

/* -- Text ----------------------------------------------------------------------------------- */

static void put_lines(FILE *to, const char *const *lines)
{
	while (*lines)
		fputs(*lines++, to);
}

/* A whole file in memory, and a NUL behind it; to be freed. NULL and errno. */
static char *read_file(const struct report *r, int task, const char *name, size_t *n)
{
	char path[REPORT_PATH], *bytes;
	struct stat st;
	FILE *file;

	report_path(r, task, name, path);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	bytes = fstat(fileno(file), &st) < 0 ? NULL : malloc((size_t)st.st_size + 1);
	if (bytes) {
		*n = fread(bytes, 1, (size_t)st.st_size, file);
		bytes[*n] = '\0';
	}
	fclose(file);
	return bytes;
}

/* The same of text that may not be all text. */
static char *read_text(const struct report *r, int task, const char *name)
{
	struct visible visible = { .n = 0 };
	size_t n, at = 0;
	char *bytes = read_file(r, task, name, &n);
	char *text = bytes ? malloc(VISIBLE_ROOM(n) + VISIBLE_ROOM(0) + 1) : NULL;

	if (text) {
		at = visible_piece(&visible, text, bytes, n);
		at += visible_end(&visible, text + at);
		text[at] = '\0';
	}
	free(bytes);
	return text;
}

/* -- Parts ---------------------------------------------------------------------------------- */

static int put_source(FILE *to, const struct report *r, int task, int end)
{
	const char *name = r->files[task][end].name;
	char *text = read_text(r, task, name);

	if (!text)
		return -errno;
	fputs("<h4>", to);
	markup_text(to, name);
	fputs("</h4>\n<pre class=\"code\">", to);
	if (r->d->python)
		markup_python(to, text);
	else
		markup_c(to, text);
	fputs("</pre>\n", to);
	free(text);
	return 0;
}

static int put_output(FILE *to, const struct report *r, int task)
{
	char *text = read_text(r, task, "output.txt");

	if (!text)
		return -errno;
	fputs("<h3>Output</h3>\n<pre class=\"output\">", to);
	markup_text(to, text);
	fputs("</pre>\n", to);
	free(text);
	return 0;
}

/* Three pictures in one page: the heads of their arrows get names of their own. */
static void put_picture(FILE *to, const char *svg, int task)
{
	static const char *const names[] = { "id=\"head-", "url(#head-" };

	while (*svg) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			size_t n = strlen(names[i]) - strlen("head-");

			if (strncmp(svg, names[i], strlen(names[i])) == 0) {
				fprintf(to, "%.*stask%d-", (int)n, svg, task + 1);
				svg += n;
			}
		}
		fputc(*svg++, to);
	}
}

/* Without its own style: the page has the same one for all. */
static int put_ladder(FILE *to, const struct report *r, int task)
{
	size_t n;
	char *text = read_file(r, task, "ladder.svg", &n);
	const char *svg = text ? strstr(text, "<svg") : NULL, *style = svg ? strstr(svg, "<style>") : NULL;
	const char *rest = style ? strstr(style, "</style>") : NULL;

	if (!rest) {
		free(text);
		return text ? -EINVAL : -errno;
	}
	fputs("<h3>Ladder</h3>\n<figure class=\"picture\">\n", to);
	fwrite(svg, 1, (size_t)(style - svg), to);
	put_picture(to, rest + strlen("</style>"), task);
	fputs("</figure>\n", to);
	free(text);
	return 0;
}

static void put_answers(FILE *to, const struct answers *a)
{
	fputs("<h3>What happened</h3>\n<ol class=\"calls\">\n", to);
	for (size_t i = 0; i < a->n; i++) {
		const struct answer *one = &a->each[i];
		bool client = one->who == a->who[PLAY_CLIENT];

		if (!one->who) {
			fprintf(to, "\n<p class=\"note%s\">", one->warning ? " warning" : "");
		} else {
			fprintf(to, "%s<li class=\"%s\"><b>%s</b> <code>", i ? "</li>\n" : "",
			        client ? "client" : "server", one->who);
			markup_text(to, one->what);
			fputs("</code>\n<p>", to);
		}
		markup_text(to, one->meaning);
		fputs("</p>", to);
	}
	fputs(a->n ? "</li>\n</ol>\n" : "</ol>\n", to);
}

static int put_task(FILE *to, const struct report *r, int task)
{
	const struct answers *a = &r->answers[task];
	int err;

	fprintf(to, "<section id=\"task%d\">\n<h2>Task %d: ", task + 1, task + 1);
	markup_text(to, a->c->about);
	fputs("</h2>\n<p class=\"asked\">", to);
	markup_text(to, report_tasks[task].asked);
	if (a->shows) {
		fputs("</p>\n<p>", to);
		markup_text(to, a->shows);
	}
	fputs("</p>\n<h3>Code</h3>\n", to);
	err = put_source(to, r, task, PLAY_SERVER);
	if (!err)
		err = put_source(to, r, task, PLAY_CLIENT);
	if (!err)
		err = put_output(to, r, task);
	if (!err)
		err = put_ladder(to, r, task);
	put_answers(to, a);
	fputs("</section>\n", to);
	return err;
}

/* -- The page ------------------------------------------------------------------------------- */

static void put_start(FILE *to, const char *owner)
{
	fprintf(to, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	        "<meta charset=\"utf-8\"/>\n"
	        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	        "style-src '%s'; base-uri 'none'; form-action 'none'\"/>\n"
	        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	        "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	        "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
	        "<title>%s%sSocket programming, three tasks</title>\n<style>\n",
	        data_style_hash, owner ? owner : "", owner ? ": " : "");
	put_lines(to, data_ladder_css);
	put_lines(to, data_report_css);
	fputs("</style>\n</head>\n<body>\n", to);
}

static void put_header(FILE *to, const struct report *r)
{
	fputs("<header>\n", to);
	if (r->d->owner)
		fprintf(to, "<p class=\"owner\">%s</p>\n", r->d->owner);
	fputs("<h1>Socket programming</h1>\n<p>Three tasks, each run for real: the code, what it printed, "
	      "a ladder of its calls, and what they meant. In a ladder time runs down; an arrow leads from the "
	      "call that sent to the call that received; what is dashed was not seen, the kernel must have done "
	      "it.</p>\n<ol>\n", to);
	for (int i = 0; i < REPORT_TASKS; i++) {
		fprintf(to, "<li><a href=\"#task%d\">", i + 1);
		markup_text(to, r->answers[i].c->about);
		fputs("</a></li>\n", to);
	}
	fputs("</ol>\n</header>\n<main>\n", to);
}

int sheet_write(const struct report *r, const char *path)
{
	FILE *to = fopen(path, "wxe");
	int err = 0;

	if (!to)
		return -errno;
	put_start(to, r->d->owner);
	put_header(to, r);
	for (int task = 0; !err && task < REPORT_TASKS; task++)
		err = put_task(to, r, task);
	fputs("</main>\n</body>\n</html>\n", to);
	if (ferror(to) && !err)
		err = -EIO;
	if (fclose(to) && !err)
		err = -errno;
	return err;
}
