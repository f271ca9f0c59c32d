/* SPDX-License-Identifier: MIT */
/*
 * Run a command to which io_uring is forbidden, as many containers do it: a
 * seccomp filter answers the calls of io_uring with an errno.
 *
 *	forbid eperm|enosys COMMAND [ARGUMENT...]
 *
 * It forbids nothing else and is no sandbox: calls of another architecture
 * pass.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_NOT_FORBIDDEN = 125, EXIT_NOT_RUN = 127 };

static int forbid(unsigned err)
{
	const unsigned number = offsetof(struct seccomp_data, nr);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
	};
	struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	unsigned err = argc > 2 && strcmp(argv[1], "eperm") == 0 ? EPERM :
	               argc > 2 && strcmp(argv[1], "enosys") == 0 ? ENOSYS : 0;

	if (!err) {
		fprintf(stderr, "usage: forbid eperm|enosys COMMAND [ARGUMENT...]\n");
		return EXIT_NOT_FORBIDDEN;
	}
	if (forbid(err) < 0) {
		perror("forbid");
		return EXIT_NOT_FORBIDDEN;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return EXIT_NOT_RUN;
}
