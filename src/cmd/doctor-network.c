/* SPDX-License-Identifier: MIT */
/*
 * What the doctor reads of the network's settings. The marks are drawn where
 * something of this project, or an ordinary test under load, meets the limit:
 * not at what tuning guides like to see.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/put.h"
#include "../engine/engine.h"
#include "../service/service.h"
#include "doctor.h"

enum {
	PORTS_LEAST = 16384,
	DATAGRAMS_DEFAULT = 64 * 1024,          /* one of the largest, at least */
	WINDOW_LEAST = 4 * 1024 * 1024,         /* what kernels give a machine of some memory */
	FULL_PERCENT = 80
};

/* -- Queues ----------------------------------------------------------------------------- */

void doctor_somaxconn(struct doctor_fact *f)
{
	doctor_at_least(f, "net.core.somaxconn", ENGINE_BACKLOG);
}

/* With cookies a full queue turns nobody away. */
void doctor_syn_backlog(struct doctor_fact *f)
{
	int64_t cookies, n;

	if (doctor_sysctl_number("net.ipv4.tcp_syncookies", &cookies) < 0 ||
	    doctor_sysctl_number("net.ipv4.tcp_max_syn_backlog", &n) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld, %s SYN cookies", (long long)n, cookies ? "with" : "without");
	if (!cookies && n < ENGINE_BACKLOG)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.tcp_max_syn_backlog=%d", ENGINE_BACKLOG);
}

/* -- Ports ------------------------------------------------------------------------------- */

void doctor_port_range(struct doctor_fact *f)
{
	char line[DOCTOR_LINE];
	int low, high;

	if (doctor_sysctl("net.ipv4.ip_local_port_range", line) < 0 || sscanf(line, "%d %d", &low, &high) != 2) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%d to %d: %d connections to one address", low, high, high - low + 1);
	if (high - low + 1 < PORTS_LEAST)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"");
}

static int lowest_service(void)
{
	int lowest = 65535;

	for (const struct service *const *s = service_list; *s; s++)
		lowest = (*s)->port < lowest ? (*s)->port : lowest;
	return lowest;
}

void doctor_port_start(struct doctor_fact *f)
{
	bool exempt = doctor_can(CAP_NET_BIND_SERVICE);
	int64_t start;

	if (doctor_sysctl_number("net.ipv4.ip_unprivileged_port_start", &start) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld%s", (long long)start, exempt ? ": CAP_NET_BIND_SERVICE is free of it" : "");
	if (start > lowest_service() && !exempt)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.ip_unprivileged_port_start=0");
}

/* -- Buffers ------------------------------------------------------------------------------ */

void doctor_rmem_max(struct doctor_fact *f)
{
	doctor_at_least(f, "net.core.rmem_max", ENGINE_DATAGRAM_BUFFER);
}

void doctor_wmem_max(struct doctor_fact *f)
{
	doctor_at_least(f, "net.core.wmem_max", ENGINE_DATAGRAM_BUFFER);
}

void doctor_rmem_default(struct doctor_fact *f)
{
	doctor_at_least(f, "net.core.rmem_default", DATAGRAMS_DEFAULT);
}

/* Three numbers: the least, the first, the most. */
static void window(struct doctor_fact *f, const char *name)
{
	char line[DOCTOR_LINE];
	long long least, first, most;

	if (doctor_sysctl(name, line) < 0 || sscanf(line, "%lld %lld %lld", &least, &first, &most) != 3) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld %lld %lld", least, first, most);
	if (most < WINDOW_LEAST)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w %s=\"%lld %lld %d\"", name, least, first, WINDOW_LEAST);
}

void doctor_tcp_rmem(struct doctor_fact *f)
{
	window(f, "net.ipv4.tcp_rmem");
}

void doctor_tcp_wmem(struct doctor_fact *f)
{
	window(f, "net.ipv4.tcp_wmem");
}

/* -- TCP ----------------------------------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t m = strcspn(at, " ");

		if (m == n && memcmp(at, word, n) == 0)
			return true;
		at += m;
	}
	return false;
}

void doctor_congestion(struct doctor_fact *f)
{
	char now[DOCTOR_LINE], all[DOCTOR_LINE];

	if (doctor_sysctl("net.ipv4.tcp_congestion_control", now) < 0 ||
	    doctor_sysctl("net.ipv4.tcp_available_congestion_control", all) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%.15s of %.200s", now, all);
	if (!has_word(all, "cubic"))
		doctor_mark(f, DOCTOR_LOW, "modprobe tcp_cubic");
}

void doctor_time_wait(struct doctor_fact *f)
{
	char line[DOCTOR_LINE];
	int err = doctor_line("/proc/net/sockstat", "TCP:", line);
	const char *at = err ? NULL : strstr(line, " tw ");
	long long count;
	int64_t most;

	if (!at || sscanf(at, " tw %lld", &count) != 1 ||
	    doctor_sysctl_number("net.ipv4.tcp_max_tw_buckets", &most) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld of %lld", count, (long long)most);
	if (count * 100 > most * FULL_PERCENT)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.tcp_max_tw_buckets=%lld", (long long)most * 2);
}

void doctor_tw_reuse(struct doctor_fact *f)
{
	static const char *const whose[] = { "nobody's", "all", "those on loopback" };
	int64_t reuse;

	if (doctor_sysctl_number("net.ipv4.tcp_tw_reuse", &reuse) < 0 || reuse < 0 || reuse > 2) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld: %s", (long long)reuse, whose[reuse]);
	if (!reuse)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.ipv4.tcp_tw_reuse=1");
}

/* -- What lies around it ---------------------------------------------------------------------- */

void doctor_conntrack(struct doctor_fact *f)
{
	int64_t count, most;
	int err = doctor_sysctl_number("net.netfilter.nf_conntrack_max", &most);

	if (err == -ENOENT) {
		doctor_value(f, "none: connections are not tracked here");
		return;
	}
	if (err || doctor_sysctl_number("net.netfilter.nf_conntrack_count", &count) < 0) {
		doctor_unknown(f);
		return;
	}
	doctor_value(f, "%lld of %lld", (long long)count, (long long)most);
	if (most && count * 100 > most * FULL_PERCENT)
		doctor_mark(f, DOCTOR_LOW, "sysctl -w net.netfilter.nf_conntrack_max=%lld", (long long)most * 2);
}

/* The value of a "nameserver" line, or NULL. */
static const char *server_of(char *line)
{
	char *at = line;
	const char *key = strsep(&at, " \t\n");

	if (strcmp(key, "nameserver") != 0 || !at)
		return NULL;
	at += strspn(at, " \t");
	at[strcspn(at, " \t\n")] = '\0';
	return *at ? at : NULL;
}

/* All of them into a text, a space between two. False if the file cannot be read. */
static bool read_servers(struct put *p, FILE *file)
{
	char line[DOCTOR_LINE];

	while (fgets(line, sizeof line, file)) {
		const char *server = server_of(line);

		if (server) {
			put_text(p, p->n ? " " : "");
			put_text(p, server);
		}
	}
	return !ferror(file);
}

void doctor_resolver(struct doctor_fact *f)
{
	struct put p = put_into(f->value, sizeof f->value);
	FILE *file = fopen("/etc/resolv.conf", "re");
	bool there = file != NULL, known = there ? read_servers(&p, file) : errno == ENOENT;

	if (there)
		fclose(file);
	if (!known) {
		doctor_unknown(f);
	} else if (!p.n) {
		doctor_value(f, there ? "no name server" : "no /etc/resolv.conf");
		doctor_mark(f, DOCTOR_MISSING, "echo nameserver ADDRESS >>/etc/resolv.conf");
	}
}

void doctor_busy_poll(struct doctor_fact *f)
{
	doctor_at_least(f, "net.core.busy_poll", 0);
}
