/* SPDX-License-Identifier: MIT */
/*
 * A program for the kernel's filter of system calls: those of the table stop
 * for the tracer, all others go on as they are. One without privilege may set
 * it only with no_new_privs.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ptrace-inner.h"

enum { ROOM = 256 };

#define LOAD(member) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member)))
#define UNLESS(value, skip) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip))
#define ANSWER(value) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value))

/* The lower half of an argument; the numbers that are looked for have no other. */
static struct sock_filter load_arg(int i)
{
	size_t half = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0;
	size_t at = offsetof(struct seccomp_data, args) + (size_t)i * sizeof(uint64_t) + half;

	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
}

/* If it is this call: stop, or stop if its argument is one of those. */
static int put_kind(struct sock_filter *at, const struct ptrace_kind *kind)
{
	int n = 1;

	if (kind->filter_values) {
		at[n++] = load_arg(kind->filter_arg);
		for (const uint32_t *value = kind->filter_values; ; value++) {
			at[n++] = UNLESS(*value, 1);
			at[n++] = ANSWER(SECCOMP_RET_TRACE);
			if (!*value)
				break;
		}
		at[n++] = ANSWER(SECCOMP_RET_ALLOW);
	} else {
		at[n++] = ANSWER(SECCOMP_RET_TRACE);
	}
	at[0] = UNLESS((uint32_t)kind->nr, (uint8_t)(n - 1));
	return n;
}

static unsigned short build(struct sock_filter *code)
{
	int kinds, n = 0;
	const struct ptrace_kind *kind = ptrace_kind_all(&kinds);

	code[n++] = LOAD(arch);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PTRACE_NATIVE, 1, 0);
	code[n++] = ANSWER(SECCOMP_RET_ALLOW);
	code[n++] = LOAD(nr);
	for (int i = 0; i < kinds; i++)
		n += put_kind(code + n, &kind[i]);
	code[n++] = ANSWER(SECCOMP_RET_ALLOW);
	return (unsigned short)n;
}

int ptrace_filter_install(void)
{
	struct sock_filter code[ROOM];
	struct sock_fprog program = { .len = build(code), .filter = code };

	if (!PTRACE_NATIVE)
		return -ENOSYS;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno;
}
