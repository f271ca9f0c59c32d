/* SPDX-License-Identifier: MIT */
/*
 * How long a server takes from its exec to its line on stdout, which it writes
 * when it accepts. Prints microseconds, a line for each start.
 *
 *	start REPEATS COMMAND [ARGUMENT...]
 */
#include "../plain.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void start_once(char **command)
{
	posix_spawn_file_actions_t actions;
	int ends[2];
	char line[256];
	pid_t child;

	if (pipe(ends) < 0)
		plain_fail("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);

	uint64_t begun = plain_now();
	if (posix_spawnp(&child, command[0], &actions, NULL, command, environ) != 0)
		plain_fail(command[0]);
	close(ends[1]);
	if (read(ends[0], line, sizeof line) <= 0)
		plain_fail("no line from the server");
	printf("%.1f\n", (double)(plain_now() - begun) / 1e3);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: start REPEATS COMMAND [ARGUMENT...]\n");
		return 2;
	}
	for (long left = plain_number(argv[1], 1, 1000); left > 0; left--)
		start_once(argv + 2);
	return 0;
}
