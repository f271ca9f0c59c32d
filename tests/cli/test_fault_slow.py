# SPDX-License-Identifier: MIT
"""Callers that take nothing, say nothing, or do both a byte at a time: memory and the others stay unharmed."""
import time

import pytest
from conftest import take
from fault import fits, healthy, held, many, memory, peer, place, processor, sized, steady  # noqa: F401

MIB = 1 << 20
PATIENCE = 10           # healthy clients wait at most so many seconds, where milliseconds are usual


def test_ten_thousand_who_never_read_take_little_memory(steady):
    server = steady("echo", place())
    n = many(10_000)
    with held(server, flows=n, at_once=n, bytes=MIB, read=0, rcvbuf=4096) as came:
        assert came["open"] == n
        assert came["sent"] < n * MIB, "the server does not stop reading"
        slowest = healthy(server, 200)
        stats = server.stats()
        assert fits(server, 256 * MIB)
        assert stats["held_most"] <= 256 * MIB
        assert stats["stalls"] >= n
        assert slowest < PATIENCE
    server.wait_stats(lambda stats: stats["clients"] == 0 and stats["held"] == 0)


def test_who_takes_no_characters_is_not_written_to_for_ever(steady):
    server = steady("chargen", place())
    n = sized(100, 500)
    with held(server, flows=n, at_once=n, bytes=0, read=0, rcvbuf=4096):
        server.wait_stats(lambda stats: stats["stalls"] >= n)
        start, used = time.monotonic(), processor(server)
        with server.caller() as sock:
            assert len(take(sock, MIB)) == MIB
        assert fits(server, 128 * MIB)
        assert server.stats()["held"] <= n * 65536 + MIB
        assert processor(server) - used <= time.monotonic() - start + 0.1


def test_ten_thousand_idle_clients_take_little_memory(steady):
    server = steady("echo", place())
    n, before = many(10_000), memory(server)
    with held(server, flows=n, at_once=n, bytes=1, read=0) as came:
        assert (came["open"], came["sent"]) == (n, n)
        server.wait_stats(lambda stats: stats["bytes_out"] == n)
        assert fits(server, 64 * MIB, before)
        assert healthy(server) < PATIENCE


def test_idle_clients_are_closed_in_time(steady):
    server = steady("--idle", "1s", "echo", place())
    n = many(sized(3000, 10_000))
    with held(server, flows=n, at_once=n, bytes=1, read=0) as came:
        start = time.monotonic()
        assert came["open"] == n
        with server.caller() as sock:
            # One that speaks now and then is not idle.
            sock.settimeout(0.2)
            while server.stats()["idled"] < n and time.monotonic() - start < PATIENCE:
                sock.sendall(b"x")
                assert take(sock, 1) == b"x"
                try:
                    assert sock.recv(1) != b"", "closed though it moved"
                except TimeoutError:
                    pass
        assert server.wait_stats(lambda stats: stats["clients"] == 0)["idled"] == n


@pytest.mark.parametrize("service", ["echo", "upper", "discard", "hello"])
def test_bytes_that_drip_in_hold_up_nobody(steady, service):
    server = steady("-q", service, place())
    drips = [server.caller() for _ in range(50)]
    for i in range(20):
        for drip in drips:
            drip.sendall(b"abcdefghijklmnopqrst"[i:i + 1])
    expected = {"echo": b"abcdefghijklmnopqrst", "upper": b"ABCDEFGHIJKLMNOPQRST",
                "discard": b"", "hello": b"Hello world!"}[service]
    for drip in drips:
        assert take(drip, len(expected)) == expected


def test_a_reader_that_sips_gets_every_byte_in_order(steady):
    server = steady("-o", "sndbuf=2304", "echo", place())
    n = sized(MIB // 4, 64 * MIB)
    came = peer("streams", server, flows=1, bytes=n, read=17, rcvbuf=1, limit=sized(60, 600))
    assert (came["done"], came["got"], came["foreign"]) == (1, n, 0)
    assert server.wait_stats(lambda stats: stats["bytes_out"] >= n)["bytes_out"] == n


def test_many_readers_that_sip_get_every_byte_in_order(steady):
    server = steady("--buffer", "4k", "echo", place())
    came = peer("streams", server, flows=64, bytes=20_000, read=17, rcvbuf=1)
    assert (came["done"], came["got"], came["foreign"]) == (64, 64 * 20_000, 0), came
