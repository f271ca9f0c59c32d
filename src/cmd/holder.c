/* SPDX-License-Identifier: MIT */
/*
 * Two steps through /proc: from the address to a socket's inode in the tables
 * of the network, and from the inode to a process among everybody's
 * descriptors. What other users' processes hold only root may see. All of it
 * is a hint, so whatever cannot be read counts as not there.
 */
#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket of the tables. */
struct found {
	unsigned long inode;
	unsigned uid;
	bool has_uid;
	bool listens;           /* the likeliest of several */
};

enum { HEX_ADDRESS = 33, STATE_TIME_WAIT = 6, STATE_UNCONNECTED = 7, STATE_LISTEN = 10 };

/* Calls see() with each line but the first; bounded by the table itself. */
static void each_line(const char *path, void (*see)(char *line, const void *want, struct found *f),
                      const void *want, struct found *f)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	for (int i = 0; file && getline(&line, &room, file) > 0; i++)
		if (i)
			see(line, want, f);
	free(line);
	if (file)
		fclose(file);
}

static void keep(struct found *f, const struct found *other)
{
	if (other->inode && (!f->inode || (other->listens && !f->listens)))
		*f = *other;
}

/* -- Internet addresses: /proc/net/tcp and its like ------------------------------- */

struct want_inet {
	char hex[2][HEX_ADDRESS];       /* the address as that table writes it; then all zeros */
	unsigned port;
	bool any;                       /* we wanted every address */
};

/* Each 32 bits of the address as a number of this machine. */
static void print_hex(char out[HEX_ADDRESS], const void *bytes, int words)
{
	uint32_t word[4];

	memcpy(word, bytes, (size_t)words * 4);
	for (int i = 0; i < words; i++)
		snprintf(out + 8 * i, 9, "%08X", word[i]);
}

static void see_inet(char *line, const void *data, struct found *f)
{
	const struct want_inet *want = data;
	struct found here = { .has_uid = true };
	char hex[HEX_ADDRESS];
	unsigned port, state;

	if (sscanf(line, " %*[0-9]: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %u %*u %lu",
	           hex, &port, &state, &here.uid, &here.inode) != 5)
		return;
	if (port != want->port || state == STATE_TIME_WAIT)
		return;
	if (!want->any && strcmp(hex, want->hex[0]) != 0 && strcmp(hex, want->hex[1]) != 0)
		return;
	here.listens = state == STATE_LISTEN || state == STATE_UNCONNECTED;
	keep(f, &here);
}

/* An address of so many 32-bit words. */
static void look_inet(const char *path, struct want_inet want, const void *bytes, int words,
                      struct found *f)
{
	static const uint8_t zero[16];

	print_hex(want.hex[0], bytes, words);
	print_hex(want.hex[1], zero, words);
	each_line(path, see_inet, &want, f);
}

/* IPv4 as ::ffff:a.b.c.d. */
static struct in6_addr as_in6(const struct sock_addr *addr)
{
	struct in6_addr ip = IN6ADDR_ANY_INIT;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memcpy(&in, &addr->storage, sizeof in);
	memcpy(&in6, &addr->storage, sizeof in6);
	if (sock_addr_family(addr) == AF_INET6)
		return in6.sin6_addr;
	memset(ip.s6_addr + 10, 0xff, 2);
	memcpy(ip.s6_addr + 12, &in.sin_addr, 4);
	return ip;
}

/* An IPv6 socket may stand in the way of IPv4, and the other way round. */
static void find_inet(const struct sock_addr *addr, struct found *f)
{
	const char *four = addr->type == SOCK_DGRAM ? "/proc/net/udp" : "/proc/net/tcp";
	const char *six = addr->type == SOCK_DGRAM ? "/proc/net/udp6" : "/proc/net/tcp6";
	struct in6_addr ip = as_in6(addr);
	bool mapped = IN6_IS_ADDR_V4MAPPED(&ip);
	struct want_inet want = {
		.port = (unsigned)sock_addr_port(addr),
		.any = IN6_IS_ADDR_UNSPECIFIED(&ip) || (mapped && !ip.s6_addr32[3]),
	};

	if (want.any || mapped)
		look_inet(four, want, ip.s6_addr + 12, 1, f);
	look_inet(six, want, &ip, 4, f);
}

/* -- Unix sockets: /proc/net/unix --------------------------------------------------- */

enum { UNIX_LISTENS = 0x10000 };

static void see_unix(char *line, const void *want, struct found *f)
{
	struct found here = { 0 };
	unsigned flags;
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*x: %*x %*x %x %*x %*x %lu %n", &flags, &here.inode, &path) != 2)
		return;
	here.listens = flags & UNIX_LISTENS;
	if (strcmp(line + path, want) == 0)
		keep(f, &here);
}

/* The table writes each zero byte of an abstract name as '@'. */
static void find_unix(const struct sock_addr *addr, struct found *f)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char name[sizeof un.sun_path + 1] = "";
	size_t n = addr->len - offsetof(struct sockaddr_un, sun_path);

	memcpy(&un, &addr->storage, addr->len < sizeof un ? addr->len : sizeof un);
	if (addr->len <= offsetof(struct sockaddr_un, sun_path))
		return;
	if (un.sun_path[0])
		n = strnlen(un.sun_path, sizeof un.sun_path);
	for (size_t i = 0; i < n && i < sizeof un.sun_path; i++)
		name[i] = un.sun_path[i] ? un.sun_path[i] : '@';
	each_line("/proc/net/unix", see_unix, name, f);
}

/* -- From an inode to a process ----------------------------------------------------- */

static bool has_socket(const char *pid, const char *link)
{
	char path[64], here[64];
	bool has = false;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && !has && (e = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, here, sizeof here - 1);

		here[n > 0 ? n : 0] = '\0';
		has = strcmp(here, link) == 0;
	}
	if (dir)
		closedir(dir);
	return has;
}

/* A process chooses its own name: what cannot be shown is '?'. */
static void print_process(const char *pid, char text[HOLDER_TEXT])
{
	char path[64], name[32] = "?";

	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file && fgets(name, sizeof name, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
	snprintf(text, HOLDER_TEXT, "held by pid %.20s (%s)", pid, name);
}

static bool find_process(unsigned long inode, char text[HOLDER_TEXT])
{
	bool found = false;
	char link[64];

	snprintf(link, sizeof link, "socket:[%lu]", inode);
	DIR *dir = opendir("/proc");
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		found = isdigit((unsigned char)e->d_name[0]) && has_socket(e->d_name, link);
		if (found)
			print_process(e->d_name, text);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool holder_find(const struct sock_addr *addr, char text[HOLDER_TEXT])
{
	int family = sock_addr_family(addr);
	struct found f = { 0 };

	if ((family == AF_INET || family == AF_INET6) && sock_addr_port(addr) > 0)
		find_inet(addr, &f);
	else if (family == AF_UNIX)
		find_unix(addr, &f);
	if (!f.inode)
		return false;
	if (find_process(f.inode, text))
		return true;
	if (f.has_uid)
		snprintf(text, HOLDER_TEXT, "held by a process of user %u that only root can name",
		         f.uid);
	else
		snprintf(text, HOLDER_TEXT, "held by a process that only root can name");
	return true;
}
