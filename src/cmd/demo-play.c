/* SPDX-License-Identifier: MIT */
/*
 * A conversation is a run of trace with two programs. Their words are kept in
 * memory, for between the lines of a ladder nobody could read them, and the
 * client is given what a person would type, so that nobody has to.
 */
#include "demo-play.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "demo-port.h"
#include "demo-python.h"
#include "out.h"

enum { ARGUMENTS = 4, TITLE = 64 };

/* A program as it is started: python3 -u FILE, or FILE alone. */
struct program_line {
	char python[sizeof "python3"], unbuffered[sizeof "-u"];
	char path[BESIDE_PATH + 2];
	char *argv[ARGUMENTS];
};

/* -- The programs --------------------------------------------------------------------------- */

int play_find(const struct demo *d, const char *name, char path[])
{
	char built[256], installed[256];

	snprintf(built, sizeof built, "../../examples/%s", name);
	snprintf(installed, sizeof installed, "sockeye/lectures/%s", name);
	if (beside_find(path, built, installed))
		return 0;
	return demo_fail(d, "install the command with all that belongs to it; in its sources ./run build makes it",
	                 "%s is missing: not beside this command, nor in %s/sockeye/lectures", name,
	                 beside_installed);
}

static bool is_python(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".py") == 0;
}

/* One of the user's own. A word without a slash is a file here, and not one of PATH; no path is an option. */
static int find_own(const struct demo *d, const char *file, struct program_line *line)
{
	const char *next = "a Python program's name ends in .py; another is made executable by chmod +x";
	char shown[OUT_SHOWN];
	struct stat st;
	int err = stat(file, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;

	if (!err && access(file, is_python(file) ? R_OK : X_OK) < 0)
		err = errno;
	if (err)
		return demo_fail(d, err == EACCES ? next : "name the file of a program", "%s: %s",
		                 out_shown(shown, file), strerrordesc_np(err));
	snprintf(line->path, sizeof line->path, "%s%s", strchr(file, '/') && *file != '-' ? "" : "./", file);
	return 0;
}

/* -u: what it prints is not lost when it is ended. */
static int find(const struct demo *d, const char *own, const char *name, struct program_line *line)
{
	int code = own ? find_own(d, own, line) : play_find(d, name, line->path);
	int n = 0;

	memcpy(line->python, "python3", sizeof line->python);
	memcpy(line->unbuffered, "-u", sizeof line->unbuffered);
	if (is_python(line->path)) {
		line->argv[n++] = line->python;
		line->argv[n++] = line->unbuffered;
	}
	line->argv[n++] = line->path;
	line->argv[n] = NULL;
	return code;
}

/* -- The run -------------------------------------------------------------------------------- */

/* A file of no folder. Programs that share it write one behind the other. */
static FILE *new_file(const char *text)
{
	int fd = memfd_create("demo", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!file) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (text)
		fprintf(file, "%s\n", text);
	fflush(file);
	rewind(file);
	return file;
}

/* Trace's own failures are told already. */
static int judge(const struct play *p, const struct demo *d, int code)
{
	if (code > 0 && code < TRACE_FAILED)
		return demo_fail(d, "what it printed may say why; its last calls are in the ladder",
		                 "%s: the client ended with exit code %d", p->c->name, code);
	return code;
}

/* Both programs, and a port for a server whose port we know. */
static int cast(const struct demo *d, const struct conversation *c, struct program_line *server,
                struct program_line *client)
{
	struct python_pair pair;
	int code = d->python ? python_need(d, c, &pair) : 0;

	if (!code)
		code = find(d, d->python ? pair.path[PLAY_SERVER] : d->server, c->server, server);
	if (!code)
		code = find(d, d->python ? pair.path[PLAY_CLIENT] : d->client, c->client, client);
	if (!code && !d->server)
		code = port_wait(d, c, d->python ? server->path : NULL);
	return code;
}

static int trace_it(struct play *p, const struct demo *d, const struct trace *how, int ladder, FILE *typed)
{
	struct program_line server, client;
	char title[TITLE], **commands[PLAY_ENDS] = { server.argv, client.argv };
	struct trace_streams streams = {
		.ladder = ladder, .in = fileno(typed),
		.out = { fileno(p->said[PLAY_SERVER]), fileno(p->said[PLAY_CLIENT]) },
	};
	struct trace t = *how;
	int code = cast(d, p->c, &server, &client);

	if (code)
		return code;
	snprintf(title, sizeof title, "sockeye demo %s", p->c->name);
	t.verb = d->verb;
	t.commands = commands;
	t.count = PLAY_ENDS;
	t.title = title;
	t.streams = &streams;
	return judge(p, d, trace_run(&t));
}

int play_run(struct play *p, const struct demo *d, const struct conversation *c,
             const struct trace *trace, int ladder)
{
	FILE *typed = new_file(c->typed);
	int code;

	*p = (struct play){ .c = c, .said = { new_file(NULL), new_file(NULL) } };
	if (!typed || !p->said[PLAY_SERVER] || !p->said[PLAY_CLIENT])
		code = demo_fail(d, NULL, "%s: no room for what the programs print: %s", c->name,
		                 strerrordesc_np(errno));
	else
		code = trace_it(p, d, trace, ladder, typed);
	if (typed)
		fclose(typed);
	for (int i = 0; i < PLAY_ENDS; i++)
		if (p->said[i])
			rewind(p->said[i]);
	return code;
}

void play_end(struct play *p)
{
	for (int i = 0; i < PLAY_ENDS; i++)
		if (p->said[i])
			fclose(p->said[i]);
}

/* -- What was said -------------------------------------------------------------------------- */

static void tell(FILE *to, const char *who, FILE *said)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	rewind(said);
	while ((n = getline(&line, &room, said)) > 0) {
		fprintf(to, "%s | ", who);
		fwrite(line, 1, (size_t)n, to);
		if (line[n - 1] != '\n')
			fputc('\n', to);
	}
	free(line);
}

void play_tell(const struct play *p, FILE *to)
{
	if (p->c->typed)
		fprintf(to, "typed  | %s\n", p->c->typed);
	tell(to, "server", p->said[PLAY_SERVER]);
	tell(to, "client", p->said[PLAY_CLIENT]);
}
