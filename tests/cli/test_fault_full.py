# SPDX-License-Identifier: MIT
"""More callers than places, and nothing to take them with: no spinning, no exit, and the first free place is used."""
import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest
from conftest import LIMIT
from fault import healthy, island, loud, many, peer, place, processor, sized, steady, wire  # noqa: F401

CALLERS = 1000
FULL = "all [0-9]+ places are taken"
IN_TIME = 1             # seconds; ten times what is promised


def few(steady, *arguments, says=FULL):
    """A server with 256 descriptors."""
    return steady(*arguments, "echo", place(), says=says, under=["prlimit", "--nofile=256:256"])


def call(server, n, stuck=False):
    """n callers, each of whom has said one byte; with stuck some may not even be through."""
    found = []
    for _ in range(n):
        sock = socket.socket(server.family())
        server.kept.append(sock)
        sock.settimeout(0 if stuck else LIMIT)
        sock.connect_ex(server.address())
        found.append(sock)
        with contextlib.suppress(OSError):
            sock.send(b"x")
    return found


def answered(socks, at_least=1):
    """Those with something to read, as soon as there are so many; 0: those of this moment."""
    poll, found, deadline = select.poll(), {}, time.monotonic() + LIMIT
    by_number = {sock.fileno(): sock for sock in socks}
    for number in by_number:
        poll.register(number, select.POLLIN)
    while len(found) < max(at_least, 1) and time.monotonic() < deadline:
        for number, _ in poll.poll(LIMIT * 1000 if at_least else 0):
            found[number] = by_number[number]
            poll.unregister(number)
        if not at_least:
            break
    return list(found.values())


def got(sock):
    """b"" for an end or a reset."""
    with contextlib.suppress(ConnectionResetError):
        return sock.recv(100)
    return b""


def lines_in(server, start):
    """No more lines than this were to be said since then, if each worker says one a second."""
    return server.stats()["workers"] * (time.monotonic() - start + 1)


def quiet(server, silent, seconds=1):
    """Nobody of these is answered for a while; how much processor and how many pauses that took."""
    before, used = server.stats(), processor(server)
    assert select.select([sock for sock in silent if sock.fileno() < 1024][:100], [], [], seconds)[0] == []
    return processor(server) - used, server.stats()["accept_pauses"] - before["accept_pauses"]


def test_callers_beyond_the_last_place_wait_quietly(steady):
    server = few(steady, "--full", "wait")
    places, start = server.stats()["clients_most"], time.monotonic()
    socks = call(server, CALLERS)
    inside = answered(socks, places)
    server.wait_stats(lambda stats: stats["clients"] == places)
    assert [got(sock) for sock in inside] == [b"x"] * places
    outside = [sock for sock in socks if sock not in inside]
    used, pauses = quiet(server, outside)
    assert used <= 0.05 + 0.02, "the processor does not rest"
    assert pauses <= 200
    assert len(loud(server)) <= lines_in(server, start)
    for sock in inside[:20]:
        freed = time.monotonic()
        sock.close()
        taken = answered(outside)
        assert time.monotonic() - freed < IN_TIME
        assert got(taken[0]) == b"x"
        outside = [sock for sock in outside if sock not in taken]


def test_callers_beyond_the_last_place_are_turned_away_at_once(steady):
    server = few(steady, "--full", "refuse")
    places, start = server.stats()["clients_most"], time.monotonic()
    socks = call(server, CALLERS)
    assert len(answered(socks, CALLERS)) == CALLERS
    took = time.monotonic() - start
    heard = [got(sock) for sock in socks]
    assert heard.count(b"x") == places and heard.count(b"") == CALLERS - places
    assert took < 10 * IN_TIME
    stats = server.stats()
    assert (stats["clients"], stats["refused_full"]) == (places, CALLERS - places)
    assert len(loud(server)) <= lines_in(server, start)
    used, pauses = quiet(server, [sock for sock, what in zip(socks, heard) if what])
    assert used <= 0.05 + 0.02 and pauses == 0
    next(sock for sock, what in zip(socks, heard) if what).close()
    server.wait_stats(lambda stats: stats["clients"] == places - 1)
    assert healthy(server, 3) < IN_TIME


def test_complaints_about_callers_are_few(steady):
    server = few(steady, "--full", "refuse")
    places, start, callers = server.stats()["clients_most"], time.monotonic(), 0
    inside = call(server, places)
    answered(inside, places)
    while time.monotonic() - start < 2.5:
        with server.caller() as sock:
            callers += 1
            with contextlib.suppress(OSError):
                sock.recv(1)
    assert callers > 20
    assert len(loud(server)) <= time.monotonic() - start + 1


def test_descriptors_that_run_out_all_the_same_pause_the_server(steady):
    """It was handed open descriptors that it knows nothing of, so that the kernel refuses what its count allows."""
    with open(os.devnull) as nothing, contextlib.ExitStack() as stack:
        more = [stack.enter_context(open(os.dup(nothing.fileno()))).fileno() for _ in range(60)]
        server = steady("echo", place(), says="[Tt]oo many open files", fds=more,
                        under=["prlimit", "--nofile=256:256"])
    places, start = server.stats()["clients_most"], time.monotonic()
    room = 256 - len(server.descriptors())
    assert places - 60 <= room < places
    socks = call(server, places)
    inside = answered(socks, room)
    assert len(inside) == room, "the kernel refuses before the last descriptor"
    server.wait_stats(lambda stats: stats["accept_errors"] > 0 and stats["accept_pauses"] > 0)
    outside = [sock for sock in socks if sock not in inside]
    assert [got(sock) for sock in inside] == [b"x"] * room
    used, pauses = quiet(server, outside)
    assert used <= 0.05 + 0.02, "the processor does not rest"
    assert pauses <= 200
    for sock in inside:
        sock.send(b"y")
    assert [got(sock) for sock in answered(inside, len(inside))] == [b"y"] * len(inside)
    assert 1 <= len(loud(server)) <= lines_in(server, start)
    for sock in inside:
        sock.close()
    freed = time.monotonic()
    assert [got(sock) for sock in answered(outside, len(outside))] == [b"x"] * len(outside)
    assert time.monotonic() - freed < 2 * IN_TIME


# -- Errors of one caller -------------------------------------------------------------

OF_ONE = ["ECONNABORTED", "EINTR", "EPROTO", "ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EHOSTUNREACH", "ENETUNREACH",
          "ENETDOWN", "EPERM", "EOPNOTSUPP", "ETIMEDOUT"]
SHORTAGES = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]


@contextlib.contextmanager
def injected(server, error, times):
    """accept4 fails so many times with an errno."""
    strace = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=accept4", "-e",
                               f"inject=accept4:error={error}:when=1..{times}", "-p", str(server.pid)],
                              stderr=subprocess.PIPE, text=True)
    try:
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace: {said.strip()}")
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=LIMIT)


@pytest.mark.parametrize("error, times", [(error, sized(150, 1000)) for error in OF_ONE] +
                         [(error, 4) for error in SHORTAGES])
def test_errors_of_accepting_end_nothing(steady, engine, error, times):
    if engine != "epoll":
        pytest.skip("io_uring makes no call whose answer strace could change")
    if not shutil.which("strace"):
        pytest.skip("strace is missing")
    server = steady("--workers", "1", "echo", place(), says="^accept ")
    with injected(server, error, times):
        assert healthy(server, 1) < LIMIT
    assert healthy(server, 10) < IN_TIME
    stats = server.stats()
    assert stats["accepted"] == 2
    assert stats["accept_errors"] == (0 if error == "EINTR" else times)
    assert stats["accept_pauses"] == (times if error in SHORTAGES else 0 if error == "EINTR" else times // 64)
    assert len(loud(server)) <= 1 + (2 if error in SHORTAGES else times // 64 // 10 + 1)


# -- The system's queue ----------------------------------------------------------------


def test_a_queue_that_overflows_is_seen_in_the_statistics(steady, island):
    with island:
        server = steady("--backlog", "4", "--max-clients", "2", "--workers", "1",
                        "echo", "tcp://127.0.0.1:0", says=FULL)
        socks = call(server, 40, stuck=True)
        server.wait_stats(lambda stats: stats["listen_overflows"] > 0 and stats["clients"] == 2)
        for sock in socks:
            sock.close()
        server.wait_stats(lambda stats: stats["clients"] == 0)
        assert healthy(server) < LIMIT


def test_twenty_thousand_callers_in_a_row_are_all_served(steady):
    server = steady("echo", place())
    n = sized(20_000, 60_000)
    came = peer("streams", server, flows=n, at_once=many(2000), bytes=64, spread=1)
    assert (came["done"], came["foreign"]) == (n, 0), came
    stats = server.wait_stats(lambda stats: stats["closed"] == n)
    assert (stats["bytes_in"], stats["bytes_out"]) == (64 * n, 64 * n)


# -- One who takes all --------------------------------------------------------------------


def test_one_address_cannot_take_every_place(steady, wire):
    wire[0].ip("address", "add", "10.77.0.3/24", "dev", "wire")
    n = many(sized(1300, 20_000))
    with wire[1]:
        server = steady("echo", "tcp://10.77.0.2:0", says="has 1000 connections already")
    with wire[0]:
        socks = call(server, n)
        heard = [got(sock) for sock in answered(socks, n)]
        assert (heard.count(b"x"), heard.count(b"")) == (1000, n - 1000)
        start = time.monotonic()
        with socket.create_connection(server.address(), LIMIT, ("10.77.0.3", 0)) as other:
            other.sendall(b"me too")
            assert other.recv(100) == b"me too"
        assert time.monotonic() - start < IN_TIME
        stats = server.stats()
        assert (stats["clients"], stats["refused_source"]) in ((1000, n - 1000), (1001, n - 1000))
        # Who leaves makes room for himself.
        for sock in socks:
            sock.close()
        server.wait_stats(lambda stats: stats["clients"] == 0)
        assert healthy(server) < LIMIT
