# SPDX-License-Identifier: MIT
"""Send eight datagrams of growing size, the last of which says so."""
import socket

with socket.socket(type=socket.SOCK_DGRAM) as sock:
    for n in range(1, 8):
        sock.sendto(b"x" * (10 * n), ("127.0.0.1", 9000))
    sock.sendto(b"last", ("127.0.0.1", 9000))
