# SPDX-License-Identifier: MIT
"""Connect, ask for a line, send it, show it in upper case."""
from socket import AF_INET, SOCK_STREAM, socket

from place import place

sock = socket(AF_INET, SOCK_STREAM)
sock.connect(place("127.0.0.1", 12000))
line = input("Input lowercase sentence:")
sock.send(line.encode())
answer = sock.recv(1024)
print("From Server:", answer.decode())
sock.close()
