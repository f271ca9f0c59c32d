# SPDX-License-Identifier: MIT
"""accept-server with the lab's third exercise done: it sends back what it gets."""
import socket

from place import place

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(place(socket.gethostname(), 1234))
listener.listen(5)
while True:
    caller, peer = listener.accept()
    print("Connection from", peer, "has been established.")
    while chunk := caller.recv(1024):
        caller.send(chunk)
    caller.close()
