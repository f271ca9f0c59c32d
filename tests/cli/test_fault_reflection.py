# SPDX-License-Identifier: MIT
"""A datagram service is nobody's weapon: what a forged request could make it send to somebody else."""
import os
import random
import socket
import time

import pytest
from conftest import run
from fault import HEADERS, datagrams, place, sized, steady, waiting  # noqa: F401

LONGEST, GAIN = 1472, 3
BURST, A_SECOND = 40, 20


def requests():
    """Every length that fits a frame, then some at random."""
    dice = random.Random(1)
    yield from (dice.randbytes(n) for n in range(LONGEST + 1))
    yield from (dice.randbytes(dice.randint(0, LONGEST)) for _ in range(sized(2000, 100_000)))


def bound(n, family=socket.AF_INET):
    """The longest reply to n bytes, headers counted on both sides."""
    return GAIN * (n + HEADERS[family]) - HEADERS[family]


@pytest.mark.parametrize("service", ["echo", "upper", "hello", "chargen"])
def test_each_request_has_one_reply_of_at_most_three_times_its_size(steady, service):
    server = steady("-q", service, place("udp"))
    asked = 0
    with datagrams(server.address()) as sock:
        for request in requests():
            sock.send(request)
            reply = sock.recv(65536)
            asked += 1
            assert len(reply) <= (len(request) if service == "echo" else bound(len(request)))
        stats = server.wait_stats(lambda stats: stats["datagrams_out"] >= asked)
        assert waiting(sock) == []
    assert (stats["datagrams_in"], stats["datagrams_out"]) == (asked, asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("service", ["echo", "upper", "hello", "chargen", "daytime", "time"])
def test_the_smallest_requests_gain_no_more_over_either_ip(steady, service, host):
    server = steady("-q", service, f"udp://[{host}]:0" if ":" in host else f"udp://{host}:0")
    with datagrams(server.address()) as sock:
        for n in range(8):
            sock.send(b"x" * n)
            assert len(sock.recv(65536)) <= bound(n, sock.family)


def test_what_is_discarded_has_no_reply(steady):
    server = steady("discard", place("udp"))
    with datagrams(server.address()) as sock:
        for n in range(0, LONGEST + 1, 16):
            sock.send(b"x" * n)
        server.wait_stats(lambda stats: stats["datagrams_in"] == LONGEST // 16 + 1)
        assert waiting(sock) == []
    assert server.stats()["datagrams_out"] == 0


def flood(server, sources, seconds):
    """Ask from several addresses in turn; returns replies, their longest, and how long it took."""
    start, replies, asked = time.monotonic(), [], 0
    while time.monotonic() - start < seconds:
        for sock in sources:
            sock.send(b"")
            asked += 1
            replies += waiting(sock)
    server.wait_stats(lambda stats: stats["datagrams_in"] + stats["kernel_drops"] >= asked)
    took = time.monotonic() - start
    for sock in sources:
        replies += waiting(sock)
    return len(replies), max(len(data) for data, _ in replies), took


@pytest.mark.parametrize("service", ["daytime", "time"])
def test_the_time_is_told_to_a_network_twenty_times_a_second(steady, service):
    server = steady(service, place("udp"))
    address = server.address()
    opened = [datagrams(address, (f"127.9.9.{i}", 0)) for i in range(1, 5)]
    sources = [each.__enter__() for each in opened]
    replies, longest, took = flood(server, sources, sized(1, 10))
    for each in opened:
        each.__exit__(None, None, None)
    assert BURST <= replies <= BURST + A_SECOND * took + 1
    assert longest <= bound(0)
    assert server.stats()["datagrams_paced"] > 0


def test_networks_do_not_pay_for_each_other(steady):
    """They share a fixed number of purses by a secret hash, so one of them may be unlucky."""
    server = steady("time", place("udp"))
    with datagrams(server.address(), ("127.9.9.1", 0)) as greedy:
        for _ in range(10 * BURST):
            greedy.send(b"")
        server.wait_stats(lambda stats: stats["datagrams_paced"] > 0)
    for i in range(10, 18):
        with datagrams(server.address(), (f"127.9.{i}.1", 0)) as other:
            other.send(b"")
            server.wait_stats(lambda stats: stats["datagrams_in"] == 10 * BURST + i - 9)
    assert server.wait_stats(lambda stats: stats["datagrams_out"] >= BURST + 7)


@pytest.mark.parametrize("where", ["udp://0.0.0.0:0", "udp://[::]:0", "udp://:0", ":0"])
def test_characters_without_end_are_not_sent_from_a_public_address(where):
    done = run("serve", "chargen", where)
    assert done.returncode == 2 and done.stdout == ""
    assert "on loopback only" in done.stderr


def test_upper_case_that_fits_no_reply_is_counted_and_nothing_worse(steady):
    """U+0390 is three times as long in upper case."""
    server = steady("upper", place("udp"))
    with datagrams(server.address()) as sock:
        for bytes_of in (65506, 65504, 21837 * 2):
            sock.send("\u0390".encode() * (bytes_of // 2))
        start = time.monotonic()
        sock.send("straße".encode())
        assert sock.recv(65536) == b"STRASSE"
        assert time.monotonic() - start < 0.5
    stats = server.wait_stats(lambda stats: stats["datagrams_out"])
    assert (stats["datagrams_in"], stats["datagrams_out"], stats["replies_too_long"]) == (4, 1, 3)


def test_upper_case_that_just_fits_is_sent_whole(steady):
    server = steady("upper", place("udp"))
    with datagrams(server.address()) as sock:
        text = "\u0390" * (65507 // 6)
        sock.send(text.encode())
        assert sock.recv(65536).decode() == text.upper()


@pytest.mark.parametrize("service", ["echo", "upper"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_datagram_of_any_length_comes_back_as_it_was(steady, service, host):
    longest = 65507 if host == "127.0.0.1" else 65527
    usual = {0, 1, 1023, 1024, 1025, 1472, 1473, 2048, 9000, longest - 1, longest}
    server = steady(service, f"udp://[{host}]:0" if ":" in host else f"udp://{host}:0")
    everything = bytes(byte % 64 + 32 for byte in os.urandom(longest))
    with datagrams(server.address()) as sock:
        for n in sorted(usual | set(range(0, longest, sized(997, 1)))):
            sock.send(everything[:n])
            assert sock.recv(65536) == everything[:n]
    assert server.stats()["truncated"] == 0
