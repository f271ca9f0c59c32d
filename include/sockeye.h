/* SPDX-License-Identifier: MIT */
/*
 * libsockeye: sockets for C, as easy as Python's. An echo server for one
 * client, whole:
 *
 *	sock_auto server = sock_server("tcp://127.0.0.1:65432");
 *	sock_auto conn = sock_accept(&server);
 *	char buf[1024];
 *	ssize_t n;
 *
 *	while ((n = sock_recv(&conn, buf, sizeof buf)) > 0)
 *		sock_sendall(&conn, buf, n);
 *	return n < 0 ? sock_report(&conn) : 0;
 *
 * A socket is a value. Where is one string. A call that fails returns -1, sets
 * errno and writes a sentence into the value: operation, address, reason. What
 * breaks a socket for good keeps the first sentence: later calls fail with it,
 * so a program may check once, at its end. One thread at a time uses a value.
 * Nothing here prints (but sock_report), exits, or dies of SIGPIPE; EINTR is
 * retried; each descriptor is close-on-exec. Manual: sock(3).
 */
#ifndef SOCKEYE_H
#define SOCKEYE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum {
	SOCKEYE_FOREVER = -1,   /* as a limit: none */
	SOCKEYE_BACKLOG = 128,  /* Python's default backlog: min(SOMAXCONN, 128) */
	SOCKEYE_WAIT_MOST = 1024, /* sockets that sock_wait takes at once */
	SOCKEYE_WHY = 256,      /* bytes of a sentence, its NUL included */
	SOCKEYE_READ = 1,       /* for sock_wait: bytes, a caller or the end are there */
	SOCKEYE_WRITE = 2       /* for sock_wait: there is room to send */
};

/* A line of text by value, so that sock_peer(&s).s may stand in a printf. */
struct sock_text {
	char s[400];
};

/* A binary address: what the system calls take, and the kind of socket. */
struct sock_addr {
	int type;               /* SOCK_STREAM, SOCK_DGRAM, ...; 0 when unknown */
	int proto;              /* 0, or a protocol such as IPPROTO_UDPLITE */
	socklen_t len;          /* bytes used of storage; 0 means no address */
	struct sockaddr_storage storage;
};

/*
 * A socket. Zeroed memory is a socket that was never opened: every call fails
 * cleanly on it. Read what has a comment freely; family, type and proto may be
 * overridden after sock_from. The rest belongs to the library. What every call
 * touches comes first, in one cache line.
 */
struct sock {
	int fd;                 /* for poll and friends; -1 when there is none */
	int error;              /* errno of the last call or, once broken, of the first cause; 0: well */
	int state, flags;
	int family, type, proto; /* AF_*, SOCK_* without flags, IPPROTO_* or 0 */
	int gai;                /* EAI_* of getaddrinfo(3) when a name look-up failed, else 0 */
	int64_t limit;          /* set by sock_limit, ns */
	int64_t until;
	uint64_t sent, got, cut;
	uint32_t zero;
	int port;
	struct sock_addr peer;  /* whom it talks to; len 0 when nobody */
	char why[SOCKEYE_WHY];  /* what failed last: operation, address, reason */
};

/* Python's "with": closes the socket when its scope ends. gcc and clang. */
#define sock_auto __attribute__((cleanup(sock_close), unused)) struct sock

/* -- Addresses: where --------------------------------------------------------
 *
 *	tcp://HOST:PORT   tcp4:// tcp6:// udp:// udp4:// udp6:// udplite://
 *	unix:PATH   unix:@NAME   unix-dgram:PATH   unix-seqpacket:PATH
 *	vsock:CID:PORT   fd:N     and see sockeye/addr.h for the rarer ones
 *
 * HOST is a name, four decimal numbers, or an IPv6 address in brackets with an
 * optional %zone; PORT a number or a service name. An empty HOST means every
 * interface when listening and localhost when calling. Port 0 lets the system
 * choose. On an open socket the scheme may be left out: "127.0.0.1:7", ":7".
 */

/* -- One call that does it all ------------------------------------------------ */

/* How, where the plain forms do not suffice. All zero is the plain form. */
struct sock_how {
	const char *source;     /* address to call from, or NULL */
	const char *options;    /* set before bind and connect: "nodelay,rcvbuf=65536" */
	int64_t limit;          /* ns for the whole call and the new socket; 0: the default limit */
	int backlog;            /* of a server; 0: SOCKEYE_BACKLOG */
};

/*
 * Call an address: look its name up, try each of its addresses (IPv6 and IPv4
 * raced as RFC 8305 says, 250 ms apart), return the first that connects. A
 * datagram socket is connected too, so that send and recv work on it. The
 * caller closes it. On failure the value is dead and names every address tried.
 */
struct sock sock_dial(const char *where);
struct sock sock_dial_how(const char *where, const struct sock_how *how);

/*
 * Serve at an address: bind with SO_REUSEADDR and listen; a datagram socket is
 * bound only. An empty host serves IPv6 and IPv4 on one socket. A stale Unix
 * socket of one's own is taken over; any other object at its path is left alone.
 */
struct sock sock_server(const char *where);
struct sock sock_server_how(const char *where, const struct sock_how *how);

/*
 * Wait for the next caller and return a connection of its own, closed by the
 * caller of this function. Its limit is the default limit. An error that
 * concerns one caller or a lack of resources leaves the server alive. To end a
 * blocked accept from a signal handler call shutdown(server.fd, SHUT_RDWR).
 */
struct sock sock_accept(struct sock *server);

/* -- The steps, for teaching and for special sockets ---------------------------- */

/*
 * Make a socket: socket(2). 0, 0, 0 means AF_INET, SOCK_STREAM, the default
 * protocol. Type may carry SOCK_NONBLOCK, which is the same as sock_limit(s, 0).
 */
struct sock sock_open(int family, int type, int proto);

/* Give it an address of its own. Names are looked up. Returns 0 or -1; -1 is final. */
int sock_bind(struct sock *s, const char *where);
int sock_bind_addr(struct sock *s, const struct sock_addr *addr);

/* Queue callers for sock_accept, at most backlog of them (negative counts as 0). */
int sock_listen(struct sock *s, int backlog);

/*
 * Connect, trying each address of the name in turn. A limit that is reached
 * leaves the attempt under way: call again to go on waiting. TCP that meets
 * itself (same address and port at both ends) counts as refused. Returns 0, or
 * -1, which is final but for a limit and EISCONN.
 */
int sock_connect(struct sock *s, const char *where);
int sock_connect_addr(struct sock *s, const struct sock_addr *addr);

/* -- Life ------------------------------------------------------------------------ */

/*
 * Adopt a descriptor: the same socket, not a copy; it is closed with the value.
 * Family, type and proto are found out.
 */
struct sock sock_from(int fd);

/* Let go: returns the descriptor, now the caller's, or -1. The value is closed. */
int sock_detach(struct sock *s);

/* A second value for the same connection, on a descriptor of its own, for another thread. Limits are copied. */
struct sock sock_dup(struct sock *s);

/* Hand the socket on: returns the value and leaves s closed. For leaving a sock_auto scope. */
struct sock sock_move(struct sock *s);

/* Two connected sockets. 0, 0 means AF_UNIX, SOCK_STREAM. Returns 0 or -1, with the sentence in pair[0]. */
int sock_pair(struct sock pair[2], int family, int type);

/* Finish sending (SHUT_WR: the peer reads the end), receiving (SHUT_RD), or both (SHUT_RDWR). */
int sock_shutdown(struct sock *s, int how);

/*
 * Close. May be called again. What is queued is still sent; only with the option
 * "linger" is that waited for, whatever the limit. The sentence of a broken
 * socket stays. Returns 0.
 */
int sock_close(struct sock *s);

/*
 * Print the sentence to stderr, if the last call failed or the socket is
 * broken, and return the exit code for main: 0 well, 1 network error, 2 a bad
 * address or option, 3 unknown name, 4 refused or unreachable, 5 time limit,
 * 8 not permitted.
 */
int sock_report(const struct sock *s);

/* -- Bytes out --------------------------------------------------------------------- */

/* Send what fits, at least one byte. Returns the count, which may be less than n. */
ssize_t sock_send(struct sock *s, const void *buf, size_t n);

/*
 * Send all of it, within one limit. Returns 0 or -1. Cut short after a part it
 * breaks the socket, for the stream is then damaged; sock_sent tells the part.
 */
int sock_sendall(struct sock *s, const void *buf, size_t n);

/* Bytes that the last sending call moved, also when it failed. */
uint64_t sock_sent(const struct sock *s);

/* Send one datagram to an address; names are looked up each time. Returns n or -1. */
ssize_t sock_sendto(struct sock *s, const void *buf, size_t n, const char *where);
ssize_t sock_sendto_addr(struct sock *s, const void *buf, size_t n, const struct sock_addr *to);

/* Send all of a string, or of formatted text as printf(3) makes it. Returns 0 or -1. */
int sock_puts(struct sock *s, const char *text);
int sock_printf(struct sock *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Send count bytes of a file from offset on (count 0: to its end) within one
 * limit, in the kernel where it can. Leaves the file's position after the last
 * byte sent. Returns the bytes sent or -1. Streams only, and not under limit 0.
 */
int64_t sock_sendfile(struct sock *s, int file, int64_t offset, uint64_t count);

/* -- Bytes in ---------------------------------------------------------------------- */

/*
 * Take what has arrived, up to n bytes, waiting for at least one. Returns the
 * count, 0 when the peer has finished (or for an empty datagram), or -1. What
 * of a datagram does not fit is lost, and sock_cut counts it.
 */
ssize_t sock_recv(struct sock *s, void *buf, size_t n);

/* The same, leaving the bytes where they are. */
ssize_t sock_peek(struct sock *s, void *buf, size_t n);

/* Take exactly n bytes, within one limit. Fewer are returned only when the peer has finished. */
ssize_t sock_recvall(struct sock *s, void *buf, size_t n);

/* Bytes that the last receiving call stored, also when it failed (recvall at a limit). */
uint64_t sock_got(const struct sock *s);

/* Take one datagram and the sender's address (from may be NULL). */
ssize_t sock_recvfrom(struct sock *s, void *buf, size_t n, struct sock_addr *from);

/* Bytes of the last datagram that did not fit the buffer and are lost; 0 on streams. */
uint64_t sock_cut(const struct sock *s);

/* -- Time --------------------------------------------------------------------------- */

/* Lengths of time, in the ns that all limits are given in, and the monotonic clock. */
int64_t sock_ms(int64_t ms);
int64_t sock_sec(int64_t sec);
int64_t sock_now(void);

/*
 * Bound every later call, however many system calls it makes, name look-up
 * included: SOCKEYE_FOREVER none, 0 never wait (EAGAIN), else ns (ETIMEDOUT).
 * A limit may put the descriptor in non-blocking mode. Returns 0 or -1.
 */
int sock_limit(struct sock *s, int64_t limit);

/* Bound the whole conversation: no call waits past this moment of sock_now. 0 lifts it. */
int sock_until(struct sock *s, int64_t moment);

/* The limit that new sockets of this process start with; at first SOCKEYE_FOREVER. Returns the old one. */
int64_t sock_default_limit(int64_t limit);

/* One of several sockets to wait for, and what for. */
struct sock_wait {
	struct sock *s;         /* NULL entries are skipped */
	int want;               /* SOCKEYE_READ, SOCKEYE_WRITE or both */
	int ready;              /* the answer; a broken or hung-up socket is ready for all it wants */
};

/*
 * Wait until one of n sockets (at most SOCKEYE_WAIT_MOST) is ready. Returns how
 * many are, 0 at the limit, or -1 and errno.
 */
int sock_wait(struct sock_wait *list, int n, int64_t limit);

/* -- Who ---------------------------------------------------------------------------- */

/* Both ends as text that parses back: "tcp://127.0.0.1:65432". "unknown" when there is none. */
struct sock_text sock_peer(const struct sock *s);
struct sock_text sock_name(const struct sock *s);

/* The own address in binary. 0 or -1. The peer's is s->peer. */
int sock_name_addr(struct sock *s, struct sock_addr *addr);

/* 1 when one socket can serve IPv6 and IPv4 here, else 0. */
int sock_has_dualstack(void);

/* May a child that execs keep the descriptor? Not from birth. Both return -1 on failure. */
int sock_inheritable(struct sock *s);
int sock_set_inheritable(struct sock *s, int yes);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
