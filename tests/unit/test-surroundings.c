/* SPDX-License-Identifier: MIT */
/* What surrounds the command: addresses, sockets handed over, the manager, and who holds a port. */
#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <sockeye.h>

#include "cmd/address.h"
#include "cmd/holder.h"
#include "cmd/inherit.h"
#include "cmd/notify.h"
#include "said.h"

/* -- Addresses and inherited sockets ------------------------------------------------------ */

static struct address address(const char *text)
{
	char why[SOCKEYE_WHY];
	struct address a;

	if (address_read(&a, text, why) < 0)
		fail_msg("%s: %s", text, why);
	return a;
}

static void address_tells_who_can_reach_it(void **state)
{
	static const char *const local[] = {
		"tcp://127.0.0.1:7", "udp://127.9.9.9:7", "udp://[::1]:7", "udp://[::ffff:127.0.0.1]:7",
		"udp://localhost:7", "unix:/tmp/x", "unix-dgram:@x", "vsock:local:7",
	};
	static const char *const open[] = {
		"udp://:7", "udp://10.0.0.1:7", "udp4://:7", "udp://[::]:7",
		"udp://[::ffff:10.0.0.1]:7", "udp://host.example:7", "vsock:any:7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		assert_true(address(local[i]).local);
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		assert_false(address(open[i]).local);
	assert_true(address("tcp://:0").chosen && address("unix:").chosen);
	assert_false(address("tcp://:7").chosen);
}

static void bare_address_has_no_scheme(void **state)
{
	(void)state;
	assert_true(address_is_bare(":7") && address_is_bare("[::1]:7"));
	assert_true(address_is_bare("host:99999"));
	assert_false(address_is_bare("tcp://:7") || address_is_bare("unix:x"));
	assert_false(address_is_bare("fd:x") || address_is_bare("http://host"));
	assert_false(address_is_bare("vsock:x:y"));
}

static void descriptor_is_asked_what_it_is(void **state)
{
	int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[32], why[SOCKEYE_WHY];
	struct address a;

	(void)state;
	snprintf(text, sizeof text, "fd:%d", stream);
	assert_false(address(text).listens);
	assert_int_equal(listen(stream, 1), 0);
	a = address(text);
	assert_true(a.listens && a.fd == stream && a.type == SOCK_STREAM);
	close(stream);
	assert_int_equal(address_read(&a, text, why), -1);
	assert_string_equal(why, "Bad file descriptor: it is not open here, whoever starts the command must "
	                    "hand it over");
}

static void environment_hands_over_sockets(void **state)
{
	char pid[32];

	(void)state;
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", "echo:upper.socket:", 1);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(inherit_count(), 0);
	setenv("LISTEN_PID", pid, 1);
	assert_int_equal(inherit_count(), 3);
	assert_true(inherit_is_named(0, "echo") && inherit_is_named(1, "upper"));
	assert_false(inherit_is_named(1, "echo") || inherit_is_named(0, "ech"));
	assert_false(inherit_is_named(2, "upper") || inherit_is_named(9, "echo"));
	setenv("LISTEN_FDS", "1000000000", 1);
	assert_int_equal(inherit_count(), -1);
	setenv("LISTEN_FDS", "x", 1);
	assert_int_equal(inherit_count(), -1);
	unsetenv("LISTEN_FDS");
	assert_int_equal(inherit_count(), 0);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
}

/* A datagram socket at a name, or under a path. */
static int manager(const struct sockaddr_un *un, size_t n)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	n += offsetof(struct sockaddr_un, sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)un, (socklen_t)n), 0);
	return fd;
}

static void told(int fd, const char *name)
{
	char why[SOCKEYE_WHY] = "", got[32] = "";

	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_send("READY=1", why), 0);
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void manager_is_told_at_a_name_and_at_a_path(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char why[SOCKEYE_WHY], dir[] = "/tmp/sockeye-XXXXXX";

	(void)state;
	int n = snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "sockeye-test%%41-%d", getpid());
	int fd = manager(&un, (size_t)n + 1);
	un.sun_path[0] = '@';
	told(fd, un.sun_path);
	assert_non_null(mkdtemp(dir));
	n = snprintf(un.sun_path, sizeof un.sun_path, "%s/a %%b", dir);
	told(manager(&un, (size_t)n + 1), un.sun_path);
	unlink(un.sun_path);
	rmdir(dir);
	assert_int_equal(notify_send("READY=1", why), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_send("READY=1", why), -1);
	unsetenv("NOTIFY_SOCKET");
}

/* What holder_find says of an address that s, which it closes, has. */
static void found_here(struct sock s)
{
	char text[HOLDER_TEXT] = "", mine[64];
	struct sock_addr addr;

	if (s.fd < 0)
		fail_msg("%s", s.why);
	assert_int_equal(sock_name_addr(&s, &addr), 0);
	snprintf(mine, sizeof mine, "held by pid %d (", getpid());
	assert_true(holder_find(&addr, text));
	if (strncmp(text, mine, strlen(mine)) != 0)
		fail_msg("%s: %s", sock_name(&s).s, text);
	sock_close(&s);
	assert_false(holder_find(&addr, text));
}

static void holder_of_an_address_is_found(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "unix:@sockeye test %%00 %d", getpid());
	found_here(sock_server("tcp://127.0.0.1:0"));
	found_here(sock_server("udp://127.0.0.1:0"));
	found_here(sock_server(name));
	if (sock_has_dualstack())
		found_here(sock_server("tcp://[::1]:0"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(address_tells_who_can_reach_it),
	cmocka_unit_test(bare_address_has_no_scheme),
	cmocka_unit_test(descriptor_is_asked_what_it_is),
	cmocka_unit_test(environment_hands_over_sockets),
	cmocka_unit_test(manager_is_told_at_a_name_and_at_a_path),
	cmocka_unit_test(holder_of_an_address_is_found),
};
CHECK_MAIN(tests)
