# SPDX-License-Identifier: MIT
"""What the fault tests share: servers that must come to rest, unkind callers, networks of our own.

A test takes the fixture `steady` in place of `serve`: it is the same, and when
the test has passed each server that still runs must be as it was before: no
client, as many descriptors, as many threads. The quick suite does less of the
same than a soak (SOCKEYE_SOAK=1): sized(quick, full).
"""
import contextlib
import ctypes
import functools
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest
from conftest import BUILD, COMMAND, LIMIT

SOAK = os.environ.get("SOCKEYE_SOAK") == "1"
PEER = str(BUILD / "tests/cli/peer")
NEWNET = 0x40000000
HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}     # of IP and UDP
TICKS = os.sysconf("SC_CLK_TCK")

# Thousands of callers need as many descriptors: ours, and those of what we start.
HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD, HARD))


def sized(quick, full):
    return full if SOAK else quick


def many(n):
    """n, or as many connections as descriptors allow."""
    return min(n, HARD - 200)


def place(kind="tcp"):
    """A place of 127.0.0.0/8 that nobody else uses, and so no TIME_WAIT of an earlier test."""
    return f"{kind}://127." + ".".join(str(random.randint(2, 254)) for _ in range(3)) + ":0"


# -- A server's state --------------------------------------------------------------


def threads(server):
    """Its own; the kernel lends workers to a ring, of which one may stay."""
    names = []
    for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append((task / "comm").read_text())
    return sum(not name.startswith("iou-") for name in names)


def at_work(server):
    """Do all its workers wait in their own epoll or ring?"""
    names = list(server.descriptors().values())
    waiting = sum("[eventpoll]" in name or "[io_uring]" in name for name in names)
    return waiting == server.stats()["workers"]


def size(server):
    return len(server.descriptors()), threads(server)


def memory(server):
    """Bytes in its memory now."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@functools.cache
def sanitized():
    """Is the command built with a sanitizer, which needs memory of its own?"""
    return b"__asan_init" in pathlib.Path(COMMAND).read_bytes()


def fits(server, most, before=0):
    """Is its memory within the bar?"""
    return sanitized() or memory(server) - before <= most


def processor(server):
    """Seconds of processor that it has used."""
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def loud(server):
    """Its warnings and errors so far."""
    return [line["text"] for line in server.told() if line.get("level") in ("warning", "error")]


@pytest.fixture
def steady(serve, request):
    before = []

    def start(*arguments, **options):
        server = serve(*arguments, **options)
        server.wait_stats(lambda stats: at_work(server))
        before.append((server, size(server)))
        return server

    yield start
    for server, rest in before:
        if getattr(request.node, "passed", False) and server.process.poll() is None:
            for sock in server.kept:
                sock.close()
            server.wait_stats(lambda stats: stats["clients"] == 0 and size(server) == rest)


# -- Callers -----------------------------------------------------------------------


def peer_argv(mode, server, **plan):
    if not os.path.exists(PEER):
        pytest.fail(f"not built: {PEER} (SOCKEYE_BUILD names the build folder)")
    host, port = server.address()
    return [PEER, mode, host, str(port), *(f"{name}={int(value)}" for name, value in plan.items())]


def peer(mode, server, **plan):
    """The helper's callers to their end; what came of them."""
    plan.setdefault("limit", LIMIT)
    signal.alarm(max(2 * LIMIT, plan["limit"] + LIMIT))
    done = subprocess.run(peer_argv(mode, server, **plan), stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=plan["limit"] + 10)
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


@contextlib.contextmanager
def held(server, **plan):
    """The helper's callers, held open for as long as the block lasts."""
    with subprocess.Popen(peer_argv("streams", server, hold=1, limit=2 * LIMIT, **plan),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def healthy(server, rounds=100):
    """An ordinary client in the midst of it all: each round answered; returns the slowest, in seconds."""
    slowest = 0
    with socket.create_connection(server.address(), timeout=LIMIT) as sock:
        for i in range(rounds):
            text, start = b"healthy %d" % i, time.monotonic()
            sock.sendall(text)
            got = b""
            while len(got) < len(text) and (more := sock.recv(len(text) - len(got))):
                got += more
            assert got == text
            slowest = max(slowest, time.monotonic() - start)
    return slowest


def reset(sock):
    """Close it with a reset instead of an end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@contextlib.contextmanager
def datagrams(address=None, source=None, options=()):
    """A socket for datagrams: to an address, from a source; options is a list for setsockopt."""
    host = (address or source)[0]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        for option in options:
            sock.setsockopt(*option)
        if source:
            sock.bind(source)
        if address:
            sock.connect(address)
        yield sock


def waiting(sock):
    """All datagrams that are there now."""
    found = []
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(sock.recvfrom(65536))
    sock.settimeout(LIMIT)
    return found


# -- Networks of our own -------------------------------------------------------------

libc = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    if libc.setns(descriptor, NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def network_now():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Island:
    """A network of its own. Sockets made and programs started within `with island:` are in it."""

    def __init__(self):
        if not shutil.which("ip"):
            pytest.skip("ip(8) is missing")
        home = network_now()
        try:
            if libc.unshare(NEWNET) < 0:
                pytest.skip("a network of its own needs root")
            self.descriptor = network_now()
            enter(home)
        finally:
            os.close(home)
        self.homes = []
        self.ip("link", "set", "lo", "up")

    def __enter__(self):
        self.homes.append(network_now())
        enter(self.descriptor)
        return self

    def __exit__(self, *_):
        home = self.homes.pop()
        enter(home)
        os.close(home)

    def ip(self, *words):
        with self:
            done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"

    def write(self, path, text):
        """A setting of this network alone."""
        with self:
            pathlib.Path(path).write_text(text)

    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def close(self):
        os.close(self.descriptor)


@pytest.fixture
def island():
    found = Island()
    yield found
    found.close()


@pytest.fixture
def wire():
    """Two islands joined by a wire: 10.77.0.1 and fd77::1 here, 10.77.0.2 and fd77::2 there."""
    ends = [Island(), Island()]
    ends[0].ip("link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", ends[1].path())
    for i, end in enumerate(ends, 1):
        end.ip("address", "add", f"10.77.0.{i}/24", "broadcast", "10.77.0.255", "dev", "wire")
        end.ip("address", "add", f"fd77::{i}/64", "dev", "wire", "nodad")
        end.write("/proc/sys/net/ipv6/conf/wire/accept_dad", "0")
        end.ip("link", "set", "wire", "up")
    yield ends
    for end in ends:
        end.close()


def forge(source, target, payload, hops=255):
    """One IPv4 datagram whose source is a lie; in the network that we are in."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, hops, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source[0]), socket.inet_aton(target[0]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.sendto(ip + udp, (target[0], 0))
