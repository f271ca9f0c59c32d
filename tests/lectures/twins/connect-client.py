# SPDX-License-Identifier: MIT
"""Connect and leave."""
import socket

from place import place

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect(place(socket.gethostname(), 1234))
