# SPDX-License-Identifier: MIT
"""One datagram with a forged source must not set two services talking with each other for ever."""
import contextlib
import itertools
import pathlib
import socket
import struct
import time

import pytest
from conftest import LIMIT
from fault import Island, datagrams, forge, island, sized, steady, waiting, wire  # noqa: F401

SERVICES = ("echo", "upper", "daytime", "chargen")
MOST, QUIET = 1000, 200         # datagrams; looks in a row that find nothing new
IPV6_HOPLIMIT = 52


def line(host, ports, services):
    """The command line that serves each service at its port."""
    words = []
    for service, port in zip(services, ports):
        words += ["--", service, f"udp://{host}:{port}"]
    return words[1:]


def received(islands):
    """Datagrams that programs have taken in these networks so far."""
    found = 0
    for each in islands:
        with each:
            names, numbers = [line.split() for line in pathlib.Path("/proc/thread-self/net/snmp").open()
                              if line.startswith("Udp:")]
        found += int(numbers[names.index("InDatagrams")])
    return found


def settle(islands, least):
    """How many datagrams there have been once no more come; fails where that does not end."""
    deadline, seen, same = time.monotonic() + LIMIT, 0, 0
    while same < QUIET or seen < least:
        now = received(islands)
        same = same + 1 if now == seen else 0
        seen = now
        assert seen - least <= MOST, "a loop"
        assert time.monotonic() < deadline, "the forged datagram has not come"
    return seen


def all_pairs(islands, first, second, ports, other):
    """Forge one datagram for each pair: from a service of the first to one of the second."""
    seen = received(islands)
    for a, b in itertools.product(ports, other):
        with islands[0]:
            forge((first, a), (second, b), b"hello")
        now = settle(islands, seen + 1)
        assert now - seen <= 255, f"{first}:{a} and {second}:{b}: {now - seen} datagrams"
        seen = now


def test_services_on_one_host_fall_silent_whatever_their_ports(steady, island):
    ports, other = range(7001, 7005), range(7101, 7105)
    with island:
        steady(*line("127.0.0.1", ports, SERVICES))
        same = steady(*line("127.0.0.2", ports, SERVICES))
        others = steady(*line("127.0.0.3", other, SERVICES))
    all_pairs([island], "127.0.0.1", "127.0.0.2", ports, ports)
    all_pairs([island], "127.0.0.1", "127.0.0.3", ports, other)
    assert same.stats()["datagrams_out"] == 0, "it has answered a port that it serves itself"
    assert others.stats()["datagrams_guarded"] > 0


def test_services_on_two_hosts_fall_silent_whatever_their_ports(steady, wire):
    ports, other = range(7001, 7004), range(7101, 7104)
    services = SERVICES[:3]
    with wire[0]:
        steady(*line("10.77.0.1", ports, services))
    with wire[1]:
        same = steady(*line("10.77.0.2", ports, services))
        others = steady(*line("10.77.0.2", other, services))
    all_pairs(wire, "10.77.0.1", "10.77.0.2", ports, ports)
    all_pairs(wire, "10.77.0.1", "10.77.0.2", ports, other)
    assert same.stats()["datagrams_out"] == 0


@pytest.mark.parametrize("host, where", [("127.0.0.1", "udp://127.0.0.1:7001"), ("::1", "udp://[::1]:7001"),
                                         ("127.0.0.1", "udp://:7001"), ("::1", "udp://:7001")])
def test_ports_of_services_are_not_answered(steady, island, host, where):
    with island:
        server = steady("echo", where, "--", "upper", "udp://127.0.0.1:7002")
        # Another address, or the server's own port could not be taken.
        other = "127.0.0.5" if host == "127.0.0.1" else "fd00::5"
        if host == "::1":
            island.ip("address", "add", "fd00::5/128", "dev", "lo", "nodad")
        for port in (1, 7, 13, 19, 53, 123, 1023, 7001, 7002):
            busy = port == 7001 and where == "udp://:7001"
            if busy:
                continue
            with datagrams((host, 7001), (other, port)) as sock:
                sock.send(b"hello")
                guarded = server.stats()["datagrams_guarded"]
                server.wait_stats(lambda stats: stats["datagrams_guarded"] >= max(1, guarded))
                assert waiting(sock) == []
        assert server.stats()["datagrams_out"] == 0
        for port in (1024, 7003, 65535):
            with datagrams((host, 7001), (other, port)) as sock:
                sock.send(b"hello")
                assert sock.recv(100) == b"hello"


ASKING = {
    "v4": ("udp://127.0.0.1:0", "127.0.0.1"),
    "v6": ("udp://[::1]:0", "::1"),
    "v4 of both": ("udp://:0", "127.0.0.1"),
    "v6 of both": ("udp://:0", "::1"),
}


@pytest.mark.parametrize("where, host", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("service", ["echo", "hello"])
def test_a_reply_may_travel_one_hop_less_than_its_request(steady, where, host, service):
    server = steady("-q", service, where)
    six = ":" in host
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    set_hops = socket.IPV6_UNICAST_HOPS if six else socket.IP_TTL
    ask_hops = socket.IPV6_RECVHOPLIMIT if six else 12          # IP_RECVTTL
    with datagrams((host, server.port()), options=[(level, ask_hops, 1)]) as sock:
        for hops in (255, 64, 63, 7, 2):
            sock.setsockopt(level, set_hops, hops)
            sock.send(b"hello")
            _, told, _, _ = sock.recvmsg(65536, 256)
            assert [struct.unpack("i", data)[0] for where, what, data in told if where == level] == [hops - 1]
        sock.setsockopt(level, set_hops, 1)
        sock.send(b"hello")
        server.wait_stats(lambda stats: stats["datagrams_guarded"] == 1)
        assert waiting(sock) == []


def test_a_loop_of_two_hosts_ends_with_the_hops_of_its_first_datagram(steady, wire):
    with wire[0]:
        steady("echo", "udp://10.77.0.1:7001")
    with wire[1]:
        steady("echo", "udp://10.77.0.2:7002")
    with wire[0]:
        forge(("10.77.0.1", 7001), ("10.77.0.2", 7002), b"hello", hops=64)
    assert settle(wire, 1) == 64


GROUPS = [("10.77.0.255", "udp://0.0.0.0:7001"), ("255.255.255.255", "udp://0.0.0.0:7001"),
          ("224.0.0.1", "udp://0.0.0.0:7001"), ("10.77.0.255", "udp://:7001"),
          ("ff02::1", "udp://[::]:7001"), ("ff02::1", "udp://:7001")]


@pytest.mark.parametrize("group, where", GROUPS)
def test_a_request_to_everybody_has_no_reply(steady, wire, group, where):
    with wire[1]:
        server = steady("echo", where)
    with wire[0], contextlib.ExitStack() as stack:
        six = ":" in group
        sock = stack.enter_context(socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM))
        sock.settimeout(60)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire")
        # A new network loses the first ones; and each worker's socket has a copy of its own.
        server.wait_stats(lambda stats: sock.sendto(b"all of you", (group, 7001)) and
                          stats["datagrams_guarded"] >= 20)
        sock.sendto(b"you alone", ("fd77::2" if six else "10.77.0.2", 7001))
        assert sock.recv(100) == b"you alone", "it has answered everybody's"
        assert waiting(sock) == []
    assert server.wait_stats(lambda stats: stats["datagrams_out"])["datagrams_out"] == 1


def test_twenty_servers_on_a_bridge_leave_a_broadcast_alone(steady, island):
    hub, ends = island, []
    try:
        hub.ip("link", "add", "hub", "type", "bridge")
        hub.ip("address", "add", "10.77.0.254/24", "broadcast", "10.77.0.255", "dev", "hub")
        hub.ip("link", "set", "hub", "up")
        servers = []
        for i in range(1, sized(4, 20) + 1):
            end = Island()
            ends.append(end)
            hub.ip("link", "add", f"port{i}", "type", "veth", "peer", "name", "wire", "netns", end.path())
            hub.ip("link", "set", f"port{i}", "master", "hub", "up")
            end.ip("address", "add", f"10.77.0.{i}/24", "broadcast", "10.77.0.255", "dev", "wire")
            end.ip("link", "set", "wire", "up")
            with end:
                servers.append(steady("echo", "udp://0.0.0.0:7001"))
        with hub, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.sendto(b"anybody?", ("10.77.0.255", 7001))
            for server in servers:
                server.wait_stats(lambda stats: stats["datagrams_guarded"] >= 1)
            assert waiting(sock) == []
        assert [server.stats()["datagrams_out"] for server in servers] == [0] * len(servers)
    finally:
        for end in ends:
            end.close()
