# SPDX-License-Identifier: MIT
"""Say hello in a datagram, show who answered and what."""
import socket

from place import place

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto("Hello world!".encode(), place("127.0.0.1", 1337))
heard, sender = sock.recvfrom(1024)
print("Message from:", sender)
print(heard.decode())
sock.close()
