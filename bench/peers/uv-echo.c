/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo on libuv, written with care: one buffer for all connections, each
 * reply tried at once, and only what the peer does not take is copied and
 * queued; until that has left, nothing more is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static char buffer[64 << 10];

struct rest {
	uv_write_t request;
	char bytes[];
};

static void alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	(void)handle;
	(void)size;
	*buf = uv_buf_init(buffer, sizeof buffer);
}

static void gone(uv_handle_t *handle)
{
	free(handle);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void left(uv_write_t *request, int status)
{
	uv_stream_t *stream = request->handle;

	free(request);
	if (uv_is_closing((uv_handle_t *)stream))
		return;
	if (status < 0)
		uv_close((uv_handle_t *)stream, gone);
	else
		uv_read_start(stream, alloc, came);
}

static void queue(uv_stream_t *stream, const char *bytes, size_t n)
{
	struct rest *rest = malloc(sizeof *rest + n);
	uv_buf_t buf;

	if (!rest) {
		uv_close((uv_handle_t *)stream, gone);
		return;
	}
	memcpy(rest->bytes, bytes, n);
	buf = uv_buf_init(rest->bytes, (unsigned)n);
	uv_read_stop(stream);
	uv_write(&rest->request, stream, &buf, 1, left);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	uv_buf_t out = uv_buf_init(buf->base, n > 0 ? (unsigned)n : 0);
	int sent;

	if (n == 0)
		return;
	if (n < 0) {
		uv_close((uv_handle_t *)stream, gone);
		return;
	}
	sent = uv_try_write(stream, &out, 1);
	if (sent < 0 && sent != UV_EAGAIN) {
		uv_close((uv_handle_t *)stream, gone);
		return;
	}
	if (sent < 0)
		sent = 0;
	if (sent < n)
		queue(stream, buf->base + sent, (size_t)(n - sent));
}

static void called(uv_stream_t *server, int status)
{
	uv_tcp_t *stream = status == 0 ? malloc(sizeof *stream) : NULL;

	if (!stream)
		return;
	uv_tcp_init(server->loop, stream);
	if (uv_accept(server, (uv_stream_t *)stream) == 0)
		uv_read_start((uv_stream_t *)stream, alloc, came);
	else
		uv_close((uv_handle_t *)stream, gone);
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();
	struct sockaddr_in addr;
	int len = sizeof addr;
	uv_tcp_t server;

	uv_ip4_addr("127.0.0.1", 0, &addr);
	uv_tcp_init(loop, &server);
	if (uv_tcp_bind(&server, (struct sockaddr *)&addr, 0) < 0 ||
		uv_listen((uv_stream_t *)&server, 4096, called) < 0)
		return 1;
	uv_tcp_getsockname(&server, (struct sockaddr *)&addr, &len);
	printf("listening tcp://127.0.0.1:%d echo\n", ntohs(addr.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
