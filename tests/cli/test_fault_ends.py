# SPDX-License-Identifier: MIT
"""How conversations end: half-way, by reset, with replies still under way, by a signal, by death."""
import contextlib
import hashlib
import os
import re
import signal
import socket
import threading
import time

import pytest
from conftest import LIMIT, rest, take, talk
from fault import healthy, loud, peer, place, reset, sized, steady  # noqa: F401

MIB = 1 << 20
IN_TIME = 1             # seconds; ten times what is promised
SIZES = [0, 1, 65_535, 65_536, MIB]


# -- One end before the other --------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("service", ["echo", "upper"])
def test_the_end_of_one_way_does_not_cut_the_other(steady, service, size):
    server = steady(service, place())
    data = bytes(byte % 64 + 32 for byte in os.urandom(size))
    digest = hashlib.sha256(data).digest()
    times = []
    for _ in range(sized(20, 1000)):
        sock, start = server.caller(), time.monotonic()
        assert hashlib.sha256(talk(sock, data)).digest() == digest
        times.append(time.monotonic() - start)
        sock.close()
    assert sorted(times)[len(times) // 2] < 0.5, f"the other end comes late: {max(times)}"


def test_the_end_comes_right_behind_the_last_byte(steady):
    """A caller alone, so that nothing else wakes the server."""
    server = steady("--workers", "1", "echo", place())
    slowest = []
    for _ in range(20):
        with socket.create_connection(server.address(), timeout=LIMIT) as sock:
            sock.sendall(b"all of it")
            sock.shutdown(socket.SHUT_WR)
            assert take(sock, 9) == b"all of it"
            last = time.monotonic()
            assert sock.recv(1) == b""
            slowest.append(time.monotonic() - last)
    assert max(slowest) < 0.5, slowest


def test_a_large_stream_survives_its_senders_end(steady):
    server = steady("echo", place())
    n = sized(256 * MIB, 1024 * MIB)
    for _ in range(sized(1, 5)):
        came = peer("streams", server, flows=1, bytes=n, limit=110)
        assert (came["done"], came["got"], came["foreign"]) == (1, n, 0)


def push(sock, n):
    """Send in the background, for the server may take it or not."""
    def work():
        with contextlib.suppress(OSError):
            sock.sendall(b"x" * n)
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("service, reply", [("hello", rb"Hello world!"), ("daytime", rb"\w+, .*\r\n"),
                                            ("time", rb"(?s)....")])
def test_a_reply_arrives_whole_though_much_was_pushed_first(steady, service, reply):
    server = steady("-q", service, place())
    for _ in range(sized(50, 1000)):
        with socket.create_connection(server.address(), timeout=LIMIT) as sock:
            pushing = push(sock, MIB)
            pushing.join(LIMIT)
            sock.shutdown(socket.SHUT_WR)
            assert re.fullmatch(reply, rest(sock))
    assert server.wait_stats(lambda stats: stats["clients"] == 0)["resets"] == 0


# -- Resets ----------------------------------------------------------------------------


def test_a_storm_of_resets_is_no_news(steady):
    server = steady("echo", place())
    n = sized(20_000, 200_000)
    came = peer("streams", server, flows=n, reset=1, spread=1, limit=110)
    assert (came["reset"], came["refused"]) == (n, 0)
    assert healthy(server) < LIMIT
    server.wait_stats(lambda stats: stats["accepted"] + stats["accept_errors"] >= n and stats["clients"] == 0)
    assert loud(server) == []


def test_a_caller_who_has_reset_already_is_still_shown(steady):
    server = steady("-v", "echo", place())
    peer("streams", server, flows=500, reset=1)
    server.wait_stats(lambda stats: stats["closed"] + stats["accept_errors"] >= 500)
    lines = [text for text in server.texts() if "connected to" in text]
    assert lines and all(re.match(r"(127\.|tcp://127\.|\('127\.|unknown)", line) for line in lines), lines[:3]


def test_replies_to_callers_who_have_reset_end_nothing(steady):
    server = steady("echo", place())
    n = sized(3000, 10_000)
    came = peer("streams", server, flows=n, at_once=200, bytes=300_000, chaos=4, spread=1, limit=110)
    assert came["foreign"] == 0 and came["reset"] > 0 and came["left"] > 0
    assert came["opened"] == n and came["refused"] == 0
    assert healthy(server) < LIMIT
    assert server.wait_stats(lambda stats: stats["clients"] == 0)["resets"] > 0


@pytest.mark.parametrize("service", ["hello", "chargen", "daytime", "accept", "discard", "upper"])
def test_resets_harm_no_service(steady, service):
    server = steady("-q", service, place())
    for i in range(300):
        with contextlib.suppress(ConnectionResetError):
            sock = socket.create_connection(server.address(), timeout=LIMIT)
            sock.sendall(b"x" * (i % 3 * 10_000))
        reset(sock)
    server.wait_stats(lambda stats: stats["clients"] == 0)


# -- Signals --------------------------------------------------------------------------


def test_a_storm_of_signals_breaks_no_transfer(steady):
    """STOP and CONT are those that cut a wait short; the others are ignored."""
    server = steady("echo", place())
    storm = [signal.SIGALRM, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG, signal.SIGSTOP, signal.SIGCONT]
    over, sent = threading.Event(), 0
    deadline, n = time.monotonic() + sized(2, 60), 8 * MIB
    results = []

    def transfer():
        while time.monotonic() < deadline:
            results.append(peer("streams", server, flows=4, at_once=4, bytes=n))
        over.set()

    thread = threading.Thread(target=transfer)
    thread.start()
    while not over.wait(0.001):
        server.kill(storm[sent % len(storm)])
        sent += 1
    server.kill(signal.SIGCONT)
    thread.join(LIMIT)
    assert sent > 200 and results
    assert [came for came in results if (came["done"], came["got"], came["foreign"]) != (4, 4 * n, 0)] == []


def test_statistics_asked_for_in_a_storm_break_no_transfer(steady):
    server = steady("echo", place())
    with server.caller() as sock:
        for i in range(500):
            server.kill(signal.SIGUSR1)
            sock.sendall(b"%03d" % (i % 1000))
            assert take(sock, 3) == b"%03d" % (i % 1000)


# -- Death and return -----------------------------------------------------------------------


def back(serve, where):
    """Start it again. The kernel closes a ring's sockets only a moment after their process has gone."""
    deadline = time.monotonic() + IN_TIME
    while True:
        try:
            return serve("echo", where)
        except AssertionError:
            failed = serve.servers[-1]
            failed.release()
            if "in use" not in failed.complaint() or time.monotonic() > deadline:
                raise


def test_a_killed_server_is_back_at_its_port_at_once(serve):
    where, callers, times = place(), sized(300, 1000), []
    for _ in range(sized(5, 100)):
        signal.alarm(2 * LIMIT)
        server = serve("echo", where)
        where = server.where
        socks = [server.caller() for _ in range(callers)]
        for sock in socks:
            sock.sendall(b"x")
        assert [sock.recv(1) for sock in socks] == [b"x"] * callers
        server.kill(signal.SIGKILL)
        server.wait()
        start = time.monotonic()
        again = back(serve, where)
        times.append(time.monotonic() - start)
        assert again.where == where
        assert healthy(again, 3) < LIMIT
        for sock in socks:
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
        again.stop()
        server.stop()
    assert sorted(times)[len(times) // 2] < IN_TIME
