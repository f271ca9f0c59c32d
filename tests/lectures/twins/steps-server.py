# SPDX-License-Identifier: MIT
"""The lecture's server snippets in a row: bind and listen, accept, receive."""
import socket

from place import place

listener = socket.socket()
listener.bind(place("0.0.0.0", 1234))
listener.listen()
caller, peer = listener.accept()
print("Incoming connection from", peer)
heard = caller.recv(1024)
print(heard.decode())
