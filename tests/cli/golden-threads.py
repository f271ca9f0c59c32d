# SPDX-License-Identifier: MIT
"""A server with a thread for each caller. usage: golden-threads.py N: it answers when so many are there, and ends."""
import socket
import sys
import threading

N = int(sys.argv[1])
everybody = threading.Barrier(N)


def answer(caller):
    with caller:
        asked = caller.recv(100)
        everybody.wait()
        caller.sendall(asked.upper())


with socket.socket() as listener:
    listener.bind(("127.0.0.1", 9000))
    listener.listen()
    for _ in range(N):
        threading.Thread(target=answer, args=listener.accept()[:1]).start()
