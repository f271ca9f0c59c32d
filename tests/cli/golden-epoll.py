# SPDX-License-Identifier: MIT
"""A server of one thread that watches all its callers. It goes on for ever."""
import select
import socket

with socket.socket() as listener, select.epoll() as watched:
    listener.bind(("127.0.0.1", 9000))
    listener.listen(200)
    watched.register(listener, select.EPOLLIN)
    callers = {}
    while True:
        for fd, _ in watched.poll():
            if fd == listener.fileno():
                caller = listener.accept()[0]
                callers[caller.fileno()] = caller
                watched.register(caller, select.EPOLLIN)
            else:
                with callers.pop(fd) as caller:
                    watched.unregister(caller)
                    caller.sendall(caller.recv(100).upper())
