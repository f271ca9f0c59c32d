/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the verb doctor share: an item is a name, a sentence on
 * what it limits, and a function that looks. Looking changes nothing and sends
 * nothing. The table is in doctor-items.c, the report in doctor.c.
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

enum { DOCTOR_VALUE = 256, DOCTOR_REMEDY = 200, DOCTOR_LINE = 512, DOCTOR_ITEMS_MOST = 64 };

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_LOW,             /* it is there, and will bite */
	DOCTOR_MISSING,
	DOCTOR_UNKNOWN          /* it cannot be read here */
};

/* What was found. Zeroed memory is "ok", without a value. */
struct doctor_fact {
	enum doctor_state state;
	char value[DOCTOR_VALUE];
	char remedy[DOCTOR_REMEDY];     /* a command that lifts the limit, or what else would; empty: none */
};

struct doctor_item {
	const char *name;
	const char *limits;             /* what it means for programs here */
	void (*look)(struct doctor_fact *f);
};

/* The last has no name. */
extern const struct doctor_item doctor_items[];

/* -- doctor-fact.c: finding and saying it --------------------------------------- */

void doctor_value(struct doctor_fact *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* It is not ok: how, and what would help. */
void doctor_mark(struct doctor_fact *f, enum doctor_state state, const char *remedy, ...)
	__attribute__((format(printf, 3, 4)));

/* It cannot be read. */
void doctor_unknown(struct doctor_fact *f);

/*
 * The first line of a file that begins so, without that beginning and its end,
 * each gap in it one space. Returns 0 or a negative errno.
 */
int doctor_line(const char *path, const char *beginning, char line[DOCTOR_LINE]);

/* The same of a setting, by its name as sysctl(8) has it. */
int doctor_sysctl(const char *name, char line[DOCTOR_LINE]);

/* A setting that is one number, or whose last of several is. Returns 0 or a negative errno. */
int doctor_sysctl_number(const char *name, int64_t *n);

/* Look at a setting that should be at least so large. */
void doctor_at_least(struct doctor_fact *f, const char *name, int64_t least);

/* Has this process a capability (linux/capability.h)? */
bool doctor_can(int capability);

/* -- The functions that look ------------------------------------------------------ */

/* doctor-network.c */
void doctor_somaxconn(struct doctor_fact *f);
void doctor_syn_backlog(struct doctor_fact *f);
void doctor_port_range(struct doctor_fact *f);
void doctor_rmem_max(struct doctor_fact *f);
void doctor_wmem_max(struct doctor_fact *f);
void doctor_rmem_default(struct doctor_fact *f);
void doctor_tcp_rmem(struct doctor_fact *f);
void doctor_tcp_wmem(struct doctor_fact *f);
void doctor_congestion(struct doctor_fact *f);
void doctor_port_start(struct doctor_fact *f);
void doctor_conntrack(struct doctor_fact *f);
void doctor_time_wait(struct doctor_fact *f);
void doctor_tw_reuse(struct doctor_fact *f);
void doctor_resolver(struct doctor_fact *f);
void doctor_busy_poll(struct doctor_fact *f);

/* doctor-socket.c */
void doctor_ipv6(struct doctor_fact *f);
void doctor_mptcp(struct doctor_fact *f);
void doctor_vsock(struct doctor_fact *f);
void doctor_udp_offload(struct doctor_fact *f);
void doctor_ping(struct doctor_fact *f);

#endif
