# SPDX-License-Identifier: MIT
"""Ask for a line, send it as one datagram, show it in upper case."""
from socket import AF_INET, SOCK_DGRAM, socket

from place import place

sock = socket(AF_INET, SOCK_DGRAM)
line = input("Input lowercase sentence:")
sock.sendto(line.encode(), place("127.0.0.1", 12000))
answer, sender = sock.recvfrom(2048)
print(answer.decode())
sock.close()
