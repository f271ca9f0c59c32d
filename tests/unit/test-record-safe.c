/* SPDX-License-Identifier: MIT */
/*
 * Claims about the recorder: processes, threads and signal handlers do not mix
 * their lines, and nothing that befalls the trace disturbs the program.
 */
#include "recording.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

/* -- Processes and threads ------------------------------------------------------- */

static void emit_many(int n, size_t size)
{
	static const char bytes[4000] = "many";

	for (int i = 0; i < n; i++)
		emit(bytes, size);
}

static void end_well(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void processes_do_not_mix(void **state)
{
	enum { LINES = 10000 };
	pid_t child[2];
	char word[32];

	(void)state;
	assert_int_equal(eye_start(path), 0);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			int r = i ? eye_start(path) : 0;        /* one opens the file for itself */

			emit_many(LINES, 40 * i);
			_exit(-r);
		}
	}
	end_well(child[0]);
	end_well(child[1]);
	char *all = read_file(path);
	for (int i = 0; i < 2; i++) {
		snprintf(word, sizeof word, "\"pid\":%d,", child[i]);
		assert_int_equal(count(all, word), LINES);
	}
	assert_int_equal(count(all, "\n"), 2 * LINES);
	free(all);
	assert_parses(2 * LINES);
}

static void *emit_in_thread(void *size)
{
	emit_many(1000, (size_t)size);
	return NULL;
}

static void threads_do_not_mix(void **state)
{
	pthread_t thread[4];

	(void)state;
	eye_payload(65536);
	assert_int_equal(eye_start(path), 0);
	for (size_t i = 0; i < 4; i++) {
		void *size = (void *)(400 * i);         /* some lines fit the stack, some do not */

		assert_int_equal(pthread_create(&thread[i], NULL, emit_in_thread, size), 0);
	}
	for (size_t i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_parses(4000);
}

/* Starting and stopping while others record neither crashes nor writes elsewhere. */
static void threads_survive_start_and_stop(void **state)
{
	pthread_t thread[2];

	(void)state;
	assert_int_equal(eye_start(path), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, emit_in_thread, (void *)10), 0);
	for (int i = 0; i < 200; i++) {
		eye_stop();
		int fd = open(other, O_WRONLY | O_CREAT | O_APPEND, 0600);
		if (eye_start(path) < 0)
			assert_int_equal(errno, EBUSY);
		close(fd);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	struct stat st;
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_parses(count_lines());
}

static volatile sig_atomic_t alarms;

static void emit_on_alarm(int number)
{
	(void)number;
	alarms++;
	emit("alarm", 5);
}

static void signal_handler_may_record(void **state)
{
	enum { LINES = 1000, ALARMS = 50, MOST = 2000000 };
	struct sigaction act = { .sa_handler = emit_on_alarm, .sa_flags = SA_RESTART }, was;
	struct itimerval often = { .it_interval.tv_usec = 200, .it_value.tv_usec = 200 };
	const struct itimerval never = { 0 };
	int lines = 0;

	(void)state;
	eye_payload(65536);
	assert_int_equal(eye_start(path), 0);
	alarms = 0;
	sigaction(SIGALRM, &act, &was);
	setitimer(ITIMER_REAL, &often, NULL);
	while ((lines < LINES || alarms < ALARMS) && lines < MOST) {
		emit_many(1, lines * 7 % 3000);
		lines++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &was, NULL);
	assert_true(alarms >= ALARMS);
	assert_parses(lines + alarms);
}

static void child_writes_its_own_pid(void **state)
{
	char word[32];

	(void)state;
	assert_int_equal(eye_start(path), 0);
	emit("parent", 6);
	pid_t child = fork();
	if (child == 0) {
		emit("child", 5);
		eye_stop();
		_exit(event_hook || fcntl(TRACE_HIGH, F_GETFD) >= 0);
	}
	end_well(child);
	emit("parent", 6);
	char *all = read_file(path);
	snprintf(word, sizeof word, "\"pid\":%d,", child);
	assert_int_equal(count(all, word), 1);
	snprintf(word, sizeof word, "\"pid\":%d,", getpid());
	assert_int_equal(count(all, word), 2);
	free(all);
}

/* -- What must not disturb the program ------------------------------------------------ */

static void errno_is_kept(void **state)
{
	(void)state;
	assert_int_equal(eye_start("/dev/full"), 0);
	errno = 77;
	emit("x", 1);
	assert_int_equal(errno, 77);
	eye_stop();
	assert_int_equal(errno, 77);
	assert_int_equal(eye_start(path), 0);
	errno = 78;
	emit("x", 1);
	assert_int_equal(errno, 78);
}

static void set_limit(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* A line cut at the limit stands alone; the next whole one tells how many are missing. */
static void file_size_limit_kills_nobody(void **state)
{
	struct rlimit old;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(eye_start(path), 0);
	emit("first", 5);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	pid_t child = fork();
	if (child == 0) {
		set_limit(st.st_size + 20);
		emit("cut", 3);
		emit("lost", 4);
		emit("lost", 4);
		set_limit(old.rlim_cur);
		emit("last", 4);
		sigset_t left;
		sigpending(&left);
		_exit(sigismember(&left, SIGXFSZ));
	}
	end_well(child);
	char *all = read_file(path);
	char *second = strchr(all, '\n') + 1, *third = strchr(second, '\n') + 1;
	assert_int_equal(third - second, 21);
	assert_int_equal(count(third, "\n"), 1);
	assert_non_null(strstr(third, "\"data\":\"last\""));
	assert_non_null(strstr(third, "\"lost\":3}\n"));
	free(all);
}

/* A daemon closes every descriptor and opens its own files at the same numbers. */
static void foreign_descriptor_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(eye_start(path), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(other, O_RDWR | O_CREAT, 0600);
		struct stat st = { 0 };

		dup2(fd, TRACE_HIGH);
		emit("x", 1);
		bool unhooked = !event_hook;
		eye_stop();
		fstat(TRACE_HIGH, &st);
		_exit(!unhooked || st.st_size != 0 || !st.st_ino);
	}
	end_well(child);
	assert_int_equal(count_lines(), 0);
	emit("x", 1);
	assert_int_equal(count_lines(), 1);
}

static const struct CMUnitTest tests[] = {
	CLAIM(processes_do_not_mix),
	CLAIM(threads_do_not_mix),
	CLAIM(threads_survive_start_and_stop),
	CLAIM(signal_handler_may_record),
	CLAIM(child_writes_its_own_pid),
	CLAIM(errno_is_kept),
	CLAIM(file_size_limit_kills_nobody),
	CLAIM(foreign_descriptor_is_left_alone),
};

CHECK_MAIN(tests)
