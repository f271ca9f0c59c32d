# SPDX-License-Identifier: MIT
"""The stage for the lectures' programs: C examples, Python twins, oracles.

A test takes the fixture `stage` and starts programs on it. It waits on what a
program does (its trace, a line it prints, its end), never on time; LIMIT only
ends what hangs. Whatever still runs at the end of a test is killed.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = pathlib.Path(os.environ.get("SOCKEYE_BUILD", ROOT / "build")).resolve() / "examples"
TWINS = HERE / "twins"
LIMIT = 60
MODIFIED, CLOEXEC_NONBLOCK = 0x2, 0o2004000        # of inotify(7)
KINDS = ("c", "python")
PAIRS = [(server, client) for server in KINDS for client in KINDS]


def pair_name(pair):
    return f"{pair[0]}-server-{pair[1]}-client"


class Trace:
    """A trace file that tells when it grows, and the calls in it."""

    def __init__(self, path):
        self.calls, self.half = [], b""
        self.file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        libc = ctypes.CDLL(None, use_errno=True)
        self.grown = libc.inotify_init1(CLOEXEC_NONBLOCK)
        if self.grown < 0 or libc.inotify_add_watch(self.grown, os.fsencode(path), MODIFIED) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def read(self):
        with contextlib.suppress(BlockingIOError):
            os.read(self.grown, 1 << 16)
        while data := os.read(self.file, 1 << 16):
            *lines, self.half = (self.half + data).split(b"\n")
            self.calls += [json.loads(line) for line in lines if line]

    def close(self):
        os.close(self.grown)
        os.close(self.file)


class Program:
    """A running program. Everything it says is gathered while something is waited for."""

    def __init__(self, name, argv, env, trace):
        self.name, self.said, self.cried = name, b"", b""
        self.trace = Trace(trace)
        self.process = subprocess.Popen(
            argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=os.path.dirname(trace))
        self.pid = self.process.pid
        self.over = os.pidfd_open(self.pid)
        self.open = {self.process.stdout.fileno(): self.hear_stdout,
                     self.process.stderr.fileno(): self.hear_stderr}
        for fd in self.open:
            os.set_blocking(fd, False)

    def hear_stdout(self, data):
        self.said += data

    def hear_stderr(self, data):
        self.cried += data

    def drain(self):
        """Take all that is there now."""
        self.trace.read()
        for fd, hear in list(self.open.items()):
            try:
                while data := os.read(fd, 1 << 16):
                    hear(data)
                del self.open[fd]
            except BlockingIOError:
                pass

    def wait(self, condition, what):
        """Go on when condition() holds; fail at LIMIT or when the program ends without it."""
        deadline = time.monotonic() + LIMIT
        while True:
            ended = bool(select.select([self.over], [], [], 0)[0])
            self.drain()
            if condition():
                return
            left = deadline - time.monotonic()
            if ended or left <= 0:
                pytest.fail(f"{self.name} {'ended' if ended else 'hangs'} before {what}: "
                            f"stdout {self.said!r}, stderr {self.cried.decode(errors='replace')}")
            select.select([self.over, self.trace.grown, *self.open], [], [], left)

    def done(self):
        """The calls that have returned, each once where it was made several times in a row."""
        calls = [c["call"] for c in self.trace.calls if c["phase"] == "return"]
        return [call for call, before in zip(calls, [None, *calls]) if call != before]

    def count(self, call, phase="return"):
        return sum(c["call"] == call and c["phase"] == phase for c in self.trace.calls)

    def wait_call(self, call, phase="return", times=1):
        self.wait(lambda: self.count(call, phase) >= times, f"{call} {phase} {times}")
        return self

    def wait_lines(self, n):
        self.wait(lambda: self.said.count(b"\n") >= n, f"line {n}")
        return self.said

    def wait_said(self, text):
        self.wait(lambda: text in self.said, repr(text))

    def type(self, data, end=True):
        """Write to its stdin; that it has ended by then, without reading, is no failure."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(data)
            self.process.stdin.flush()
        if end:
            self.hush()

    def hush(self):
        """No more is typed."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def end(self):
        """Wait for the program's own end; returns its exit code (negative: the signal)."""
        self.hush()
        if not select.select([self.over], [], [], 0)[0]:
            self.wait(lambda: bool(select.select([self.over], [], [], 0)[0]), "its end")
        self.drain()
        return self.process.wait()

    def signal(self, number=signal.SIGTERM):
        os.kill(self.pid, number)
        return self.end()

    def finish(self):
        """Kill it if need be, and let go of everything."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hush()
        self.process.stdout.close()
        self.process.stderr.close()
        self.trace.close()
        os.close(self.over)


class Island:
    """A network of its own: lo alone, and a host name as asked."""

    def __init__(self, hostname):
        self.holder = subprocess.Popen(
            [sys.executable, str(HERE / "island.py"), hostname],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        kind = self.holder.stdout.readline().strip()
        if not kind:
            why = self.holder.communicate(timeout=LIMIT)[1].strip().splitlines()
            pytest.skip(f"no network of its own: {why[-1] if why else 'unknown'}")
        self.entry = ["nsenter", "--target", str(self.holder.pid), "--net", "--uts"]
        if kind == "user":
            self.entry += ["--user", "--preserve-credentials"]
        self.entry.append("--")

    def finish(self):
        self.holder.kill()
        self.holder.communicate()


class Stage:
    """Starts programs and ends them all."""

    def __init__(self, folder):
        self.folder, self.all, self.islands, self.sockets = folder, [], [], []
        # A /8 of places, so that no TIME_WAIT of an earlier run is met.
        self.host = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))

    def start(self, kind, name, *arguments, island=None):
        """A program by name; kind "c" is the example, "python" the twin."""
        argv = [str(EXAMPLES / name)]
        if kind == "python":
            argv = [sys.executable, "-u", str(HERE / "runner.py"), str(TWINS / f"{name}.py")]
        elif not os.path.exists(argv[0]):
            pytest.fail(f"not built: {argv[0]} (SOCKEYE_BUILD names the build folder)")
        trace = os.path.join(self.folder, f"trace-{len(self.all)}")
        env = dict(os.environ, SOCKEYE_TRACE=trace, SOCKEYE_TRACE_PAYLOAD="0",
                   PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1", LC_ALL="C.UTF-8")
        entry = island.entry if island else []
        program = Program(f"{kind} {name}", [*entry, *argv, *arguments], env, trace)
        self.all.append(program)
        return program

    def serve(self, kind, name, *arguments, island=None, ready=None):
        """Start a server and go on when it can be called."""
        server = self.start(kind, name, *arguments, island=island)
        return server.wait_call(ready or ("bind" if name.startswith("udp") else "listen"))

    def island(self, hostname="127.0.0.1"):
        self.islands.append(Island(hostname))
        return self.islands[-1]

    def at(self, port):
        return f"{self.host}:{port}"

    def keep(self, sock):
        """A plain Python socket, the oracle's: closed when the test ends."""
        sock.settimeout(LIMIT)
        self.sockets.append(sock)
        return sock

    def caller(self, port):
        """The oracle as a TCP client."""
        return self.keep(socket.create_connection((self.host, port), timeout=LIMIT))

    def listener(self, port):
        """The oracle as a TCP server."""
        return self.keep(socket.create_server((self.host, port)))

    def datagrams(self, port=0):
        """The oracle for UDP, at a port of its own."""
        sock = self.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.bind((self.host, port))
        return sock

    def finish(self):
        for sock in self.sockets:
            sock.close()
        for actor in self.all + self.islands:
            actor.finish()


@pytest.fixture
def stage(tmp_path):
    new = Stage(str(tmp_path))

    def hangs(number, frame):
        pytest.fail(f"hangs: {[(p.name, p.said, p.cried, p.done()) for p in new.all]}")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(2 * LIMIT)
    try:
        yield new
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        new.finish()


@pytest.fixture(params=KINDS)
def kind(request):
    """Both the C example and its Python twin must pass: the twin proves the test."""
    return request.param


def take(sock, n):
    """Exactly n bytes of a stream, or fewer at its end."""
    data = b""
    while len(data) < n and (more := sock.recv(n - len(data))):
        data += more
    return data


def rest(sock):
    """All bytes of a stream to its end."""
    return take(sock, 1 << 30)


def listening(pid, kind):
    """The (host, port) pairs that the process's network has open for callers of this kind."""
    state = {"tcp": "0A", "udp": "07"}[kind]
    found = set()
    for line in pathlib.Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
        _, local, _, now, *_ = line.split()
        if now == state:
            host, port = local.split(":")
            found.add((socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)))
    return found
