# SPDX-License-Identifier: MIT
"""Datagrams reach whoever they should: replies from the address that was asked, losses that are counted."""
import contextlib

import pytest
from fault import datagrams, fits, island, memory, peer, place, sized, steady, waiting  # noqa: F401

FOUR = [f"127.0.0.{i}" for i in range(1, 5)]
SIX = [f"fd00::{i}" for i in range(1, 5)]
WILD = {"v4": ("udp://0.0.0.0:0", FOUR), "v6": ("udp://[::]:0", SIX), "both": ("udp://:0", FOUR + SIX)}


def ask_all(server, addresses, times):
    """Every address in turn; the one that answers must be the one that was asked."""
    with contextlib.ExitStack() as stack:
        callers = {}
        for address in addresses:
            host = "::" if ":" in address else "0.0.0.0"
            callers[address] = stack.enter_context(datagrams(source=(host, 0)))
        for i in range(times):
            for address, sock in callers.items():
                sock.sendto(b"%d" % i, (address, server.port()))
                data, source = sock.recvfrom(100)
                assert (data, source[:2]) == (b"%d" % i, (address, server.port()))


@pytest.mark.parametrize("where, addresses", WILD.values(), ids=WILD)
def test_a_reply_comes_from_the_address_that_was_asked(steady, island, where, addresses):
    for address in SIX:
        island.ip("address", "add", f"{address}/128", "dev", "lo", "nodad")
    with island:
        server = steady("echo", where)
        ask_all(server, addresses, sized(1000, 10_000))
    asked = sized(1000, 10_000) * len(addresses)
    assert server.wait_stats(lambda stats: stats["datagrams_out"] == asked)["datagrams_in"] == asked


def test_bursts_to_several_addresses_are_answered_from_each(steady, island):
    """What comes in one batch is still answered one by one."""
    with island:
        server = steady("echo", "udp://0.0.0.0:0")
        with datagrams(source=("0.0.0.0", 0)) as sock:
            sent = [(b"%d" % i, (FOUR[i % 4], server.port())) for i in range(200)]
            for data, address in sent:
                sock.sendto(data, address)
            assert sorted(sock.recvfrom(100) for _ in sent) == sorted(sent)


def test_clients_that_vanish_are_nobodys_trouble(steady):
    server = steady("echo", place("udp"))
    for i in range(1000):
        with datagrams(server.address()) as sock:
            sock.send(b"and gone")
    server.wait_stats(lambda stats: stats["datagrams_in"] == 1000)
    with datagrams(server.address()) as sock:
        sock.send(b"still there?")
        assert sock.recv(100) == b"still there?"
    assert server.texts() == []


@pytest.mark.parametrize("rcvbuf", ["8k", "4m"])
def test_what_the_system_drops_is_counted(steady, rcvbuf):
    server = steady("-o", f"rcvbuf={rcvbuf}", "echo", place("udp"))
    peer("datagrams", server, count=10_000)
    before = memory(server)
    came = peer("datagrams", server, count=sized(500_000, 10_000_000))
    sent = 10_000 + came["sent"]
    stats = server.wait_stats(lambda stats: stats["datagrams_in"] + stats["kernel_drops"] >= sent * 0.99)
    lost = stats["kernel_drops"] + stats["replies_dropped"]
    assert came["foreign"] == 0
    assert abs(sent - stats["datagrams_out"] - lost) <= sent / 100
    assert abs(sent - stats["datagrams_in"] - stats["kernel_drops"]) <= sent / 100
    assert came["got"] + came["cut"] + 10_000 >= stats["datagrams_out"] * 0.99
    assert fits(server, max(before / 10, 1 << 20), before)
    if rcvbuf == "8k":
        assert stats["kernel_drops"] > 0


def test_an_empty_datagram_is_no_end(steady):
    server = steady("echo", place("udp"))
    with datagrams(server.address()) as sock:
        for _ in range(3):
            sock.send(b"")
            assert sock.recv(100) == b""
        sock.send(b"more")
        assert sock.recv(100) == b"more"


def test_a_network_that_is_denied_has_no_reply_and_is_counted(steady):
    server = steady("--deny", "127.3.0.0/16", "echo", place("udp"))
    address = server.address()
    with datagrams(address, ("127.3.1.1", 0)) as denied, datagrams(address, ("127.4.1.1", 0)) as other:
        for _ in range(10):
            denied.send(b"hello")
        other.send(b"hello")
        assert other.recv(100) == b"hello"
        server.wait_stats(lambda stats: stats["datagrams_denied"] == 10)
        assert waiting(denied) == []
