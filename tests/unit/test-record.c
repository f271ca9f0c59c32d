/* SPDX-License-Identifier: MIT */
/*
 * Claims about the recorder: its file, the payload it shows, the environment
 * that starts it. Processes, threads and what must not disturb a program are in
 * test-record-safe.c; what a line looks like in test-json.c.
 */
#include "recording.h"

/* -- The file ---------------------------------------------------------------- */

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void file_is_private(void **state)
{
	mode_t was = umask(0);

	(void)state;
	int r = eye_start(path);
	umask(was);
	assert_int_equal(r, 0);
	assert_int_equal(mode_of(path), 0600);
}

static void existing_file_is_kept_and_its_mode(void **state)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0640);

	(void)state;
	fchmod(fd, 0640);
	assert_int_equal(write(fd, "{}\n", 3), 3);
	close(fd);
	assert_int_equal(eye_start(path), 0);
	emit("x", 1);
	assert_int_equal(mode_of(path), 0640);
	assert_int_equal(count_lines(), 2);
}

static void refused(const char *name, int error)
{
	errno = 0;
	assert_int_equal(eye_start(name), -1);
	assert_int_equal(errno, error);
	assert_null(event_hook);
}

static void only_files_are_taken(void **state)
{
	(void)state;
	refused(NULL, EINVAL);
	refused("", ENOENT);
	refused(folder, EISDIR);
	assert_int_equal(symlink("/dev/null", other), 0);
	refused(other, ELOOP);
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0);
	refused(other, ENXIO);
	int reader = open(other, O_RDONLY | O_NONBLOCK);
	refused(other, EINVAL);
	close(reader);
}

static void failed_start_keeps_the_former_file(void **state)
{
	(void)state;
	assert_int_equal(eye_start(path), 0);
	assert_int_equal(eye_start(folder), -1);
	emit("x", 1);
	assert_int_equal(count_lines(), 1);
}

static void second_start_changes_the_file(void **state)
{
	(void)state;
	assert_int_equal(eye_start(other), 0);
	emit("x", 1);
	assert_int_equal(eye_start(path), 0);
	emit("y", 1);
	emit("z", 1);
	char *all = read_file(other);
	assert_int_equal(count(all, "\n"), 1);
	free(all);
	assert_int_equal(count_lines(), 2);
}

static void stop_ends_it_and_start_appends(void **state)
{
	(void)state;
	assert_int_equal(eye_start(path), 0);
	emit("x", 1);
	eye_stop();
	eye_stop();
	assert_null(event_hook);
	emit("y", 1);
	assert_int_equal(eye_start(path), 0);
	emit("z", 1);
	assert_int_equal(count_lines(), 2);
	assert_parses(2);
}

static void watch_nothing(const struct event *e)
{
	(void)e;
}

static void stop_leaves_another_watcher_alone(void **state)
{
	(void)state;
	assert_int_equal(eye_start(path), 0);
	event_watch(watch_nothing);
	eye_stop();
	assert_true(event_hook == watch_nothing);
	event_watch(NULL);
}

/* The program's own descriptors get the numbers they get without a trace. */
static void low_descriptors_stay_free(void **state)
{
	int before = open("/dev/null", O_RDONLY);

	(void)state;
	close(before);
	assert_int_equal(eye_start(path), 0);
	int after = open("/dev/null", O_RDONLY);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(fcntl(TRACE_HIGH, F_GETFD), FD_CLOEXEC);
}

/* -- Payload ------------------------------------------------------------------ */

static void payload_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(eye_payload(0), 64);
	assert_int_equal(eye_payload(65536), 0);
	assert_int_equal(eye_payload(65537), 65536);
	assert_int_equal(eye_payload(64), 65536);
}

static size_t shown(size_t payload, const char *bytes, size_t n)
{
	eye_payload(payload);
	assert_int_equal(eye_start(path), 0);
	emit(bytes, n);
	eye_stop();
	char *all = read_file(path);
	const char *data = strstr(all, "\"data\":\"");
	size_t len = data ? strcspn(data + 8, "\"") : 0;

	free(all);
	assert_parses(1);
	unlink(path);
	return len;
}

static void payload_is_shown_up_to_its_limit(void **state)
{
	static char bytes[100000];

	(void)state;
	memset(bytes, 'a', sizeof bytes);
	assert_int_equal(shown(64, bytes, sizeof bytes), 64);
	assert_int_equal(shown(64, bytes, 5), 5);
	assert_int_equal(shown(0, bytes, sizeof bytes), 0);
	assert_int_equal(shown(65536, bytes, sizeof bytes), 65536);
	assert_int_equal(shown(1000, bytes, sizeof bytes), 1000);
	memset(bytes, 1, sizeof bytes);
	assert_int_equal(shown(65536, bytes, sizeof bytes), 6 * 65536);
}

static void secret_stays_out_of_the_file(void **state)
{
	(void)state;
	eye_payload(0);
	assert_int_equal(eye_start(path), 0);
	emit("password=hunter2", 16);
	char *all = read_file(path);
	assert_int_equal(count(all, "\n"), 1);
	assert_null(strstr(all, "hunter2"));
	assert_null(strstr(all, "data"));
	free(all);
}

static void python_reads_back_every_byte(void **state)
{
	unsigned char bytes[256];
	struct iovec iov = piece(bytes, sizeof bytes);
	struct event e;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = i;
	event_init(&e, EVENT_SENDTO, EVENT_RETURN);
	e.moved = e.whole = sizeof bytes;
	e.iov = &iov;
	e.iovs = 1;
	e.text = "a\n\"";
	e.type = SOCK_STREAM;
	e.peer = (struct event_addr){ .len = 6, .bytes = { AF_UNIX & 0xff, 0, 0, 0, '\n', '"' } };
	eye_payload(256);
	assert_int_equal(eye_start(path), 0);
	event_hook(&e);
	assert_parses(1);
}

/* -- The environment --------------------------------------------------------------------- */

/* Run by the next test, with the recorder started before main. */
static void environment_child_emits_one_record(void **state)
{
	(void)state;
	emit("0123456789", 10);
}

static void traced_run(const char *payload)
{
	char self[] = "/proc/self/exe", filter[] = "environment_child";
	char *argv[] = { self, filter, NULL };
	char trace[96], shows[64];
	char *env[] = { trace, payload ? shows : NULL, NULL };

	unlink(path);
	snprintf(trace, sizeof trace, "SOCKEYE_TRACE=%s", path);
	snprintf(shows, sizeof shows, "SOCKEYE_TRACE_PAYLOAD=%s", payload ? payload : "");
	assert_int_equal(run(argv, env), 0);
	assert_int_equal(count_lines(), 1);
	assert_int_equal(mode_of(path), 0600);
}

static bool trace_has(const char *word)
{
	char *all = read_file(path);
	bool has = strstr(all, word);

	free(all);
	return has;
}

static void environment_starts_it(void **state)
{
	(void)state;
	traced_run(NULL);
	assert_true(trace_has("\"data\":\"0123456789\""));
	traced_run("3");
	assert_true(trace_has("\"data\":\"012\""));
	traced_run("1000000");
	assert_true(trace_has("\"data\":\"0123456789\""));
}

static void environment_in_doubt_shows_nothing(void **state)
{
	const char *none[] = { "0", "", "no", "7x", "-1", " 5", "0x10" };

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		traced_run(none[i]);
		assert_false(trace_has("data"));
	}
}

/* -- A hook of one's own ------------------------------------------------------ */

struct heard {
	int times;
	size_t n;
	char line[1000];
};

static void hear(void *with, const char *line, size_t n)
{
	struct heard *h = with;

	h->times++;
	h->n = n;
	snprintf(h->line, sizeof h->line, "%.*s", (int)n, line);
}

static void a_hook_of_its_own_needs_no_file(void **state)
{
	struct heard h = { .times = 0 };

	(void)state;
	eye_hook(hear, &h);
	emit("x", 1);
	assert_int_equal(h.times, 1);
	assert_int_equal(h.line[0], '{');
	assert_int_equal(h.line[h.n - 1], '}');
	assert_non_null(strstr(h.line, "\"data\":\"x\""));
	eye_hook(NULL, NULL);
	assert_null(event_hook);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_hook_of_its_own_and_a_file_hear_the_same(void **state)
{
	struct heard h = { .times = 0 };

	(void)state;
	assert_int_equal(eye_start(path), 0);
	eye_hook(hear, &h);
	emit("both", 4);
	assert_true(trace_has(h.line));
	eye_stop();
	emit("one", 3);
	assert_int_equal(h.times, 2);
	assert_int_equal(count_lines(), 1);
	eye_hook(NULL, NULL);
	assert_null(event_hook);
}

static void a_file_goes_on_without_the_hook(void **state)
{
	struct heard h = { .times = 0 };

	(void)state;
	eye_hook(hear, &h);
	assert_int_equal(eye_start(path), 0);
	eye_hook(NULL, NULL);
	emit("x", 1);
	assert_int_equal(h.times, 0);
	assert_int_equal(count_lines(), 1);
}

static const struct CMUnitTest tests[] = {
	CLAIM(file_is_private),
	CLAIM(existing_file_is_kept_and_its_mode),
	CLAIM(only_files_are_taken),
	CLAIM(failed_start_keeps_the_former_file),
	CLAIM(second_start_changes_the_file),
	CLAIM(stop_ends_it_and_start_appends),
	CLAIM(stop_leaves_another_watcher_alone),
	CLAIM(low_descriptors_stay_free),
	CLAIM(payload_is_bounded),
	CLAIM(payload_is_shown_up_to_its_limit),
	CLAIM(secret_stays_out_of_the_file),
	CLAIM(python_reads_back_every_byte),
	cmocka_unit_test(environment_child_emits_one_record),
	CLAIM(environment_starts_it),
	CLAIM(environment_in_doubt_shows_nothing),
	CLAIM(a_hook_of_its_own_needs_no_file),
	CLAIM(a_hook_of_its_own_and_a_file_hear_the_same),
	CLAIM(a_file_goes_on_without_the_hook),
};

CHECK_MAIN(tests)
