/* SPDX-License-Identifier: MIT */
/*
 * Another process's descriptor is borrowed for a moment: pidfd_getfd(2), which
 * a parent may do by the same right as a debugger. What has arrived and lies
 * unread was not taken by anybody, and a lone byte may be the peer's FIN.
 */
#include "trace-silent.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int borrow(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), copy;

	if (process < 0)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	close(process);
	return copy;
}

static bool has_moved(int fd)
{
	struct tcp_info info;
	socklen_t n = sizeof info;
	int unread = 0;

	memset(&info, 0, sizeof info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 || ioctl(fd, FIONREAD, &unread) < 0)
		return false;
	return info.tcpi_bytes_sent > 0 || (info.tcpi_bytes_received > 1 && unread == 0);
}

bool silent_has_moved(pid_t pid, int fd)
{
	int copy = borrow(pid, fd), type = 0, family = 0;
	socklen_t n = sizeof type;
	bool moved = false;

	if (copy < 0)
		return false;
	if (getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_STREAM &&
	    getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &family, &n) == 0 && (family == AF_INET || family == AF_INET6))
		moved = has_moved(copy);
	close(copy);
	return moved;
}
