# SPDX-License-Identifier: MIT
"""Nobody is ever sent a byte of somebody else's: streams that follow from a key, among callers who misbehave."""
import contextlib
import os
import signal
import socket
import time

import pytest
from conftest import LIMIT, take
from fault import SOAK, many, peer, place, sized, steady  # noqa: F401

# A soak runs in several rounds of ten minutes at most; SOCKEYE_SOAK_SECONDS=3600 makes one hour of it.
SECONDS = int(os.environ.get("SOCKEYE_SOAK_SECONDS", "100")) if SOAK else 0


@pytest.mark.parametrize("options", [[], ["--buffer", "4k"], ["-o", "sndbuf=4k"], ["--workers", "1"]],
                         ids=["as it is", "small buffers", "small sends", "one worker"])
def test_no_byte_reaches_another_caller_whatever_they_do(steady, options):
    server = steady(*options, "echo", place())
    start, seed, n = time.monotonic(), 0, many(sized(2500, 10_000))
    while seed == 0 or time.monotonic() - start < SECONDS / 4:
        signal.alarm(2 * LIMIT)
        seed += 1
        came = peer("streams", server, flows=n, at_once=n // 2, bytes=60_000, chaos=40, seed=seed, spread=1)
        assert came["foreign"] == 0, came
        assert (came["opened"], came["cut"], came["refused"], came["broken"]) == (n, 0, 0, 0), came
        assert came["done"] + came["reset"] + came["left"] == n and came["done"] > n / 2
    server.wait_stats(lambda stats: stats["clients"] == 0 and stats["held"] == 0)


def test_upper_case_mixes_no_callers_either(steady):
    """Each says its own name again and again, cut anywhere."""
    server = steady("upper", place())
    names = [f"caller {i} straße é ".encode() for i in range(300)]
    socks = [server.caller() for _ in names]
    expected = [name.decode().upper().encode() for name in names]
    for turn in range(30):
        for i, (sock, name) in enumerate(zip(socks, names)):
            cut = (turn * 7 + i) % len(name)
            sock.sendall(name[:cut])
            sock.sendall(name[cut:])
    for sock, answer in zip(socks, expected):
        assert take(sock, 30 * len(answer)) == 30 * answer


def test_more_messages_at_once_than_buffers_are_all_answered(steady):
    """The server sleeps until thousands have spoken; then each waits its turn and none is forgotten."""
    server = steady("--workers", "1", "echo", place())
    socks = [server.caller() for _ in range(many(2000))]
    server.wait_stats(lambda stats: stats["clients"] == len(socks))
    for turn in range(sized(5, 50)):
        server.kill(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED | os.WNOWAIT)
        for i, sock in enumerate(socks):
            sock.sendall(b"%08d" % (i * 100 + turn))
        server.kill(signal.SIGCONT)
        for i, sock in enumerate(socks):
            assert take(sock, 8) == b"%08d" % (i * 100 + turn)


def test_callers_at_once_of_several_kinds_are_served_apart(steady):
    """Streams and datagrams of one server share memory, and nothing else."""
    server = steady("echo", place(), place("udp"), "--", "upper", place())
    with contextlib.ExitStack() as stack:
        stream, upper = [stack.enter_context(socket.create_connection(server.address(i), LIMIT)) for i in (0, 2)]
        dgram = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        dgram.settimeout(LIMIT)
        dgram.connect(server.address(1))
        for i in range(sized(2000, 100_000)):
            stream.sendall(b"stream %d" % i)
            dgram.send(b"datagram %d" % i)
            upper.sendall(b"upper %d" % i)
            assert take(stream, len(b"stream %d" % i)) == b"stream %d" % i
            assert dgram.recv(100) == b"datagram %d" % i
            assert take(upper, len(b"upper %d" % i)) == b"UPPER %d" % i
