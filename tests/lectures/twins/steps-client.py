# SPDX-License-Identifier: MIT
"""The lecture's client snippets in a row: connect, send. Its place was 192.168.1.1."""
import socket

from place import place

sock = socket.socket()
sock.connect(place("127.0.0.1", 1234))
sock.send("Hello!".encode())
