/* SPDX-License-Identifier: MIT */
/*
 * A conversation's programs are looked for in a few places, one after the
 * other, and both must be in the same. The names of a place are written once,
 * here, for the finding and for the sentence that tells what was not found.
 */
#include "demo-python.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/put.h"
#include "out.h"

enum { PLACES = 4, NAME = 64, LOOKED = 600 };

/* A pair of files in a folder below the user's, or in that itself: "". */
struct place {
	char folder[NAME + 1];
	char name[PLAY_ENDS][NAME];
};

static void name_place(struct place *at, const char *folder, const char *server, const char *client,
                       const char *ending)
{
	snprintf(at->folder, sizeof at->folder, "%s%s", folder, *folder ? "/" : "");
	snprintf(at->name[PLAY_SERVER], NAME, "%s%s", server, ending);
	snprintf(at->name[PLAY_CLIENT], NAME, "%s%s", client, ending);
}

/* The lectures' own names first. */
static int places(const struct conversation *c, struct place at[PLACES])
{
	char task[NAME];
	int n = 0;

	if (c->own_server)
		name_place(&at[n++], "", c->own_server, c->own_client, "");
	if (c->task) {
		snprintf(task, sizeof task, "Task%02d", c->task);
		name_place(&at[n++], task, "server", "client", ".py");
	}
	name_place(&at[n++], c->name, "server", "client", ".py");
	name_place(&at[n++], "", c->server, c->client, ".py");
	return n;
}

static bool is_there(const struct demo *d, const struct place *at, int end, char path[BESIDE_PATH])
{
	struct stat st;
	int n = snprintf(path, BESIDE_PATH, "%s/%s%s", d->python, at->folder, at->name[end]);

	return n < BESIDE_PATH && stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool is_whole(const struct demo *d, const struct place *at, struct python_pair *pair)
{
	return is_there(d, at, PLAY_SERVER, pair->path[PLAY_SERVER]) &&
	       is_there(d, at, PLAY_CLIENT, pair->path[PLAY_CLIENT]);
}

/* The side that has no other beside it; or PLAY_ENDS. */
static int half(const struct demo *d, const struct place *at, struct python_pair *pair)
{
	bool server = is_there(d, at, PLAY_SERVER, pair->path[PLAY_SERVER]);
	bool client = is_there(d, at, PLAY_CLIENT, pair->path[PLAY_CLIENT]);

	return server == client ? PLAY_ENDS : server ? PLAY_SERVER : PLAY_CLIENT;
}

/* Told is the place where half of it is, else the first. */
int python_find(const struct demo *d, const struct conversation *c, struct python_pair *pair,
                char why[PYTHON_WHY])
{
	struct place at[PLACES];
	char shown[OUT_SHOWN];
	int n = places(c, at);

	for (int i = 0; i < n; i++)
		if (is_whole(d, &at[i], pair))
			return 0;
	out_shown(shown, d->python);
	snprintf(why, PYTHON_WHY, "no %s%s and %s in %s", at->folder, at->name[PLAY_SERVER], at->name[PLAY_CLIENT],
	         shown);
	for (int i = 0; i < n; i++) {
		int end = half(d, &at[i], pair);

		if (end == PLAY_ENDS)
			continue;
		snprintf(why, PYTHON_WHY, "no %s beside %s%s in %s", at[i].name[!end], at[i].folder, at[i].name[end],
		         shown);
		break;
	}
	return -ENOENT;
}

int python_need(const struct demo *d, const struct conversation *c, struct python_pair *pair)
{
	char why[PYTHON_WHY], looked[LOOKED];
	struct put p = put_into(looked, sizeof looked);
	struct place at[PLACES];
	int n = places(c, at);

	if (python_find(d, c, pair, why) == 0)
		return 0;
	put_text(&p, "looked for ");
	for (int i = 0; i < n; i++) {
		put_text(&p, i == 0 ? "" : i < n - 1 ? ", " : ", or ");
		put_text(&p, at[i].folder);
		put_text(&p, at[i].name[PLAY_SERVER]);
		put_text(&p, " and ");
		put_text(&p, at[i].name[PLAY_CLIENT]);
	}
	return demo_fail(d, looked, "%s: %s", c->name, why);
}

static bool has_any(const struct demo *d)
{
	struct python_pair pair;
	char why[PYTHON_WHY];

	for (const struct conversation *c = conversations; c->name; c++)
		if (python_find(d, c, &pair, why) == 0)
			return true;
	return false;
}

int python_check(const struct demo *d)
{
	struct python_pair pair;
	char shown[OUT_SHOWN];
	struct stat st;
	int err = stat(d->python, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;

	out_shown(shown, d->python);
	if (err)
		return demo_fail(d, "name the folder of your own Python programs", "%s: %s", shown,
		                 strerrordesc_np(err));
	if (d->chosen)
		return python_need(d, d->chosen, &pair);
	if (has_any(d))
		return 0;
	return demo_fail(d, "they are TCP-server.py and TCP-client.py, TCPServer.py and TCPClient.py, the same with "
	                 "UDP, server.py and client.py, also in Task01 to Task03, or as in tcp-echo/server.py and "
	                 "client.py",
	                 "%s has no programs of any conversation", shown);
}
