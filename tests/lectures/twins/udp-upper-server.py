# SPDX-License-Identifier: MIT
"""Each datagram goes back in upper case."""
from socket import AF_INET, SOCK_DGRAM, socket

from place import place

sock = socket(AF_INET, SOCK_DGRAM)
sock.bind(place("", 12000))
print("The server is ready to receive")
while True:
    text, sender = sock.recvfrom(2048)
    sock.sendto(text.decode().upper().encode(), sender)
