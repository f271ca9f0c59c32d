# SPDX-License-Identifier: MIT
"""Say hello to one caller, show what it said. Only the listener is closed, as in the lecture."""
import socket

from place import place

listener = socket.socket()
listener.bind(place("0.0.0.0", 1337))
listener.listen()
caller, peer = listener.accept()
caller.send("Hello world!".encode())
heard = caller.recv(1024)
print(heard.decode())
listener.close()
