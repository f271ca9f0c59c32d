# SPDX-License-Identifier: MIT
"""Send one datagram, show the answer and its sender as a pair."""
import socket

from place import place

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    print("Sending message to server")
    sock.sendto(b"Hello, world", place("127.0.0.1", 65432))
    pair = sock.recvfrom(1024)
    print("Received", pair)
