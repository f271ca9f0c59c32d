/* SPDX-License-Identifier: MIT */
/*
 * Programs that may be there or not: each is tried by its names in turn. They
 * say nothing, have a limit, and a process group of their own, so that nothing
 * of them goes on when they have ended or been ended.
 */
#include "demo-tools.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"

enum { PATH = 4096, ARGUMENT = PATH + 32, LIMIT_S = 120, TICK_MS = 5, FOLDERS = 16 };

/* -- Running one ---------------------------------------------------------------------------- */

static int start(pid_t *pid, const char *const *argv, const char *folder)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
	posix_spawn_file_actions_addchdir_np(&files, folder);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	err = posix_spawnp(pid, argv[0], &files, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* To its end, or to the limit. Returns 0 when it ended well. */
static int run(const char *const *argv, const char *folder)
{
	int64_t until = clock_now() + LIMIT_S * CLOCK_SEC;
	pid_t pid, ended = 0;
	int status = 0, err = start(&pid, argv, folder);

	if (err)
		return err;
	while (ended == 0 && clock_now() < until) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == 0)
			poll(NULL, 0, TICK_MS);
	}
	kill(-pid, SIGKILL);
	if (ended == 0)
		waitpid(pid, NULL, 0);
	if (ended != pid)
		return -ETIMEDOUT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* -- A browser ------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	remove(path);
	return 0;
}

/* Its sandbox is not to be had by root; the page is ours, and loads nothing. */
static int print_by(const char *browser, const char *page, const char *pdf, const char *profile)
{
	char data[ARGUMENT], to[ARGUMENT], url[ARGUMENT];
	const char *argv[] = {
		browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-pdf-header-footer", data, to, url, NULL, NULL,
	};

	snprintf(data, sizeof data, "--user-data-dir=%s", profile);
	snprintf(to, sizeof to, "--print-to-pdf=%s", pdf);
	snprintf(url, sizeof url, "file://%s", page);
	if (geteuid() == 0) {
		argv[11] = argv[10];
		argv[10] = "--no-sandbox";
	}
	return run(argv, profile);
}

int tools_print(const char *page, const char *pdf)
{
	static const char *const names[] = { "chromium", "chromium-browser", "google-chrome", "chrome" };
	const char *folder = getenv("TMPDIR");
	char profile[PATH];
	int err = -ENOENT;

	snprintf(profile, sizeof profile, "%s/sockeye-demo-XXXXXX", folder && *folder == '/' ? folder : "/tmp");
	if (!mkdtemp(profile))
		return -errno;
	for (size_t i = 0; err == -ENOENT && i < sizeof names / sizeof *names; i++)
		err = print_by(names[i], page, pdf, profile);
	nftw(profile, remove_one, FOLDERS, FTW_DEPTH | FTW_PHYS);
	if (!err && access(pdf, R_OK) < 0)
		err = -EIO;
	return err;
}

/* -- An archiver ---------------------------------------------------------------------------- */

int tools_pack(const char *parent, const char *name, const char *zip)
{
	const char *const ways[][8] = {
		{ "zip", "-q", "-r", "-X", zip, name, NULL },
		{ "bsdtar", "-a", "-c", "-f", zip, name, NULL },
		{ "python3", "-m", "zipfile", "-c", zip, name, NULL },
	};
	int err = -ENOENT;

	for (size_t i = 0; err == -ENOENT && i < sizeof ways / sizeof *ways; i++)
		err = run(ways[i], parent);
	return err;
}
