/* SPDX-License-Identifier: MIT */
/* stdio over a socket: what Python's makefile does, for C. */
#include "check.h"

#include <sockeye/line.h>

#include "pairs.h"

static void file_reads_lines_and_the_end(void **state)
{
	PAIR_AUTO struct sock p[2];
	char line[32];

	(void)state;
	pair_tcp(p);
	FILE *f = sock_file(&p[1], "r");
	assert_non_null(f);
	assert_int_equal(sock_sendall(&p[0], "one\ntwo", 7), 0);
	sock_shutdown(&p[0], SHUT_WR);
	assert_string_equal(fgets(line, sizeof line, f), "one\n");
	assert_string_equal(fgets(line, sizeof line, f), "two");
	assert_null(fgets(line, sizeof line, f));
	assert_true(feof(f) && !ferror(f));
	assert_int_equal(fclose(f), 0);
}

static void file_writes_when_flushed(void **state)
{
	PAIR_AUTO struct sock p[2];
	char in[16];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	FILE *f = sock_file(&p[0], "w");
	assert_int_equal(fprintf(f, "%d lines\n", 2), 8);
	sock_limit(&p[1], 0);
	assert_int_equal(sock_recv(&p[1], in, sizeof in), -1);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(sock_recv(&p[1], in, sizeof in), 8);
	fputs("end", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(sock_recv(&p[1], in, sizeof in), 3);
}

static void file_takes_these_modes_and_no_others(void **state)
{
	static const char *const good[] = {
		"r", "rb", "w", "wb", "r+", "r+b", "rb+",
		"w+", "w+b", "wb+", "rw", "rwb", "wr", "wrb",
	};
	static const char *const wrong[] = {
		"", "a", "a+", "x", "rr", "r ", "b", "R", "r+w", "re", "rt",
	};
	PAIR_AUTO struct sock p[2];
	char wanted[SOCKEYE_WHY];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		FILE *f = sock_file(&p[0], good[i]);

		assert_non_null(f);
		assert_int_equal(fclose(f), 0);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(sock_file(&p[0], wrong[i]));
		assert_int_equal(errno, EINVAL);
		snprintf(wanted, sizeof wanted, "file%s%s: not a mode; these are: "
		         "r, w, r+, rw, with or without b", *wrong[i] ? " " : "", wrong[i]);
		assert_string_equal(p[0].why, wanted);
	}
	assert_null(sock_file(&p[0], NULL));
	assert_int_equal(errno, EINVAL);
	FILE *r = sock_file(&p[0], "r"), *w = sock_file(&p[0], "w");
	assert_int_equal(fputc('x', r), EOF);
	assert_int_equal(fgetc(w), EOF);
	fclose(r);
	fclose(w);
}

/* A client that sends ahead: what stdio has read before it writes an answer must not be lost. */
static void file_for_both_loses_nothing_when_the_client_sends_ahead(void **state)
{
	(void)state;
	for (int flush = 0; flush < 3; flush++) {
		PAIR_AUTO struct sock p[2];
		char line[16], in[64];
		int lines = 0;

		pair_tcp(p);
		FILE *f = sock_file(&p[1], "r+");
		assert_int_equal(sock_sendall(&p[0], "a\nbb\nccc\ndddd\n", 14), 0);
		sock_shutdown(&p[0], SHUT_WR);
		while (fgets(line, sizeof line, f)) {
			lines++;
			if (flush == 2)
				fseek(f, 0, SEEK_CUR);
			assert_true(fprintf(f, "<%s", line) > 0);
			if (flush)
				assert_int_equal(fflush(f), 0);
		}
		assert_int_equal(lines, 4);
		assert_int_equal(fclose(f), 0);
		sock_shutdown(&p[1], SHUT_WR);
		assert_int_equal(sock_recvall(&p[0], in, sizeof in), 18);
		assert_memory_equal(in, "<a\n<bb\n<ccc\n<dddd\n", 18);
	}
}

static void file_for_both_keeps_a_long_stream_in_order(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char out[200000], in[200000];
	size_t n = 0, answers = 0;

	(void)state;
	pair_tcp(p);
	pair_fill(out, sizeof out, 0);
	FILE *f = sock_file(&p[1], "r+");
	sock_limit(&p[0], 0);
	for (size_t sent = 0, step = 1; n < sizeof in; step = step % 4000 + 37) {
		ssize_t r = sent < sizeof out ? sock_send(&p[0], out + sent, sizeof out - sent) : 0;

		sent += r > 0 ? r : 0;
		step = step < sizeof in - n ? step : sizeof in - n;
		assert_int_equal(fread(in + n, 1, step, f), step);
		n += step;
		assert_int_equal(fputc('.', f), '.');
		answers++;
	}
	assert_true(pair_same(in, sizeof in, 0));
	fclose(f);
	sock_close(&p[1]);
	sock_limit(&p[0], sock_sec(10));
	assert_int_equal(sock_recvall(&p[0], in, sizeof in), answers);
}

static void file_honours_the_limit(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[0], sock_ms(5));
	FILE *f = sock_file(&p[0], "r");
	assert_int_equal(fgetc(f), EOF);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(ferror(f) && !feof(f));
	/* The limit is no end: what comes later can be read. */
	clearerr(f);
	sock_send(&p[1], "x", 1);
	assert_int_equal(fgetc(f), 'x');
	fclose(f);
}

/* stdio forgets what it could not write, so nothing may follow: the stream would have a hole. */
static void file_writes_nothing_after_a_failed_write(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char in[1 << 20];
	size_t sent;
	ssize_t got;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[0], 0);
	for (sent = 0; sock_send(&p[0], in, 1000) > 0;)
		sent += sock_sent(&p[0]);
	FILE *f = sock_file(&p[0], "w");
	fputs("lost", f);
	assert_int_equal(fflush(f), EOF);
	assert_int_equal(errno, EAGAIN);
	for (size_t n = 0; n < sent; n += got > 0 ? got : 0) {
		got = sock_recv(&p[1], in, sizeof in);
		assert_true(got > 0);
	}
	fputs("later", f);
	assert_int_equal(fflush(f), EOF);
	assert_int_equal(errno, EAGAIN);
	fclose(f);
	sock_close(&p[0]);
	assert_int_equal(sock_recv(&p[1], in, sizeof in), 0);
}

static void file_and_socket_both_closed_end_the_connection(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		PAIR_AUTO struct sock p[2];
		char in;

		pair_unix(p, SOCK_STREAM);
		sock_limit(&p[1], 0);
		FILE *f = sock_file(&p[0], "w");
		if (first)
			sock_close(&p[0]);
		else
			fclose(f);
		assert_int_equal(sock_recv(&p[1], &in, 1), -1);
		assert_int_equal(errno, EAGAIN);
		if (first)
			fclose(f);
		else
			sock_close(&p[0]);
		assert_int_equal(sock_recv(&p[1], &in, 1), 0);
	}
}

static void file_to_a_peer_that_is_gone_is_an_error_not_a_signal(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	FILE *f = sock_file(&p[0], "w");
	sock_close(&p[1]);
	fputs("text", f);
	assert_int_equal(fflush(f), EOF);
	assert_int_equal(errno, EPIPE);
	assert_true(ferror(f));
	fclose(f);
}

static void file_cannot_be_sought_in(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_send(&p[1], "abc", 3);
	FILE *f = sock_file(&p[0], "r+");
	assert_int_equal(ftell(f), -1);
	assert_int_equal(errno, ESPIPE);
	assert_int_equal(fseek(f, 0, SEEK_SET), -1);
	assert_int_equal(errno, ESPIPE);
	assert_int_equal(fseek(f, 0, SEEK_END), -1);
	assert_int_equal(fseek(f, 5, SEEK_CUR), -1);
	assert_int_equal(fgetc(f), 'a');
	assert_int_equal(fseek(f, -5, SEEK_CUR), -1);
	assert_int_equal(fgetc(f), 'b');
	fclose(f);
}

static void *no_malloc(size_t n)
{
	(void)n;
	errno = ENOMEM;
	return NULL;
}

static int no_fcntl(int fd, int command, int value)
{
	(void)fd, (void)command, (void)value;
	errno = EMFILE;
	return -1;
}

static void file_without_memory_or_descriptors_fails_alone(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_tcp(p);
	sys.malloc = no_malloc;
	FILE *f = sock_file(&p[0], "r");
	int err = errno;
	sys = sys_real;
	assert_null(f);
	assert_int_equal(err, ENOMEM);
	pair_why(&p[0], "file", "Cannot allocate memory");
	sys.fcntl = no_fcntl;
	f = sock_file(&p[0], "r");
	err = errno;
	sys = sys_real;
	assert_null(f);
	assert_int_equal(err, EMFILE);
	pair_why(&p[0], "file", "Too many open files");
	f = sock_file(&p[0], "r");
	assert_non_null(f);
	assert_int_equal(p[0].error, 0);
	fclose(f);
}

static void file_of_a_bad_value_is_none(void **state)
{
	struct sock bad[3];

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		assert_null(sock_file(&bad[i], "r"));
		assert_int_equal(errno, bad[i].error);
		assert_true(*bad[i].why);
	}
	assert_null(sock_file(NULL, "r"));
	assert_int_equal(errno, EINVAL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(file_reads_lines_and_the_end),
	cmocka_unit_test(file_writes_when_flushed),
	cmocka_unit_test(file_takes_these_modes_and_no_others),
	cmocka_unit_test(file_for_both_loses_nothing_when_the_client_sends_ahead),
	cmocka_unit_test(file_for_both_keeps_a_long_stream_in_order),
	cmocka_unit_test(file_honours_the_limit),
	cmocka_unit_test(file_writes_nothing_after_a_failed_write),
	cmocka_unit_test(file_and_socket_both_closed_end_the_connection),
	cmocka_unit_test(file_to_a_peer_that_is_gone_is_an_error_not_a_signal),
	cmocka_unit_test(file_cannot_be_sought_in),
	cmocka_unit_test(file_without_memory_or_descriptors_fails_alone),
	cmocka_unit_test(file_of_a_bad_value_is_none),
};
CHECK_MAIN(tests)
