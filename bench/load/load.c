/* SPDX-License-Identifier: MIT */
/* The options, the pattern and the tally of load.h; cpu.c and histogram.c hold the rest. */
#include "load.h"

#include "../plain.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 251, MS = 1000000 };

static const struct option names[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "connections", required_argument, NULL, 'c' },
	{ "size", required_argument, NULL, 's' },
	{ "depth", required_argument, NULL, 'd' },
	{ "warm", required_argument, NULL, 'w' },
	{ "time", required_argument, NULL, 't' },
	{ "server", required_argument, NULL, 'S' },
	{ "mode", required_argument, NULL, 'm' },
	{ "spin", no_argument, NULL, 'x' },
	{ "epoll", no_argument, NULL, 'e' },
	{ "upper", no_argument, NULL, 'u' },
	{ 0 }
};

static void take(struct load *load, int option, const char *text)
{
	switch (option) {
	case 'p': load->port = plain_number(text, 1, 65535); break;
	case 'c': load->connections = plain_number(text, 1, 60000); break;
	case 's': load->size = plain_number(text, 1, PATTERN_LONGEST); break;
	case 'd': load->depth = plain_number(text, 1, 4096); break;
	case 'w': load->warm = (uint64_t)plain_number(text, 0, 60000) * MS; break;
	case 't': load->time = (uint64_t)plain_number(text, 1, 60000) * MS; break;
	case 'S': load->server = plain_number(text, 1, 1L << 30); break;
	case 'm': load->mode = text; break;
	case 'x': load->spin = true; break;
	case 'e': load->epoll = true; break;
	case 'u': load->upper = true; break;
	default: exit(2);
	}
}

struct load load_options(int argc, char **argv, const char *mode)
{
	struct load load = { .connections = 1, .size = 64, .depth = 1, .mode = mode,
		.warm = 100 * MS, .time = 500 * MS };
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0)
		take(&load, option, optarg);
	if (load.port && optind == argc)
		return load;
	fprintf(stderr, "usage: %s --port N [--mode M] [--connections N] [--size BYTES]\n"
		"	[--depth N] [--warm MS] [--time MS] [--server SESSION]\n"
		"	[--spin] [--epoll] [--upper]\n", argv[0]);
	exit(2);
}

/* A period that is prime to every usual size, of letters in no order. */
static const char *pattern(bool upper)
{
	static char text[2][PERIOD + PATTERN_LONGEST];

	if (!text[0][0])
		for (size_t i = 0; i < sizeof text[0]; i++) {
			size_t at = i % PERIOD;

			text[0][i] = (char)('a' + at * at % PERIOD % 26);
			text[1][i] = (char)('A' + at * at % PERIOD % 26);
		}
	return text[upper];
}

const char *pattern_sent(uint64_t position)
{
	return pattern(false) + position % PERIOD;
}

bool pattern_returns(const struct load *load, uint64_t position, const char *bytes, size_t n)
{
	return memcmp(pattern(load->upper) + position % PERIOD, bytes, n) == 0;
}

void tally_start(struct tally *t, const struct load *load)
{
	*t = (struct tally){ .errors = t->errors };
	t->cpu = cpu_time(load->server);
	t->start = plain_now();
}

void tally_end(struct tally *t, const struct load *load)
{
	t->end = plain_now();
	t->cpu = cpu_time(load->server) - t->cpu;
}

void tally_print(const struct tally *t)
{
	double half = (double)histogram_share(&t->took, 0.50) / 1e3;
	double most = (double)histogram_share(&t->took, 0.99) / 1e3;

	printf("{\"messages\": %ju, \"bytes\": %ju, ", (uintmax_t)t->messages, (uintmax_t)t->bytes);
	printf("\"errors\": %ju, \"lost\": %ju, ", (uintmax_t)t->errors, (uintmax_t)t->lost);
	printf("\"seconds\": %.6f, \"cpu_ns\": %ju, \"p50_us\": %.2f, \"p99_us\": %.2f}\n",
		(double)(t->end - t->start) / 1e9, (uintmax_t)t->cpu, half, most);
	fflush(stdout);
}
