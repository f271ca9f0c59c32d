# SPDX-License-Identifier: MIT
"""One caller at a time: one piece in, the same in upper case out, close."""
from socket import AF_INET, SOCK_STREAM, socket

from place import place

welcome = socket(AF_INET, SOCK_STREAM)
welcome.bind(place("", 12000))
welcome.listen(1)
print("The server is ready to receive")
while True:
    caller, peer = welcome.accept()
    text = caller.recv(1024).decode()
    caller.send(text.upper().encode())
    caller.close()
