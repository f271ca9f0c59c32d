# SPDX-License-Identifier: MIT
"""What the options limit: callers, time, bytes, networks, and bytes that are no text."""
import ctypes
import os
import select
import shutil
import socket
import subprocess
import time

import pytest
from conftest import LIMIT, rest, take, talk

TCP, UDP = "tcp://127.0.0.1:0", "udp://127.0.0.1:0"
NEWNET = 0x40000000          # of setns(2)
READ_AHEAD = 5 << 20    # what io_uring may have brought before a receive could be called off, and a bit
FULL = "all 2 places are taken"


def says(sock, data=b"hello"):
    sock.sendall(data)
    return take(sock, len(data)) == data


def is_turned_away(sock):
    """Closed without an answer: by an end or, for it had said something, by a reset."""
    try:
        return rest(sock) == b""
    except ConnectionResetError:
        return True


def is_silent(sock):
    return not select.select([sock], [], [], 0)[0]


# -- How much ---


def test_who_takes_no_replies_is_told_of_in_detail(serve):
    """It is not read from until it takes them again, and nothing is lost."""
    server = serve("-vv", "echo", TCP)
    caller, sent = server.caller(), 0
    caller.setblocking(False)
    deadline = time.monotonic() + LIMIT
    while not any("takes no replies for now" in text for text in server.texts()):
        assert time.monotonic() < deadline
        try:
            sent += caller.send(bytes(65536))
        except BlockingIOError:
            select.select([], [caller], [], 0.01)
    caller.setblocking(True)
    caller.settimeout(LIMIT)
    caller.shutdown(socket.SHUT_WR)
    assert len(rest(caller)) == sent
    server.wait_text("takes replies again$")


def test_messages_that_just_fill_a_buffer_are_no_bulk_and_starve_nobody(serve):
    """Clients that wait for each reply need one buffer at a time, however large its message."""
    server = serve("--workers", 1, "echo", TCP)
    callers = [server.caller() for _ in range(64)]
    message = bytes(16384)
    for _ in range(20):
        for caller in callers:
            caller.sendall(message)
        for caller in callers:
            assert take(caller, len(message)) == message
    assert server.stats()["starved"] == 0


# -- How many -------------------------------------------------------------------------


def test_callers_beyond_the_most_wait_until_a_place_is_free(serve):
    server = serve("--max-clients", "2", "echo", TCP, says=FULL)
    first, second = server.caller(), server.caller()
    assert says(first) and says(second)
    third = server.caller()
    third.sendall(b"third")
    server.wait_text(FULL + ": callers wait")
    assert server.stats()["clients"] == server.stats()["clients_most"] == 2
    assert is_silent(third)
    first.close()
    assert take(third, 5) == b"third"
    assert server.stats()["refused_full"] == 0


def test_callers_beyond_the_most_are_turned_away_when_told_so(serve):
    server = serve("--max-clients", "2", "--full", "refuse", "echo", TCP, says=FULL)
    first, second = server.caller(), server.caller()
    assert says(first) and says(second)
    assert is_turned_away(server.caller())
    server.wait_text(FULL + ": callers are turned away")
    assert server.wait_stats(lambda stats: stats["refused_full"] == 1)["clients"] == 2
    first.close()
    server.wait_stats(lambda stats: stats["clients"] == 1)
    assert says(server.caller())


def test_nobody_is_turned_away_while_there_is_a_place(serve):
    """Not even when another worker looks for a caller at the same moment."""
    server = serve("--workers", 2, "--max-clients", "2", "--full", "refuse", "echo", TCP)
    for _ in range(300):
        first, second = server.caller(), server.caller()
        assert says(first) and says(second)
        for caller in (first, second):
            caller.shutdown(socket.SHUT_WR)
            assert rest(caller) == b""
            caller.close()
        server.wait_stats(lambda stats: stats["clients"] == 0)
    assert server.stats()["refused_full"] == 0


def test_loopback_is_free_of_the_limit_for_each_address(serve):
    server = serve("--max-per-source", "1", "echo", TCP)
    callers = [server.caller() for _ in range(5)]
    assert all(says(caller) for caller in callers)
    assert server.stats()["refused_source"] == 0


class Wire:
    """Two networks of our own with a cable between them, 192.0.2.1 and 192.0.2.2."""

    def __init__(self):
        self.names = [f"sockeye-{os.getpid()}-{side}" for side in "ab"]
        a, b = self.names
        for line in (f"netns add {a}", f"netns add {b}",
                     f"-n {a} link add name wire type veth peer name wire netns {b}",
                     f"-n {a} addr add 192.0.2.1/24 dev wire", f"-n {b} addr add 192.0.2.2/24 dev wire",
                     f"-n {b} addr add 192.0.2.3/24 dev wire",
                     f"-n {a} link set wire up", f"-n {b} link set wire up"):
            done = subprocess.run(["ip", *line.split()], capture_output=True, text=True, timeout=LIMIT)
            if done.returncode:
                self.finish()
                pytest.skip(f"no network of our own: ip {line}: {done.stderr.strip()}")

    def enter(self, side):
        return ["ip", "netns", "exec", self.names[side]]

    def caller(self, side, address, source):
        """A socket that was made in that network."""
        there = os.open(f"/run/netns/{self.names[side]}", os.O_RDONLY)
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            setns(there)
            sock = socket.socket()
        finally:
            setns(home)
            os.close(home)
            os.close(there)
        sock.settimeout(LIMIT)
        sock.bind((source, 0))
        sock.connect(address)
        return sock

    def finish(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, timeout=LIMIT)


def setns(fd):
    """Move this thread to another network (Python has this call from 3.12 on)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture
def wire():
    if os.geteuid() != 0:
        pytest.skip("only root may make a network of its own")
    if not shutil.which("ip"):
        pytest.skip("ip(8) is not installed")
    new = Wire()
    yield new
    new.finish()


def test_one_address_has_no_more_connections_than_allowed(serve, wire):
    server = serve("--max-per-source", "2", "echo", "tcp://192.0.2.1:0", under=wire.enter(0),
                   says=r"192\.0\.2\.2.* has 2 connections already")
    place = ("192.0.2.1", server.port())
    callers = [wire.caller(1, place, "192.0.2.2") for _ in range(2)]
    server.kept += callers
    assert all(says(caller) for caller in callers)
    with wire.caller(1, place, "192.0.2.2") as third:
        assert is_turned_away(third)
    server.wait_text("has 2 connections already")
    with wire.caller(1, place, "192.0.2.3") as other:
        assert says(other)
    assert server.stats()["refused_source"] == 1
    callers[0].close()
    server.wait_stats(lambda stats: stats["clients"] == 1)
    with wire.caller(1, place, "192.0.2.2") as again:
        assert says(again)


# -- How long -----------------------------------------------------------------------------


def test_who_moves_nothing_is_closed_and_who_talks_is_not(serve):
    server = serve("--idle", "300ms", "echo", TCP)
    idle, busy = server.caller(), server.caller()
    start = time.monotonic()
    assert says(idle)
    while not select.select([idle], [], [], 0.05)[0]:
        assert says(busy)
    assert rest(idle) == b""
    assert 0.3 <= time.monotonic() - start < 10
    assert says(busy)
    assert server.stats()["idled"] == 1


# -- Who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options, admitted", [
    (["--allow", "127.0.0.0/8"], True),
    (["--allow", "10.0.0.0/8", "--allow", "127.0.0.1"], True),
    (["--allow", "10.0.0.0/8"], False),
    (["--deny", "10.0.0.0/8"], True),
    (["--deny", "127.0.0.1/32"], False),
    (["--allow", "127.0.0.0/8", "--deny", "127.0.0.1"], False),
    (["--deny", "127.0.0.1", "--allow", "127.0.0.1"], False),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_networks_are_served_or_not(serve, options, admitted):
    server = serve(*options, "echo", TCP, UDP, "tcp://:0")
    for i in (0, 2):        # the last is a socket of IPv6, for which these callers are ::ffff:127.0.0.1
        with socket.create_connection(("127.0.0.1", server.port(i)), LIMIT) as sock:
            assert says(sock) if admitted else is_turned_away(sock)
    with server.caller(1) as sock:
        sock.send(b"?")
        stats = server.wait_stats(lambda stats: stats["datagrams_in"] == 1)
        assert (stats["datagrams_denied"], stats["refused_denied"]) == ((0, 0) if admitted else (1, 2))
        assert not admitted or sock.recv(10) == b"?"


def test_networks_of_ipv6_are_served_or_not(serve):
    server = serve("--allow", "::1", "echo", "tcp://:0")
    with socket.create_connection(("::1", server.port()), LIMIT) as six:
        assert says(six)
    with socket.create_connection(("127.0.0.1", server.port()), LIMIT) as four:
        assert is_turned_away(four)


def test_each_service_has_its_own_networks_beside_those_for_all(serve):
    server = serve("--deny", "127.0.0.2", "echo", TCP, "--", "--deny", "127.0.0.3", "upper", TCP)
    for i, source, admitted in ((0, "127.0.0.2", False), (1, "127.0.0.2", False), (0, "127.0.0.3", True),
                                (1, "127.0.0.3", False), (1, "127.0.0.4", True)):
        with socket.create_connection(server.address(i), LIMIT, (source, 0)) as sock:
            assert says(sock, b"HELLO") if admitted else is_turned_away(sock)


# -- How much ----------------------------------------------------------------------------------


def test_a_connection_brings_no_more_bytes_a_second_than_allowed(serve):
    rate, size = 256 * 1024, 512 * 1024
    server = serve("--rate", str(rate), "echo", TCP)
    start = time.monotonic()
    with server.caller() as sock:
        assert talk(sock, bytes(size)) == bytes(size)
    took = time.monotonic() - start
    # Two seconds' worth, less what may come at once; and no hang.
    assert 0.7 <= took < 20
    assert server.stats()["bytes_in"] == size


def test_without_a_rate_the_same_bytes_pass_at_once(serve):
    server = serve("echo", TCP)
    start = time.monotonic()
    with server.caller() as sock:
        assert talk(sock, bytes(512 * 1024)) == bytes(512 * 1024)
    assert time.monotonic() - start < 5


def test_a_network_brings_no_more_bytes_of_datagrams_than_allowed(serve):
    server = serve("--rate", "1000", "echo", UDP)
    with server.caller() as sock:
        for _ in range(50):
            sock.send(bytes(100))
        stats = server.wait_stats(lambda stats: stats["datagrams_out"] + stats["datagrams_paced"] == 50)
    assert 10 <= stats["datagrams_out"] < 50


def test_a_peer_that_takes_nothing_is_not_read_beyond_its_buffer(serve):
    server = serve("--buffer", "16k", "-o", "sndbuf=16k,rcvbuf=16k", "echo", TCP)
    sock = server.caller(options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    sock.setblocking(False)
    sent, stalled = 0, 0
    while stalled < 2:      # what the kernel and the buffer hold; then nothing moves any more
        try:
            sent += sock.send(bytes(65536))
            stalled = 0
        except BlockingIOError:
            before = server.stats()
            stalled = stalled + 1 if before["stalls"] and not select.select([], [sock], [], 0.1)[1] else 0
    assert server.stats()["held_most"] < READ_AHEAD
    assert server.stats()["bytes_in"] < sent
    sock.setblocking(True)
    sock.settimeout(LIMIT)
    sock.shutdown(socket.SHUT_WR)
    assert len(rest(sock)) == sent


# -- What is no text ------------------------------------------------------------------------------

BROKEN = b"ab\xffcd\xc3(e \xe2\x82 f"


@pytest.mark.parametrize("policy", ["pass", "replace"])
def test_bytes_that_are_not_utf8_are_passed_or_replaced(serve, policy):
    server = serve("--bad", policy, "upper", TCP, UDP)
    handler = {"pass": "surrogateescape", "replace": "replace"}[policy]
    expected = BROKEN.decode(errors=handler).upper().encode(errors="surrogateescape")
    with server.caller(0) as sock:
        assert talk(sock, BROKEN) == expected
    with server.caller(1) as sock:
        sock.send(BROKEN)
        assert sock.recv(100) == expected


def test_bytes_that_are_not_utf8_end_the_conversation_when_told_so(serve):
    server = serve("--bad", "close", "upper", TCP, UDP)
    with server.caller(0) as sock:
        assert talk(sock, BROKEN) == b"AB"
    server.wait_text(r"sent b'\\xff', which is not UTF-8")
    with server.caller(1) as sock:
        sock.send(BROKEN)
        sock.send(b"good")
        assert sock.recv(100) == b"GOOD"


# -- Options of sockets ---------------------------------------------------------------------------


def test_a_socket_option_reaches_listener_and_connections(serve):
    if not shutil.which("ss"):
        pytest.skip("ss(8) is not installed")
    server = serve("-o", "rcvbuf=64k", "-o", "sndbuf=32k,mark=7" if os.geteuid() == 0 else "sndbuf=32k", "echo", TCP)
    with server.caller() as sock:
        assert says(sock)
        shown = subprocess.run(["ss", "-Htanmp", f"sport = :{server.port()}"], capture_output=True,
                               text=True, timeout=LIMIT, check=True).stdout.replace("\n\t", " ").splitlines()
    ours = [line for line in shown if line.startswith(("LISTEN", "ESTAB"))]
    assert {line.split()[0] for line in ours} == {"LISTEN", "ESTAB"}
    for line in ours:
        assert ",rb131072," in line and ",tb65536," in line, line       # the kernel doubles what is asked
