/* SPDX-License-Identifier: MIT */
/*
 * What only a socket can tell: it is opened, perhaps given an address of
 * loopback or an option, and closed. None is connected and nothing is sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sockeye.h>
#include <sockeye/option.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "doctor.h"

enum { MPTCP = 262, SEGMENT = 1000 };

/* Why there is no socket: it may be neither the kernel's nor the setting's doing. */
static void no_socket(struct doctor_fact *f, const struct sock *s, const char *remedy)
{
	if (s->error == EMFILE || s->error == ENFILE || s->error == ENOMEM) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "no sockets: %s", strerrordesc_np(s->error));
	doctor_mark(f, DOCTOR_MISSING, "%s", s->error == EPERM || s->error == EACCES ?
	            "docker run --security-opt seccomp=FILE   # a profile that allows this family" : remedy);
}

/* -- IPv6 --------------------------------------------------------------------------------- */

static bool is_switched_off(void)
{
	int64_t all = 0, loopback = 0;

	doctor_sysctl_number("net.ipv6.conf.all.disable_ipv6", &all);
	doctor_sysctl_number("net.ipv6.conf.lo.disable_ipv6", &loopback);
	return all || loopback;
}

/* The socket is closed before the next one is asked for: there may be no descriptor for both. */
void doctor_ipv6(struct doctor_fact *f)
{
	sock_auto s = sock_open(AF_INET6, SOCK_DGRAM, 0);

	if (s.fd < 0) {
		no_socket(f, &s, "a restart without ipv6.disable=1 on the kernel's command line");
		return;
	}
	if (sock_bind(&s, "udp://[::1]:0") < 0) {
		doctor_value(f, "no ::1: %s", strerrordesc_np(s.error));
		doctor_mark(f, DOCTOR_MISSING, is_switched_off() ?
		            "sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0" :
		            "ip link set lo up");
		return;
	}
	sock_close(&s);
	if (sock_has_dualstack()) {
		doctor_value(f, "::1 and dual stack");
	} else {
		doctor_value(f, "::1, but no dual stack");
		doctor_mark(f, DOCTOR_LOW, "a kernel that lets IPV6_V6ONLY be turned off");
	}
}

/* -- MPTCP, vsock ----------------------------------------------------------------------------- */

void doctor_mptcp(struct doctor_fact *f)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, MPTCP);
	int64_t enabled = -1;
	int err = doctor_sysctl_number("net.mptcp.enabled", &enabled);

	if (s.fd >= 0) {
		doctor_value(f, "enabled");
	} else if (!err && !enabled) {
		doctor_value(f, "net.mptcp.enabled is 0");
		doctor_mark(f, DOCTOR_MISSING, "sysctl -w net.mptcp.enabled=1");
	} else {
		no_socket(f, &s, "a kernel with CONFIG_MPTCP");
	}
}

/* The number of this machine among those that share its host. Asked first, for it needs a descriptor too. */
static bool own_cid(unsigned *cid)
{
	int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
	bool known = fd >= 0 && ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid) == 0;

	if (fd >= 0)
		close(fd);
	return known;
}

void doctor_vsock(struct doctor_fact *f)
{
	unsigned cid;
	bool known = own_cid(&cid);
	sock_auto s = sock_open(AF_VSOCK, SOCK_STREAM, 0);

	if (s.fd < 0) {
		no_socket(f, &s, "modprobe vsock");
	} else if (!known) {
		doctor_value(f, "sockets; /dev/vsock does not tell the CID here");
	} else if (cid != VMADDR_CID_ANY) {
		doctor_value(f, "CID %u", cid);
	} else if (sock_bind(&s, "vsock:local:any") == 0) {
		doctor_value(f, "no CID, but vsock:local");
	} else {
		doctor_value(f, "sockets, but no CID: nobody to talk to");
		doctor_mark(f, DOCTOR_LOW, "modprobe vsock_loopback   # for vsock:local:PORT");
	}
}

/* -- Datagrams ---------------------------------------------------------------------------------- */

void doctor_udp_offload(struct doctor_fact *f)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);
	int segment = SEGMENT, on = 1;

	if (s.fd < 0) {
		doctor_unknown(f);
		return;
	}
	bool gso = sock_setopt(&s, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0;
	bool gro = sock_setopt(&s, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;

	doctor_value(f, "%s", gso && gro ? "GSO and GRO" : gso ? "GSO alone" : gro ? "GRO alone" : "none");
	if (!gso || !gro)
		doctor_mark(f, gso || gro ? DOCTOR_LOW : DOCTOR_MISSING, "a kernel of 5.0 or newer");
}

/* Privilege does not help here, but opens raw sockets instead. */
void doctor_ping(struct doctor_fact *f)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	char line[DOCTOR_LINE];

	if (doctor_sysctl("net.ipv4.ping_group_range", line) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%.100s%s", line, s.fd < 0 ? ": not for this process" : "");
	if (s.fd < 0)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"");
}
