/* SPDX-License-Identifier: MIT */
/* All kinds of notes: their names, what each means in general, and who looks for it. */
#include "explain-fact.h"

#define ROW(test) .row = explain_ ## test
#define GONE(test) .gone = explain_ ## test

const struct explain_kind explain_kinds[] = {
	{ "name-took", "looking up a name took more than a second", ROW(name_took) },
	{ "bound-loopback", "bound to a loopback address: nobody on another machine can reach it", ROW(bound_loopback),
	  .hint = true, .most = 3 },
	{ "any-address", "bound to every address of the machine", ROW(any_address), .hint = true, .most = 3 },
	{ "privileged-port", "ports below 1024 need a privilege", ROW(privileged_port) },
	{ "address-in-use", "why an address could not be bound: who has it, or what lies in TIME_WAIT",
	  ROW(address_in_use) },
	{ "implicit-bind", "the kernel gave the socket its port, for nobody called bind", ROW(implicit_bind),
	  .hint = true, .most = 3 },
	{ "backlog-full", "connect waits, for the listener's queue is full: that is not a denial", ROW(backlog_full) },
	{ "refused", "nobody is there: the server must run first", ROW(refused) },
	{ "one-at-a-time", "a caller waited to be accepted while another one was served", ROW(one_at_a_time),
	  .hint = true },
	{ "partial-receive", "a receive got a part of what one send sent, or what several sent", ROW(partial_receive),
	  .hint = true },
	{ "one-receive", "one receive was taken for the whole message", GONE(one_receive) },
	{ "short-send", "send took fewer bytes than it was given; whether the rest followed", ROW(short_send),
	  GONE(rest_lost) },
	{ "zero-spin", "a loop goes on though receive returns 0, the end", ROW(zero_spin) },
	{ "crossing", "both ends sent before either received", ROW(crossing) },
	{ "sendto-address-ignored", "sendto on a connected stream does not look at its address", ROW(sendto_ignored) },
	{ "empty-datagram", "an empty datagram is a message, not an end", ROW(empty_datagram), .hint = true },
	{ "cut-datagram", "a datagram was longer than the buffer, and its rest is gone", ROW(cut_datagram) },
	{ "grown-reply", "a reply was longer than its request, and was cut", ROW(grown_reply) },
	{ "broken-pipe", "send failed with EPIPE, and what had happened before", ROW(broken_pipe) },
	{ "reset", "the connection was reset, and what had happened before", ROW(reset) },
	{ "both-wait", "both ends wait to receive and nothing is under way", ROW(both_wait) },
	{ "no-timeout", "a reply to a datagram never came, and its caller waited to no end", GONE(no_timeout) },
	{ "unread-close", "closed with bytes unread, which resets the connection", GONE(unread_close) },
	{ "time-wait", "who ended first, by close or shutdown, and so has TIME_WAIT at its port",
	  GONE(time_wait), .most = 3 },
	{ "never-closed", "a program ended with a socket open, or piles up accepted ones", ROW(pile),
	  GONE(never_closed) },
	{ "listener-closed-not-connection", "the listener was closed, the accepted connection was not",
	  GONE(listener_closed) },
	{ "not-utf8", "bytes that are no text came last before a program failed", ROW(not_text) },
	{ .name = NULL },
};
