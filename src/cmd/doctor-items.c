/* SPDX-License-Identifier: MIT */
/*
 * All that the doctor looks at, in the order in which it is shown, and how it
 * looks at the machine itself. The network is doctor-network.c, and what only
 * a socket can tell doctor-socket.c. A new item is a function and a row.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "../engine/engine.h"
#include "doctor.h"
#include "value.h"

enum {
	ADDRESSES = 2,                  /* of a service without an address: TCP and UDP */
	CLIENTS_LEAST = 10000,
	DESCRIPTORS = 65536,
	MEMLOCK = 8 * 1024 * 1024,      /* what kernels give since 5.16 */
	PTRACE_CHILDREN = 1, PTRACE_NOBODY = 3
};

/* -- The kernel and its rings -------------------------------------------------------- */

static void kernel(struct doctor_fact *f)
{
	struct utsname name;

	if (uname(&name) < 0)
		doctor_unknown(f);
	else
		doctor_value(f, "%s", name.release);
}

static void engine(struct doctor_fact *f)
{
	char why[ENGINE_WHY];

	if (engine_probe(ENGINE_BEST, why) == 0)
		doctor_value(f, "io_uring");
	else
		doctor_value(f, "epoll, for want of io_uring");
}

static bool is_filtered(void)
{
	char mode[DOCTOR_LINE];

	return doctor_line("/proc/self/status", "Seccomp:", mode) == 0 && strcmp(mode, "2") == 0;
}

/* Who forbids it: the system's setting comes before anybody's filter. */
static void io_uring_forbidden(struct doctor_fact *f, int err)
{
	int64_t disabled = 0;

	doctor_sysctl_number("kernel.io_uring_disabled", &disabled);
	if (disabled && err != -ENOSYS) {
		doctor_value(f, "forbidden: kernel.io_uring_disabled is %lld", (long long)disabled);
		doctor_mark(f, DOCTOR_MISSING, "sysctl -w kernel.io_uring_disabled=0");
	} else if (is_filtered()) {
		doctor_value(f, "forbidden: a seccomp filter answers %s", strerrorname_np(-err));
		doctor_mark(f, DOCTOR_MISSING,
		            "docker run --security-opt seccomp=FILE   # a profile that allows io_uring_*");
	} else if (err == -ENOSYS) {
		doctor_value(f, "the kernel has none");
		doctor_mark(f, DOCTOR_MISSING, "a kernel with CONFIG_IO_URING");
	} else {
		doctor_value(f, "forbidden: %s, by a security module or the hypervisor", strerrorname_np(-err));
		doctor_mark(f, DOCTOR_MISSING, "journalctl -k --grep denied   # names what forbids it");
	}
}

static void io_uring(struct doctor_fact *f)
{
	char why[ENGINE_WHY];
	int err = engine_probe(ENGINE_URING, why);

	if (!err) {
		doctor_value(f, "allowed");
	} else if (strstr(why, "built without")) {
		doctor_value(f, "%.200s", why);
		doctor_mark(f, DOCTOR_MISSING, "meson configure -During=enabled   # with liburing 2.3 or newer");
	} else if (err == -EPERM || err == -EACCES || err == -ENOSYS) {
		io_uring_forbidden(f, err);
	} else if (err == -ENOMEM) {
		doctor_value(f, "no memory for a ring: memlock is too low");
		doctor_mark(f, DOCTOR_MISSING, "ulimit -l unlimited");
	} else if (err == -EMFILE) {
		doctor_value(f, "no descriptor for a ring: nofile is too low");
		doctor_mark(f, DOCTOR_MISSING, "ulimit -n %d", DESCRIPTORS);
	} else {
		doctor_value(f, "%.160s (%s)", why, strerrorname_np(-err));
		doctor_mark(f, DOCTOR_MISSING, "a kernel of 6.0 or newer");
	}
}

/* -- Limits of the process ------------------------------------------------------------- */

static const char *count_text(char buf[VALUE_TEXT], rlim_t n)
{
	if (n == RLIM_INFINITY)
		return "unlimited";
	snprintf(buf, VALUE_TEXT, "%" PRIu64, (uint64_t)n);
	return buf;
}

static const char *size_text(char buf[VALUE_TEXT], rlim_t n)
{
	return n == RLIM_INFINITY ? "unlimited" : value_size_text(buf, (int64_t)n);
}

static void nofile(struct doctor_fact *f)
{
	char soft[VALUE_TEXT], hard[VALUE_TEXT];
	int clients = engine_clients(ADDRESSES);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%s soft, %s hard: %d clients of serve", count_text(soft, limit.rlim_cur),
	             count_text(hard, limit.rlim_max), clients);
	if (clients < CLIENTS_LEAST)
		doctor_mark(f, DOCTOR_LOW, "ulimit -n %d   # as root; in a unit of systemd LimitNOFILE=%d",
		            DESCRIPTORS, DESCRIPTORS);
}

static void memlock(struct doctor_fact *f)
{
	char soft[VALUE_TEXT], hard[VALUE_TEXT];
	bool exempt = doctor_can(CAP_IPC_LOCK);
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%s soft, %s hard%s", size_text(soft, limit.rlim_cur), size_text(hard, limit.rlim_max),
	             exempt ? ": CAP_IPC_LOCK is free of it" : "");
	if (limit.rlim_cur < MEMLOCK && !exempt)
		doctor_mark(f, DOCTOR_LOW, "ulimit -l %d   # as root; in a unit of systemd LimitMEMLOCK=8M",
		            MEMLOCK / 1024);
}

/* Without Yama the usual rule holds: programs of the same user. */
static void ptrace_scope(struct doctor_fact *f)
{
	static const char *const who[] = { "any program of the same user", "its own children", "only with privilege",
	                                   "nobody's" };
	int64_t scope;
	int err = doctor_sysctl_number("kernel.yama.ptrace_scope", &scope);

	if (err == -ENOENT) {
		doctor_value(f, "none: %s", who[0]);
		return;
	}
	if (err || scope < 0 || scope > PTRACE_NOBODY) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld: %s", (long long)scope, who[scope]);
	if (scope == PTRACE_NOBODY)
		doctor_mark(f, DOCTOR_MISSING, "a restart, with kernel.yama.ptrace_scope=0 in /etc/sysctl.d");
	else if (scope >= PTRACE_CHILDREN && !doctor_can(CAP_SYS_PTRACE))
		doctor_mark(f, DOCTOR_LOW, "sysctl -w kernel.yama.ptrace_scope=0");
}

/* -- The table ----------------------------------------------------------------------------- */

const struct doctor_item doctor_items[] = {
	{ "kernel", "what the system can do at all; the items below tell it better", kernel },
	{ "engine", "what serve runs on, unless it is told otherwise", engine },
	{ "io_uring", "without it serve runs on epoll, with more system calls for the same work", io_uring },
	{ "nofile", "each client of serve is a descriptor: callers beyond that wait or are turned away", nofile },
	{ "memlock", "sends without a copy (MSG_ZEROCOPY) hold memory, and fail beyond this", memlock },
	{ "somaxconn", "cuts the queue of callers, 4096 of serve: a burst of more is lost or waits", doctor_somaxconn },
	{ "tcp_max_syn_backlog", "without SYN cookies, callers beyond this number at once are lost",
	  doctor_syn_backlog },
	{ "ip_local_port_range", "each outgoing connection to one address needs a port of its own",
	  doctor_port_range },
	{ "rmem_max", "cuts the receive buffer, 4m of serve for UDP: a flood of datagrams is lost",
	  doctor_rmem_max },
	{ "rmem_default", "what a datagram socket has that asks for nothing: bursts beyond it are lost",
	  doctor_rmem_default },
	{ "wmem_max", "cuts the send buffer, 4m of serve for UDP: replies in a flood are dropped", doctor_wmem_max },
	{ "tcp_rmem", "the last number is the most that a connection may have on its way here", doctor_tcp_rmem },
	{ "tcp_wmem", "the last number is the most that a connection may have on its way to its peer",
	  doctor_tcp_wmem },
	{ "congestion", "serve takes cubic for peers on loopback: others may be slower there", doctor_congestion },
	{ "ipv6", "without ::1 and dual stack, programs here serve and call IPv4 alone", doctor_ipv6 },
	{ "mptcp", "without it a connection has one path (socket protocol 262)", doctor_mptcp },
	{ "vsock", "without it there are no vsock: addresses, between a virtual machine and its host",
	  doctor_vsock },
	{ "udp_offload", "without GSO and GRO each datagram goes through the system alone", doctor_udp_offload },
	{ "ip_unprivileged_port_start", "ports below it need privilege: daytime, time, discard and chargen have such",
	  doctor_port_start },
	{ "ping_group_range", "who is in none of these groups needs privilege for an ICMP echo", doctor_ping },
	{ "conntrack", "when the table is full, new connections are dropped without a word", doctor_conntrack },
	{ "time_wait", "beyond the most, ended connections are forgotten too early, and late packets confuse",
	  doctor_time_wait },
	{ "tcp_tw_reuse", "at 0 an outgoing connection keeps its port for a minute after its end",
	  doctor_tw_reuse },
	{ "resolver", "without a name server only names in /etc/hosts are found", doctor_resolver },
	{ "ptrace_scope", "whose calls strace(1) may watch when they run already", ptrace_scope },
	{ "busy_poll", "microseconds that a socket asks the network card before it sleeps", doctor_busy_poll },
	{ .name = NULL }
};

_Static_assert(sizeof doctor_items / sizeof *doctor_items <= DOCTOR_ITEMS_MOST, "the report has room for all");
