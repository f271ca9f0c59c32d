# SPDX-License-Identifier: MIT
"""Take datagrams until one says that it is the last."""
import socket

with socket.socket(type=socket.SOCK_DGRAM) as here:
    here.bind(("127.0.0.1", 9000))
    while here.recv(100) != b"last":
        pass
