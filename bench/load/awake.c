/* SPDX-License-Identifier: MIT */
/*
 * Keeps a core from halting and takes it from nobody: a loop of the class
 * SCHED_IDLE, which runs only when nothing else would. In some virtual machines
 * a core that halts is slow to return, and that would be most of what is
 * measured; in others an idle core polls, and it is the busy one that is slow,
 * because it must be interrupted. It ends with its parent, or after an hour.
 *
 *	taskset -c 0 awake
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	struct sched_param none = { 0 };
	volatile unsigned long turns = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(3600);
	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0) {
		perror("awake");
		return 1;
	}
	for (;;)
		turns++;
}
