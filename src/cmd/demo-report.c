/* SPDX-License-Identifier: MIT */
/*
 * The lab's report: a folder with one more for each of its three tasks, which
 * has the code, and what a run of it printed, drew and meant; the page that
 * shows all of it; that page as a PDF; and an archive of the folder. Nothing
 * that was there is written over.
 */
#include "demo-report.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo-python.h"
#include "demo-tools.h"
#include "out.h"

enum { COPY = 4096 };

const struct report_task report_tasks[REPORT_TASKS] = {
	{ "accept", "Write a server that accepts callers and a client that connects; comment the code; run both and "
	  "observe what they print." },
	{ "greet", "Change them so that the server sends a message to the client, which displays it." },
	{ "lab-echo", "Make it an echo server: it receives a message from a client and sends the same message back." },
};

/* -- Files ---------------------------------------------------------------------------------- */

void report_path(const struct report *r, int task, const char *file, char path[REPORT_PATH])
{
	snprintf(path, REPORT_PATH, "%s/Task%02d%s%s", r->folder, task + 1, *file ? "/" : "", file);
}

static int cannot(const struct report *r, const char *path, int err)
{
	return demo_fail(r->d, "make room, or name another place", "%s: %s", path, strerrordesc_np(err));
}

/* A new file of a task. NULL: has told why. */
static FILE *make(const struct report *r, int task, const char *name)
{
	char path[REPORT_PATH];
	FILE *file;

	report_path(r, task, name, path);
	file = fopen(path, "wxe");
	if (!file)
		cannot(r, path, errno);
	return file;
}

/* It counts as written when it is closed. */
static int finish(const struct report *r, FILE *file, const char *name)
{
	bool failed = ferror(file);

	if (!fclose(file) && !failed)
		return 0;
	return cannot(r, name, failed ? EIO : errno);
}

static int copy_source(const struct report *r, int task, int end)
{
	const struct report_file *f = &r->files[task][end];
	FILE *from = fopen(f->path, "re"), *to;
	char bytes[COPY];
	size_t n;

	if (!from)
		return cannot(r, f->path, errno);
	to = make(r, task, f->name);
	while (to && (n = fread(bytes, 1, sizeof bytes, from)) > 0)
		fwrite(bytes, 1, n, to);
	fclose(from);
	return to ? finish(r, to, f->name) : CODE_NETWORK;
}

/* -- A task --------------------------------------------------------------------------------- */

/* As a person would have run it. */
static void put_said(FILE *to, const struct report *r, const char *program, FILE *said)
{
	int c, last = '\n';

	fprintf(to, "$ %s%s\n", r->d->python ? "python3 " : "./", program);
	rewind(said);
	while ((c = getc(said)) != EOF)
		fputc(last = c, to);
	if (last != '\n')
		fputc('\n', to);
}

static int write_texts(struct report *r, int task, const struct play *p)
{
	FILE *output = make(r, task, "output.txt"), *answers;

	if (!output)
		return CODE_NETWORK;
	put_said(output, r, r->answers[task].who[PLAY_SERVER], p->said[PLAY_SERVER]);
	fputc('\n', output);
	put_said(output, r, r->answers[task].who[PLAY_CLIENT], p->said[PLAY_CLIENT]);
	if (finish(r, output, "output.txt"))
		return CODE_NETWORK;
	answers = make(r, task, "answers.txt");
	if (!answers)
		return CODE_NETWORK;
	answers_put(&r->answers[task], answers);
	return finish(r, answers, "answers.txt");
}

static int play_task(struct report *r, int task, const struct conversation *c)
{
	char picture[REPORT_PATH], text[REPORT_PATH];
	struct trace t = r->d->trace;
	struct play p;
	int code;

	report_path(r, task, "ladder.svg", picture);
	report_path(r, task, "ladder.txt", text);
	t.outputs[0] = picture;
	t.outputs[1] = text;
	t.output_count = 2;
	t.quiet = true;
	t.rows = answers_row;
	t.rows_to = &r->answers[task];
	code = play_run(&p, r->d, c, &t, STDOUT_FILENO);
	if (!code)
		code = write_texts(r, task, &p);
	else if (p.said[PLAY_SERVER] && p.said[PLAY_CLIENT])
		play_tell(&p, stdout);
	play_end(&p);
	return code;
}

/* -- The programs --------------------------------------------------------------------------- */

/* Those of the user have names of their own. */
static int find_own(struct report *r, int task)
{
	struct python_pair pair;
	int code = python_need(r->d, r->answers[task].c, &pair);

	for (int end = 0; !code && end < PLAY_ENDS; end++) {
		struct report_file *f = &r->files[task][end];

		snprintf(f->path, sizeof f->path, "%s", pair.path[end]);
		snprintf(f->name, sizeof f->name, "%s", strrchr(f->path, '/') + 1);
		r->answers[task].who[end] = f->name;
	}
	return code;
}

static int find_ours(struct report *r, int task)
{
	struct answers *a = &r->answers[task];
	int code = 0;

	a->who[PLAY_SERVER] = a->c->server;
	a->who[PLAY_CLIENT] = a->c->client;
	a->shows = a->c->shows;
	for (int end = 0; !code && end < PLAY_ENDS; end++) {
		struct report_file *f = &r->files[task][end];

		snprintf(f->name, sizeof f->name, "%s.c", a->who[end]);
		code = play_find(r->d, f->name, f->path);
	}
	return code;
}

/* Before anything is made. */
static int find_all(struct report *r)
{
	int code = r->d->python ? python_check(r->d) : 0;

	for (int task = 0; !code && task < REPORT_TASKS; task++) {
		r->answers[task].c = conversation_find(report_tasks[task].name);
		code = r->d->python ? find_own(r, task) : find_ours(r, task);
	}
	return code;
}

/* -- The whole ------------------------------------------------------------------------------ */

static int make_task(struct report *r, int task)
{
	const struct conversation *c = r->answers[task].c;
	char path[REPORT_PATH];
	int code;

	report_path(r, task, "", path);
	if (mkdir(path, 0777) < 0)
		return cannot(r, path, errno);
	code = copy_source(r, task, PLAY_SERVER);
	if (!code)
		code = copy_source(r, task, PLAY_CLIENT);
	if (!code)
		code = play_task(r, task, c);
	if (!code && r->answers[task].lacks_memory)
		code = demo_fail(r->d, NULL, "out of memory");
	if (!code)
		printf("%s: %s, %s\n", path, c->name, c->about);
	fflush(stdout);
	return code;
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	bool empty = dir;

	for (struct dirent *e; dir && empty && (e = readdir(dir));)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return empty;
}

static int make_folder(struct report *r)
{
	const char *path = r->d->report;
	char shown[OUT_SHOWN], *whole;

	out_shown(shown, path);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return demo_fail(r->d, "the folder that it is to be in must be there, and be your own", "%s: %s", shown,
		                 strerrordesc_np(errno));
	if (!is_empty(path))
		return demo_fail(r->d, "name a new folder, or an empty one: nothing is written over",
		                 "%s is there already, and no empty folder", shown);
	whole = realpath(path, NULL);
	if (!whole || snprintf(r->folder, sizeof r->folder, "%s", whole) >= REPORT_FOLDER)
		return free(whole), cannot(r, shown, whole ? ENAMETOOLONG : errno);
	free(whole);
	return 0;
}

/* "DIR/report.pdf", or as the lab names it. */
static void name_file(const struct report *r, const char *ending, char path[REPORT_PATH])
{
	const char *owner = r->d->owner;

	snprintf(path, REPORT_PATH, "%s/%s%s.%s", r->folder, owner ? owner : "",
	         owner ? "_Report" : "report", ending);
}

/* It lies beside the folder, for it is made of all that is in it. */
static void name_archive(const struct report *r, char path[REPORT_PATH])
{
	const char *owner = r->d->owner;

	if (owner)
		snprintf(path, REPORT_PATH, "%.*s/%s_Labo3.zip", (int)(strrchr(r->folder, '/') - r->folder),
		         r->folder, owner);
	else
		snprintf(path, REPORT_PATH, "%s.zip", r->folder);
}

static int check_archive(const struct report *r)
{
	char path[REPORT_PATH];
	struct stat st;

	name_archive(r, path);
	if (lstat(path, &st) < 0)
		return 0;
	rmdir(r->folder);
	return demo_fail(r->d, "remove it, or name another folder: nothing is written over",
	                 "%s is there already", path);
}

/* What cannot be had is told, and no failure: the page has all of it. */
static int print_it(const struct report *r, const char *page)
{
	char pdf[REPORT_PATH];
	int err;

	name_file(r, "pdf", pdf);
	err = tools_print(page, pdf);
	if (err == -ENOENT)
		puts("no PDF: no Chromium is installed; a browser prints the page to one");
	else if (err)
		return demo_fail(r->d, "a browser prints the page to a PDF by hand", "%s: Chromium failed: %s", pdf,
		                 strerrordesc_np(-err));
	else
		puts(pdf);
	return 0;
}

static int pack_it(const struct report *r)
{
	const char *name = strrchr(r->folder, '/') + 1;
	char zip[REPORT_PATH], parent[REPORT_PATH];
	int err;

	name_archive(r, zip);
	snprintf(parent, sizeof parent, "%.*s", (int)(name - r->folder), r->folder);
	err = tools_pack(parent, name, zip);
	if (err == -ENOENT)
		puts("no archive: neither zip, bsdtar nor python3 is installed");
	else if (err)
		return demo_fail(r->d, "pack the folder by hand", "%s: the archiver failed: %s", zip,
		                 strerrordesc_np(-err));
	else
		puts(zip);
	return 0;
}

static int make_all(struct report *r)
{
	char page[REPORT_PATH];
	int code = 0, err;

	for (int task = 0; !code && task < REPORT_TASKS; task++)
		code = make_task(r, task);
	if (code)
		return code;
	name_file(r, "html", page);
	err = sheet_write(r, page);
	if (err)
		return cannot(r, page, -err);
	puts(page);
	fflush(stdout);
	code = print_it(r, page);
	err = pack_it(r);
	return code ? code : err;
}

int demo_report(const struct demo *d)
{
	struct report r = { .d = d };
	int code = find_all(&r);

	if (!code)
		code = make_folder(&r);
	if (!code)
		code = check_archive(&r);
	if (!code)
		code = make_all(&r);
	for (int i = 0; i < REPORT_TASKS; i++)
		answers_free(&r.answers[i]);
	return code;
}
