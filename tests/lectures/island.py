# SPDX-License-Identifier: MIT
"""Hold a network namespace with nothing but loopback, until stdin ends.

usage: island.py NAME, the host name in there. Prints the kind of entry that
nsenter(1) needs: "net" where the privilege was at hand, else "user".
"""
import ctypes
import fcntl
import socket
import struct
import sys

NEWUTS, NEWUSER, NEWNET = 0x04000000, 0x10000000, 0x40000000
GETFLAGS, SETFLAGS, UP = 0x8913, 0x8914, 1


def leave(libc):
    if libc.unshare(NEWNET | NEWUTS) == 0:
        return "net"
    if libc.unshare(NEWUSER | NEWNET | NEWUTS) == 0:
        return "user"
    sys.exit("no namespace of our own is allowed here")


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, GETFLAGS, request))[1]
        fcntl.ioctl(any_socket, SETFLAGS, struct.pack("16sh14x", b"lo", flags | UP))


kind = leave(ctypes.CDLL(None))
raise_loopback()
socket.sethostname(sys.argv[1])
print(kind, flush=True)
sys.stdin.read()
