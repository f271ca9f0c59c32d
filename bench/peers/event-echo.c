/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo on libevent as its bufferevents are meant to be used: the input's
 * buffers move to the output.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void came(struct bufferevent *stream, void *context)
{
	(void)context;
	evbuffer_add_buffer(bufferevent_get_output(stream), bufferevent_get_input(stream));
}

static void ended(struct bufferevent *stream, short what, void *context)
{
	(void)context;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(stream);
}

static void called(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
	int len, void *context)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)addr;
	(void)len;
	(void)context;
	bufferevent_setcb(stream, came, NULL, ended, NULL);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

int main(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof addr;
	struct event_base *base = event_base_new();
	struct evconnlistener *listener = evconnlistener_new_bind(base, called, NULL,
		LEV_OPT_CLOSE_ON_FREE, 4096, (struct sockaddr *)&addr, sizeof addr);

	if (!listener)
		return 1;
	sigaction(SIGPIPE, &ignore, NULL);
	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&addr, &len);
	printf("listening tcp://127.0.0.1:%d echo\n", ntohs(addr.sin_port));
	fflush(stdout);
	return event_base_dispatch(base);
}
