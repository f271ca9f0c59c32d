# SPDX-License-Identifier: MIT
"""Say hello over TCP, show what the server said meanwhile."""
import socket

from place import place

sock = socket.socket()
sock.connect(place("127.0.0.1", 1337))
sock.send("Hello world!".encode())
heard = sock.recv(1024)
print(heard.decode())
sock.close()
