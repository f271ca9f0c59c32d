# SPDX-License-Identifier: MIT
"""A server with a child for each caller. usage: golden-fork.py N, after which it ends."""
import os
import socket
import sys

with socket.socket() as listener:
    listener.bind(("127.0.0.1", 9000))
    listener.listen()
    for _ in range(int(sys.argv[1])):
        caller = listener.accept()[0]
        if os.fork() == 0:
            listener.close()
            caller.sendall(caller.recv(100).upper())
            caller.close()
            os._exit(0)
        caller.close()
for _ in range(int(sys.argv[1])):
    os.wait()
