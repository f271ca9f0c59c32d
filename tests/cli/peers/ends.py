# SPDX-License-Identifier: MIT
"""Say all of stdin and the end, write all that comes to stdout: ends.py call|listen HOST PORT."""
import shutil
import socket
import sys
import threading

role, host, port = sys.argv[1:]


def say(sock):
    with sock.makefile("wb") as out:
        shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
    sock.shutdown(socket.SHUT_WR)


if role == "call":
    conn = socket.create_connection((host, int(port)))
else:
    with socket.create_server((host, int(port))) as server:
        conn = server.accept()[0]
with conn:
    speaker = threading.Thread(target=say, args=[conn])
    speaker.start()
    while data := conn.recv(1 << 18):
        sys.stdout.buffer.write(data)
    speaker.join()
