# SPDX-License-Identifier: MIT
"""Where a twin talks to: its lecture's place, or the one given as HOST:PORT."""
import sys


def place(host, port):
    if len(sys.argv) < 2:
        return host, port
    host, _, port = sys.argv[1].rpartition(":")
    return host, int(port)
