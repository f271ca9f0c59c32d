/* SPDX-License-Identifier: MIT */
/*
 * How fast sock_upper is, in GB of input a second on one core. Each text is a
 * sentence repeated to the size given, the result goes to another buffer; the
 * figure is the median of RUNS timings of about 20 ms. Beside it stands
 * memcpy, the most that could be hoped for.
 *
 *	taskset -c 1 build/bench/upper
 */
#include <sockeye/text.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 15, MOST = 64 << 20 };

static const struct sample {
	const char *name, *text;
} samples[] = {
	{ "ASCII", "The quick brown fox jumps over the lazy dog, 1234 times a day. " },
	{ "mixed", "A naïve café in Köln: «Привет, мир» said Ωmega to José, 你好世界, "
	           "and łódź met žluťoučký kůň – 東京 was far… 🙂 " },
	{ "German", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " },
	{ "Polish", "Zażółć gęślą jaźń, a potem pchnij w tę łódź jeża lub ośm skrzyń fig. " },
	{ "Cyrillic", "Съешь же ещё этих мягких французских булок, да выпей чаю. " },
	{ "Greek", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία και τους φίλους. " },
	{ "Vietnamese", "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm. " },
	{ "Georgian", "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებით. " },
	{ "Chinese", "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。" },
	{ "Arabic", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. " },
	{ "all ß", "ß" },
	{ "not UTF-8", "\xff\xc3\xe2\x82z\xf0\x90 \x80" },
};

static const size_t sizes[] = { 4 << 10, 64 << 10, MOST };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t upper(char *out, const char *in, size_t n)
{
	size_t used;

	return sock_upper(out, 3 * n, in, n, &used);
}

static size_t copy(char *out, const char *in, size_t n)
{
	memcpy(out, in, n);
	__asm__ volatile("" : : "r"(out) : "memory");
	return n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

typedef size_t work_fn(char *out, const char *in, size_t n);

/* The median GB/s of work over n bytes. */
static double measure(work_fn *work, char *out, const char *in, size_t n)
{
	double rate[RUNS], took = 0;
	long turns = 1;

	while (took < 0.005) {                  /* also warms up */
		double start = now();

		turns *= 2;
		for (long i = 0; i < turns; i++)
			work(out, in, n);
		took = now() - start;
	}
	turns = (long)((double)turns * 0.02 / took) + 1;
	for (int run = 0; run < RUNS; run++) {
		double start = now();

		for (long i = 0; i < turns; i++)
			work(out, in, n);
		rate[run] = (double)turns * (double)n / (now() - start) / 1e9;
	}
	qsort(rate, RUNS, sizeof *rate, by_value);
	return rate[RUNS / 2];
}

static void row(const char *name, const char *text, work_fn *work, char *out, char *in)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < MOST; i++)
		in[i] = text[i % len];
	printf("%-12s", name);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		printf(" %8.2f", measure(work, out, in, sizes[i]));
	putchar('\n');
	fflush(stdout);
}

int main(void)
{
	char *in = malloc(MOST), *out = malloc(3UL * MOST);

	if (!in || !out) {
		perror("upper");
		return 1;
	}
	printf("%-12s %8s %8s %8s   GB/s\n", "text", "4 KiB", "64 KiB", "64 MiB");
	row("memcpy", samples[0].text, copy, out, in);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		row(samples[i].name, samples[i].text, upper, out, in);
	free(in);
	free(out);
	return 0;
}
