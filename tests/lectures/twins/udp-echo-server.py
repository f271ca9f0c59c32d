# SPDX-License-Identifier: MIT
"""Echo datagrams for ever. The lecture means to stop at an empty one, but a pair is never empty."""
import socket

from place import place

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    here = place("127.0.0.1", 65432)
    sock.bind(here)
    print("Server listening:", *here)
    while True:
        pair = sock.recvfrom(1024)
        print("Received from client:", pair)
        if not pair:
            break
        count = sock.sendto(*pair)
        print("Sent to client:", pair[0], count)
