/* SPDX-License-Identifier: MIT */
/*
 * A bare TCP echo on io_uring: multishot accept and receive into a ring of
 * provided buffers, completions run by this thread alone (DEFER_TASKRUN). Like
 * epoll-echo.c it stands for the machine's limit and is no example to follow.
 *
 *	uring-echo [--skip]             --skip: no completion for a send that succeeds
 *
 * Bytes keep their order because a connection has one send under way; what
 * comes meanwhile waits in its buffers, a list through `next`. With --skip a
 * send has succeeded when submitting it brought no completion, so the buffer
 * is free after that; one that would have had to wait comes back and is sent
 * again in the ordinary way.
 */
#include "../plain.h"

#include <errno.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFERS = 1024, BUFFER = 16 << 10, FDS = 1 << 16, ENTRIES = 4096, GROUP = 0 };
enum kind { ACCEPT, RECEIVE, SEND, HOPE };

struct conn {
	int first, last;        /* buffers to send; -1: none */
	unsigned from;          /* how much of the first is sent */
	bool sending, ended;
};

static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static char (*memory)[BUFFER];
static struct conn conns[FDS];
static unsigned size[BUFFERS];
static int next[BUFFERS];
static int starved[FDS], starving;      /* connections whose receive found no buffer */
static int hopeful[FDS], hoping;        /* connections whose send is taken to succeed */
static bool skip;

static struct io_uring_sqe *entry(void)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring)))
		io_uring_submit(&ring);
	return sqe;
}

static void mark(struct io_uring_sqe *sqe, enum kind kind, int fd)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)kind << 32 | (unsigned)fd);
}

static void accept_callers(int listener)
{
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
	mark(sqe, ACCEPT, listener);
}

static void receive(int fd)
{
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	mark(sqe, RECEIVE, fd);
}

static void send_first(int fd, bool hope)
{
	struct conn *c = &conns[fd];
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_send(sqe, fd, memory[c->first] + c->from, size[c->first] - c->from,
		MSG_NOSIGNAL | MSG_WAITALL | (hope ? MSG_DONTWAIT : 0));
	mark(sqe, hope ? HOPE : SEND, fd);
	c->sending = true;
	if (hope) {
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		hopeful[hoping++] = fd;
	}
}

static void give_back(int buffer)
{
	io_uring_buf_ring_add(pool, memory[buffer], BUFFER, (unsigned short)buffer,
		io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(pool, 1);
	if (starving)
		receive(starved[--starving]);
}

static void drop_first(struct conn *c)
{
	int buffer = c->first;

	c->first = next[buffer];
	c->from = 0;
	give_back(buffer);
}

/* After a send or the end of receiving: what is next for this connection. */
static void go_on(int fd)
{
	struct conn *c = &conns[fd];

	if (c->sending)
		return;
	if (c->first >= 0)
		send_first(fd, skip);
	else if (c->ended)
		close(fd);
}

static void accepted(int fd)
{
	int one = 1;

	if (fd < 0 || fd >= FDS)
		return;
	conns[fd] = (struct conn){ .first = -1 };
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	receive(fd);
}

static void received(int fd, const struct io_uring_cqe *cqe)
{
	struct conn *c = &conns[fd];

	if (cqe->res > 0) {
		int buffer = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);

		size[buffer] = (unsigned)cqe->res;
		next[buffer] = -1;
		if (c->first < 0)
			c->first = buffer;
		else
			next[c->last] = buffer;
		c->last = buffer;
	}
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		if (cqe->res > 0)
			receive(fd);
		else if (cqe->res == -ENOBUFS)
			starved[starving++] = fd;
		else
			c->ended = true;
	}
	go_on(fd);
}

/* A send's completion; with --skip there is one only when not all was taken. */
static void sent(int fd, int result)
{
	struct conn *c = &conns[fd];

	if (result < 0 && result != -EAGAIN) {
		shutdown(fd, SHUT_RDWR);        /* ends the receive, and by that the connection */
		while (c->first >= 0)
			drop_first(c);
	} else {
		c->from += result > 0 ? (unsigned)result : 0;
		if (c->from < size[c->first]) {
			send_first(fd, false);
			return;
		}
		drop_first(c);
	}
	c->sending = false;
	go_on(fd);
}

/* Will the success of a send, which brings no completion, be followed by something to do? */
static bool more_to_do(void)
{
	for (int i = 0; i < hoping; i++) {
		const struct conn *c = &conns[hopeful[i]];

		if (c->ended || next[c->first] >= 0)
			return true;
	}
	return false;
}

static const struct io_uring_cqe *completion(unsigned i)
{
	return &ring.cq.cqes[(*ring.cq.khead + i) & ring.cq.ring_mask];
}

/* First of all: who of the hopeful failed must be known before a buffer is used again. */
static void settle(unsigned completions)
{
	static bool failed[FDS];
	int n = hoping;

	for (unsigned i = 0; i < completions; i++)
		if (completion(i)->user_data >> 32 == HOPE)
			failed[(unsigned)completion(i)->user_data] = true;
	hoping = 0;
	for (int i = 0; i < n; i++) {           /* what is added lies below i: one each at most */
		int fd = hopeful[i];

		if (!failed[fd]) {
			drop_first(&conns[fd]);
			conns[fd].sending = false;
			go_on(fd);
		}
		failed[fd] = false;
	}
}

static void serve(const struct io_uring_cqe *cqe)
{
	int fd = (int)(unsigned)cqe->user_data;

	switch ((enum kind)(cqe->user_data >> 32)) {
	case ACCEPT:
		accepted(cqe->res);
		if (!(cqe->flags & IORING_CQE_F_MORE))
			accept_callers(fd);
		break;
	case RECEIVE:
		received(fd, cqe);
		break;
	case SEND:
	case HOPE:
		sent(fd, cqe->res);
		break;
	}
}

static void set_up(void)
{
	struct io_uring_params params = { .cq_entries = FDS, .flags = IORING_SETUP_CQSIZE |
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };
	size_t rings = BUFFERS * sizeof(struct io_uring_buf), all = (size_t)BUFFERS * BUFFER;

	errno = -io_uring_queue_init_params(ENTRIES, &ring, &params);
	if (errno)
		plain_fail("io_uring");
	pool = mmap(NULL, rings + all, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (pool == MAP_FAILED)
		plain_fail("mmap");
	reg.ring_addr = (uintptr_t)pool;
	errno = -io_uring_register_buf_ring(&ring, &reg, 0);
	if (errno)
		plain_fail("io_uring buffers");
	io_uring_buf_ring_init(pool);
	memory = (void *)((char *)pool + rings);
	for (int i = 0; i < BUFFERS; i++)
		give_back(i);
}

int main(int argc, char **argv)
{
	skip = argc > 1 && strcmp(argv[1], "--skip") == 0;
	set_up();
	accept_callers(plain_listen(0));
	for (;;) {
		unsigned n;

		io_uring_submit_and_wait(&ring, !more_to_do());
		n = io_uring_cq_ready(&ring);   /* those of a full ring are the next turn's */
		settle(n);
		for (unsigned i = 0; i < n; i++)
			serve(completion(i));
		io_uring_cq_advance(&ring, n);
	}
}
