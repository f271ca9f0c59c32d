# SPDX-License-Identifier: MIT
"""usage: golden-calls.py N: N callers, all there at once, each of which asks, hears the answer, and leaves."""
import socket
import sys

callers = [socket.socket() for _ in range(int(sys.argv[1]))]
for caller in callers:
    caller.connect(("127.0.0.1", 9000))
for caller in callers:
    caller.sendall(b"question")
for caller in callers:
    while caller.recv(100):
        pass
    caller.close()
