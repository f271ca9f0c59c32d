# SPDX-License-Identifier: MIT
"""Wait for one datagram, show it, say hello to its sender."""
import socket

from place import place

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(place("0.0.0.0", 1337))
heard, sender = sock.recvfrom(1024)
print("Message from:", sender)
print(heard.decode())
sock.sendto("Hello world!".encode(), sender)
sock.close()
