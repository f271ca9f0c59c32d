/* SPDX-License-Identifier: MIT */
/*
 * An address as text, in the form that parses back: tcp://1.2.3.4:5,
 * tcp://[fe80::1%eth0]:5, udp://..., udplite://..., raw://HOST, unix:PATH,
 * unix:@NAME, unix-dgram:..., unix-seqpacket:..., vsock:CID:PORT,
 * packet:IFACE:PROTO, netlink:PID:GROUPS, can:IFACE[:RX:TX], alg:TYPE:NAME.
 * Without a type an Internet address is HOST:PORT. No address is "unknown"; a
 * family without a form is "family-N".
 *
 * The text is one line that cannot play tricks on a terminal: in paths and
 * names a byte is written %XX if it belongs to a control character, to one
 * that ends lines or turns the direction of writing, or to no valid UTF-8; so
 * is '%' itself and the '@' that begins a path. An interface whose name would
 * be misread is given by its number, all interfaces by an empty IFACE. PROTO is
 * the decimal EtherType, RX and TX are hexadecimal.
 */
#ifndef BASE_ADDRTEXT_H
#define BASE_ADDRTEXT_H

#include <stddef.h>
#include <sys/socket.h>

enum { ADDRTEXT_ROOM = 400 };   /* enough for every address */

/*
 * Print the address in len bytes at sa, of a socket with this type and
 * protocol (0: unknown), into out. Returns the length. With less room the text
 * ends early, never within a %XX. Takes no lock and keeps errno.
 */
size_t addrtext_print(char *out, size_t room, const struct sockaddr *sa, socklen_t len,
                      int type, int proto);

#endif
