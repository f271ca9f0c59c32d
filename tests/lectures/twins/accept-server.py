# SPDX-License-Identifier: MIT
"""Accept callers and do nothing else. Rebinding caller closes the one before."""
import socket

from place import place

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(place(socket.gethostname(), 1234))
listener.listen(5)
while True:
    caller, peer = listener.accept()
    print("Connection from", peer, "has been established.")
