# SPDX-License-Identifier: MIT
"""Echo to one caller over TCP until it has finished."""
import socket

from place import place

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
    listener.bind(place("127.0.0.1", 65432))
    listener.listen()
    caller, peer = listener.accept()
    with caller:
        print("Connected by", peer)
        while chunk := caller.recv(1024):
            caller.sendall(chunk)
