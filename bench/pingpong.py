# SPDX-License-Identifier: MIT
"""The same ping-pong in Python: pingpong.py MESSAGES prints the seconds."""
import os
import socket
import sys
import time

SIZE = 64
messages = int(sys.argv[1])
os.sched_setaffinity(0, {0})
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
conn, _ = server.accept()
for end in (client, conn):
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
child = os.fork()
if child == 0:
    client.close()
    while data := conn.recv(SIZE):
        conn.sendall(data)
    os._exit(0)
conn.close()
ping = b"p" * SIZE
start = time.monotonic()
for _ in range(messages):
    client.sendall(ping)
    client.recv(SIZE)
print(time.monotonic() - start)
client.close()
os.waitpid(child, 0)
