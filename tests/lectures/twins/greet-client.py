# SPDX-License-Identifier: MIT
"""connect-client with the lab's second exercise done: it shows the greeting."""
import socket

from place import place

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect(place(socket.gethostname(), 1234))
print(sock.recv(1024).decode())
