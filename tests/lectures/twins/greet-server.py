# SPDX-License-Identifier: MIT
"""accept-server with the lab's second exercise done: it greets each caller."""
import socket

from place import place

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(place(socket.gethostname(), 1234))
listener.listen(5)
while True:
    caller, peer = listener.accept()
    print("Connection from", peer, "has been established.")
    caller.send("Welcome to the server!".encode())
    caller.close()
