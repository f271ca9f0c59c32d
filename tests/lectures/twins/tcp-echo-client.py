# SPDX-License-Identifier: MIT
"""Send one text over TCP, show the first answer as bytes."""
import socket

from place import place

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
    sock.connect(place("127.0.0.1", 65432))
    sock.sendall(b"Hello, world")
    answer = sock.recv(1024)
print("Received", repr(answer))
