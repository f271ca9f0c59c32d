# SPDX-License-Identifier: MIT
"""connect-client with the lab's third exercise done: it sends a message and shows the echo."""
import socket

from place import place

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect(place(socket.gethostname(), 1234))
sock.send("Hello, echo server!".encode())
print(sock.recv(1024).decode())
