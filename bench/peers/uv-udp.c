/* SPDX-License-Identifier: MIT */
/*
 * A UDP echo on libuv: each datagram is answered at once from the buffer that
 * it came in.
 *
 *	uv-udp [--mmsg]                 --mmsg: libuv receives up to 20 in one call
 */
#include <stdio.h>
#include <string.h>
#include <uv.h>

/* With --mmsg libuv makes 20 pieces of 64 KiB of it, the most that it uses. */
static char buffer[20 << 16];
static size_t room = 64 << 10;

static void alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	(void)handle;
	(void)size;
	*buf = uv_buf_init(buffer, (unsigned)room);
}

static void came(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
	unsigned flags)
{
	uv_buf_t out = uv_buf_init(buf->base, n > 0 ? (unsigned)n : 0);

	(void)flags;
	if (n >= 0 && from)
		uv_udp_try_send(socket, &out, 1, from);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	struct sockaddr_in addr;
	int len = sizeof addr, size = 4 << 20;
	unsigned flags = AF_INET;
	uv_udp_t server;

	if (argc > 1 && strcmp(argv[1], "--mmsg") == 0) {
		flags |= UV_UDP_RECVMMSG;
		room = sizeof buffer;
	}
	uv_ip4_addr("127.0.0.1", 0, &addr);
	uv_udp_init_ex(loop, &server, flags);
	if (uv_udp_bind(&server, (struct sockaddr *)&addr, 0) < 0)
		return 1;
	uv_recv_buffer_size((uv_handle_t *)&server, &size);
	uv_udp_recv_start(&server, alloc, came);
	uv_udp_getsockname(&server, (struct sockaddr *)&addr, &len);
	printf("listening udp://127.0.0.1:%d echo\n", ntohs(addr.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
