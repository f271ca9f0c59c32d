/* SPDX-License-Identifier: MIT */
/*
 * The workers' counters, added up while they run. Each is read once and may be
 * a little older than the next. On io_uring bytes_out counts what was offered
 * and takes back what was not taken.
 */
#include "total.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "dgram.h"
#include "note.h"

#define ADD(name, about) s->name += atomic_load_explicit(&l->count.name, memory_order_relaxed);

static void add(struct engine_stats *s, struct loop *l)
{
	ENGINE_STATISTICS(ADD, CORE_NOTHING)
	for (int i = 0; i < l->port_count; i++)
		if (l->ports[i].datagram && (l->ports[i].owned || l->number == 0))
			s->kernel_drops += dgram_lost(&l->ports[i]);
}

/*
 * TcpExt of /proc/net/netstat is a line of names and a line of numbers. The
 * machine's connections that found a full listen queue are ListenOverflows.
 */
uint64_t total_overflows(void)
{
	char names[4096], numbers[4096];
	FILE *f = fopen("/proc/net/netstat", "re");
	uint64_t found = 0;
	char *name, *number, *at = names, *of = numbers;

	if (!f)
		return 0;
	if (fgets(names, sizeof names, f) && fgets(numbers, sizeof numbers, f))
		while ((name = strsep(&at, " \n")) && (number = strsep(&of, " \n")))
			if (strcmp(name, "ListenOverflows") == 0)
				found = strtoull(number, NULL, 10);
	fclose(f);
	return found;
}

void total_of(struct engine *e, struct engine_stats *s)
{
	*s = (struct engine_stats){
		.uptime = clock_now() - e->began,
		.workers = e->workers,
		.engine = e->loops[0]->backend->name,
		.clients = e->clients,
		.clients_most = e->clients_most,
		.held = e->held,
		.held_most = e->held_most,
		.notes_dropped = notes_dropped(e->notes),
	};
	for (int i = 0; i < e->workers; i++)
		add(s, e->loops[i]);
	s->listen_overflows = total_overflows() - e->overflows_before;
}
