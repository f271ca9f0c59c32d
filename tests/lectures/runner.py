# SPDX-License-Identifier: MIT
"""Run a twin and report its socket calls as the library's own recorder does.

usage: runner.py TWIN [ADDRESS]. One JSON line for each call at its entry and at
its return goes to the file that SOCKEYE_TRACE names, so that a test waits for
either kind of program in the same way.
"""
import functools
import json
import os
import runpy
import socket
import sys

CALLS = ("bind", "listen", "accept", "connect", "send", "sendall", "sendto",
         "recv", "recvfrom", "close")


def watch(name, trace):
    plain = getattr(socket.socket, name)

    def tell(phase):
        line = json.dumps({"call": name, "phase": phase}) + "\n"
        os.write(trace, line.encode())

    @functools.wraps(plain)
    def call(self, *arguments):
        tell("enter")
        answer = plain(self, *arguments)
        tell("return")
        return answer

    setattr(socket.socket, name, call)


def main():
    trace = os.open(os.environ["SOCKEYE_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    for name in CALLS:
        watch(name, trace)
    sys.argv = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
