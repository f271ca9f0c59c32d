# SPDX-License-Identifier: MIT
"""The stage for `sockeye connect` and `sockeye send`: started, spoken with, and ended.

A test takes the fixture `talk` and calls it with a command line. What is told
on stderr and what comes on stdout can be waited for; LIMIT only ends what
hangs. At the end of a test that passed, every process has ended by itself or
was ended by the test.
"""
import contextlib
import hashlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import COMMAND, LIMIT, Ear, bounded, environment
from fault import sized

MIB = 1 << 20
KEPT = 16 * MIB         # of what came, for those who look at it


def pieces(size, who=""):
    """Bytes that are the same each time and nowhere alike, a MiB at a time."""
    for at in range(0, size, MIB):
        yield random.Random(f"{who} {size} {at}").randbytes(min(MIB, size - at))


def digest(data):
    """The sum of bytes, or of pieces."""
    total = hashlib.sha256()
    for piece in [data] if isinstance(data, bytes) else data:
        total.update(piece)
    return total.hexdigest()


class Heap:
    """What comes from a pipe: its length and sum, and the beginning itself."""

    def __init__(self, pipe):
        self.pipe, self.n, self.kept, self.over = pipe, 0, bytearray(), False
        self.sum = hashlib.sha256()
        self.more = threading.Condition()
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()

    def hear(self):
        while data := os.read(self.pipe.fileno(), MIB):
            with self.more:
                self.n += len(data)
                self.sum.update(data)
                self.kept += data[:KEPT - len(self.kept)]
                self.more.notify_all()
        with self.more:
            self.over = True
            self.more.notify_all()

    def wait(self, holds, what):
        with self.more:
            self.more.wait_for(lambda: holds() or self.over, LIMIT)
            assert holds(), f"{'ended' if self.over else 'hangs'} before {what}; {self.n} bytes came: {self.kept[-200:]}"

    def take(self, n):
        """Go on when n bytes have come."""
        self.wait(lambda: self.n >= n, f"{n} bytes")
        return bytes(self.kept)

    def line(self, text):
        """Go on when text has come."""
        self.wait(lambda: text in self.kept, repr(text))

    def close(self):
        self.thread.join(LIMIT)
        self.pipe.close()


class Talker:
    """A process that talks: ours, or another's program."""

    def __init__(self, argv, *, stdin=subprocess.PIPE, stdout=subprocess.PIPE, fds=(), env=None):
        self.argv = [str(word) for word in argv]
        self.process = subprocess.Popen(self.argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                        env=environment(**(env or {})), pass_fds=fds)
        self.pid = self.process.pid
        self.speaker, self.closed = None, False
        self.err = Ear(self.process.stderr)
        self.out = Heap(self.process.stdout) if self.process.stdout else None

    # -- What it is told --------------------------------------------------------------

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end(self):
        """The end of its input."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def feed(self, parts, end=True):
        """Say many pieces, and the end, while the test goes on; a reader that left is no fault of ours."""
        def work():
            with contextlib.suppress(BrokenPipeError):
                for piece in parts:
                    self.say(piece)
            if end:
                self.end()
        self.speaker = threading.Thread(target=work, daemon=True)
        self.speaker.start()

    def kill(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    # -- What it says -----------------------------------------------------------------

    def told(self, text, times=1):
        """Go on when so many lines of stderr contain the text; returns the last one."""
        def find():
            found = [line for line in self.err.lines() if text in line]
            return len(found) >= times and found[times - 1]
        return self.err.wait(find, repr(text))

    @property
    def where(self):
        """The address of --listen."""
        return self.told("listening ").split()[1]

    @property
    def host(self):
        return self.where.removeprefix("tcp://").rpartition(":")[0]

    @property
    def port(self):
        return int(self.where.rpartition(":")[2])

    @property
    def complaint(self):
        """All of stderr, once it has ended, without the line that tells where it listens."""
        self.process.wait(LIMIT)
        self.err.thread.join(LIMIT)
        return "\n".join(line for line in self.err.lines() if not line.startswith("listening "))

    @property
    def said(self):
        """All of stdout, once it has ended."""
        self.wait()
        self.out.thread.join(LIMIT)
        assert self.out.n == len(self.out.kept)
        return bytes(self.out.kept)

    @property
    def sum(self):
        """The sum of all of stdout, once it has ended."""
        self.wait()
        self.out.thread.join(LIMIT)
        return self.out.sum.hexdigest()

    def wait(self):
        """Its exit code, once it has ended."""
        return self.process.wait(LIMIT)

    def ends(self, code=0, complaint=""):
        """It ends by itself: with this code, and these words or a test of them."""
        got = self.wait()
        assert got == code, f"{self.argv} ended with {got}: {self.complaint}"
        if callable(complaint):
            assert complaint(self.complaint), self.complaint
        else:
            assert self.complaint == complaint

    def close(self):
        if self.closed:
            return
        self.closed = True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin and not self.process.stdin.closed:
            if self.speaker:
                self.speaker.join(LIMIT)
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        for ear in (self.err, self.out):
            if ear:
                ear.close()


class Stage:
    """Starts talkers and ends them all: `talk("connect", "--listen", "tcp://127.0.0.1:0")`."""

    def __init__(self):
        self.talkers = []

    def __call__(self, *arguments, under=(), **options):
        return self.other(*under, COMMAND, *arguments, **options)

    def other(self, *argv, **options):
        """Another's program."""
        talker = Talker(argv, **options)
        self.talkers.append(talker)
        return talker

    def finish(self, passed):
        running = [talker for talker in self.talkers if passed and talker.process.poll() is None]
        for talker in running:      # told to end by the test, perhaps a moment ago
            with contextlib.suppress(subprocess.TimeoutExpired):
                talker.process.wait(5)
        left = [talker.argv for talker in running if talker.process.poll() is None]
        for talker in self.talkers:
            talker.close()
        self.talkers = []
        assert left == [], "goes on after the test"


@pytest.fixture
def talk(request):
    stage = Stage()

    def told():
        return "; ".join(f"{talker.argv} {talker.err.lines()[-3:]}" for talker in stage.talkers)

    with bounded(stage, request, sized(2, 20) * LIMIT, told):
        yield stage


# -- Peers that are plain Python sockets ------------------------------------------------


def spoken(*arguments, data=b"", **more):
    """The command to its end, with bytes on both sides."""
    return subprocess.run([COMMAND, *map(str, arguments)], input=data, capture_output=True, timeout=LIMIT,
                          env=environment(), **more)


class Answerer:
    """A socket that answers each caller, or datagram, by a function in a thread; what it raised is raised here."""

    def __init__(self, work, sock, callers):
        self.work, self.sock, self.callers, self.fault = work, sock, callers, None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            if self.sock.type == socket.SOCK_DGRAM:
                self.work(self.sock)
            for _ in range(self.callers if self.sock.type != socket.SOCK_DGRAM else 0):
                conn, _ = self.sock.accept()
                with conn:
                    conn.settimeout(LIMIT)
                    self.work(conn)
        except BaseException as fault:
            self.fault = fault


def name_of(sock):
    """Its address as the command reads it."""
    at = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return ("unix:" if sock.type == socket.SOCK_STREAM else "unix-dgram:") + at
    host = f"[{at[0]}]" if ":" in at[0] else at[0]
    return f"{'tcp' if sock.type == socket.SOCK_STREAM else 'udp'}://{host}:{at[1]}"


@contextlib.contextmanager
def answering(work, at=("127.0.0.1", 0), kind=socket.SOCK_STREAM, callers=1):
    """The address of one that answers; its work must be over, and have gone well, at the end of the block."""
    with socket.socket(socket.AF_INET if isinstance(at, tuple) else socket.AF_UNIX, kind) as sock:
        sock.settimeout(LIMIT)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(at)
        if kind == socket.SOCK_STREAM:
            sock.listen()
        answerer = Answerer(work, sock, callers)
        yield name_of(sock)
        answerer.thread.join(LIMIT)
        if answerer.fault:
            raise answerer.fault
        assert not answerer.thread.is_alive(), "it still waits"


@contextlib.contextmanager
def calling(talker):
    """A plain socket that has called a talker that listens."""
    with socket.create_connection((talker.host, talker.port), timeout=LIMIT) as sock:
        yield sock


def until(holds, what):
    """Look again and again, giving way to others, until something holds, and return it: for what no event tells."""
    deadline = time.monotonic() + LIMIT
    while not (found := holds()):
        assert time.monotonic() < deadline, f"never came to be: {what}"
        os.sched_yield()
    return found


def written(path):
    """What a file has by now."""
    path = pathlib.Path(path)
    return path.read_bytes() if path.exists() else b""
