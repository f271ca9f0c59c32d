# SPDX-License-Identifier: MIT
"""The stage for the command: `sockeye serve` started, asked, and ended.

A test takes the fixture `serve` and calls it with a command line. It goes on
when the server says that it is ready, and waits on what is said or done, never
on time; LIMIT only ends what hangs. At the end of a test every server that
still runs is told to end: it must then exit with 0, leave no socket file, and
have said no warning that the test did not announce (says="a pattern").

SOCKEYE_BUILD is the build folder, SOCKEYE_ENGINE the engine under test: epoll,
io_uring, or eperm and enosys, which forbid io_uring to the command with that
errno and leave the choice to it.
"""
import contextlib
import functools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("SOCKEYE_BUILD", ROOT / "build")).resolve()
COMMAND = str(BUILD / "src/cmd/sockeye")
FORBID = str(BUILD / "tests/cli/forbid")
LIMIT = 60
FORBIDDEN = ("eperm", "enosys")
PRIVATE = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "SOCKEYE_TRACE",
           "SOCKEYE_TRACE_PAYLOAD", "SOCKEYE_EYE")
LOUD = ("warning", "error")


def environment(**more):
    """Ours without what would change the command, and with more."""
    return {**{name: value for name, value in os.environ.items() if name not in PRIVATE},
            "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **more}


def run(*arguments, under=(), text=True, **more):
    """The command to its end."""
    return subprocess.run([*under, COMMAND, *map(str, arguments)], text=text, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, **{
                              "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment(), **more})


@functools.cache
def best():
    """What the command takes when the choice is its own."""
    with subprocess.Popen([COMMAND, "serve", "-v", "echo", "unix:"], env=environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        process.stdout.readline()
        process.terminate()
        said = process.communicate(timeout=LIMIT)[1]
    return re.search(r"engine (\w+)", said)[1]


def chosen():
    return os.environ.get("SOCKEYE_ENGINE") or best()


def running(name):
    """The name under which an engine tells of itself."""
    return "epoll" if name in FORBIDDEN else name


def command(*arguments, engine=None):
    """The argv of `sockeye serve` on an engine."""
    engine = engine or chosen()
    if engine in FORBIDDEN:
        return [FORBID, engine, COMMAND, "serve", *map(str, arguments)]
    return [COMMAND, "serve", "--engine", engine, *map(str, arguments)]


class Ear:
    """Hears a pipe to its end in a thread, so that it is never full."""

    def __init__(self, pipe):
        self.pipe, self.said, self.over = pipe, b"", False
        self.hear_now()
        self.more = threading.Condition()
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()

    def hear_now(self):
        """What is there already shall be known at once."""
        os.set_blocking(self.pipe.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            self.said = os.read(self.pipe.fileno(), 1 << 16)
        os.set_blocking(self.pipe.fileno(), True)

    def hear(self):
        while data := os.read(self.pipe.fileno(), 1 << 16):
            with self.more:
                self.said += data
                self.more.notify_all()
        with self.more:
            self.over = True
            self.more.notify_all()

    def lines(self):
        """The whole lines so far, without their newlines."""
        return self.said.decode(errors="backslashreplace").split("\n")[:-1]

    def wait(self, find, what):
        """Go on when find() finds something, and return that."""
        with self.more:
            self.more.wait_for(lambda: find() or self.over, LIMIT)
            found = find()
        assert found, f"{'ended' if self.over else 'hangs'} before {what}: {self.lines()[-5:]}"
        return found

    def close(self):
        self.thread.join(LIMIT)
        self.pipe.close()


class Server:
    """A server that runs. Unless text is asked for, it speaks JSON."""

    def __init__(self, argv, *, text=False, lines=None, says=None, code=0, env=None, fds=(), stderr=None):
        self.text, self.says, self.code, self.kept = text, says, code, []
        self.closed = self.ending = False
        ready, write = os.pipe() if lines is None else (None, None)
        if ready is not None:
            at = argv.index("serve") + 1
            argv = [*argv[:at], "--ready-fd", str(write), *argv[at:]]
            fds = (*fds, write)
        if not text:
            at = argv.index("serve") + 1
            argv = [*argv[:at], "--json", *argv[at:]]
        self.argv = argv
        self.process = subprocess.Popen(argv, env=environment(**(env or {})), pass_fds=fds,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE if stderr is None else stderr)
        self.pid = self.process.pid
        self.err = Ear(self.process.stderr) if stderr is None else None
        told = self.wait_ready(ready, write) if lines is None else b"ready\n"
        self.out = Ear(self.process.stdout)
        assert told == b"ready\n", f"{argv} is not ready: {self.complaint()}"
        if lines is not None:
            self.out.wait(lambda: len(self.out.lines()) >= lines, f"{lines} lines")

    def wait_ready(self, ready, write):
        """What it writes to --ready-fd; all lines of stdout are in the pipe by then."""
        os.close(write)
        with open(ready, "rb") as pipe:
            told = pipe.read()
        if not told:
            self.process.wait(LIMIT)
        return told

    # -- Where it is ------------------------------------------------------------

    @property
    def listening(self):
        """(address, service) of each line on stdout."""
        if self.text:
            return [tuple(line.removeprefix("listening ").rsplit(" ", 1)) for line in self.out.lines()]
        return [(told["address"], told["service"]) for told in map(json.loads, self.out.lines())]

    @property
    def wheres(self):
        return [address for address, _ in self.listening]

    @property
    def where(self):
        """The first address as it was printed."""
        return self.wheres[0]

    def port(self, i=0):
        return int(self.wheres[i].rpartition(":")[2])

    def address(self, i=0):
        """What Python's socket calls: a (host, port), a path or an abstract name."""
        scheme, _, rest = self.wheres[i].partition(":")
        if scheme.startswith("unix"):
            name = urllib.parse.unquote_to_bytes(rest)
            return b"\0" + name[1:] if name.startswith(b"@") else os.fsdecode(name)
        host = rest.removeprefix("//").rpartition(":")[0].strip("[]")
        return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), self.port(i)

    def family(self, i=0):
        address = self.address(i)
        if not isinstance(address, tuple):
            return socket.AF_UNIX
        return socket.AF_INET6 if ":" in address[0] else socket.AF_INET

    def kind(self, i=0):
        """SOCK_STREAM or SOCK_DGRAM."""
        return socket.SOCK_DGRAM if self.wheres[i].startswith(("udp", "unix-dgram")) else socket.SOCK_STREAM

    def caller(self, i=0, **more):
        """A plain Python socket that has connected; closed when the test ends."""
        sock = socket.socket(self.family(i), self.kind(i))
        self.kept.append(sock)
        sock.settimeout(LIMIT)
        if self.family(i) == socket.AF_UNIX and self.kind(i) == socket.SOCK_DGRAM:
            sock.bind("")           # a name, lest replies find nobody
        for option in more.get("options", ()):
            sock.setsockopt(*option)
        sock.connect(self.address(i))
        return sock

    # -- What it says ------------------------------------------------------------

    def told(self):
        """What came on stderr, each line as a dict; text lines have the key text alone."""
        return [{"text": line} if self.text else json.loads(line) for line in self.err.lines()
                if self.text or line.startswith("{")]

    def texts(self):
        return [each["text"] for each in self.told() if "text" in each]

    def wait_text(self, pattern, times=1):
        """Go on when so many lines of the log match; returns the last match."""
        def find():
            found = [match for match in (re.search(pattern, text) for text in self.texts()) if match]
            return len(found) >= times and found[times - 1]
        return self.err.wait(find, repr(pattern))

    def stats(self):
        """The counters, asked for by USR1."""
        assert not self.text, "the counters are read from JSON"
        before = len(self.reports())
        os.kill(self.pid, signal.SIGUSR1)
        return self.err.wait(lambda: self.reports()[before:], "statistics")[0]

    def reports(self):
        return [each for each in self.told() if each.get("event") == "statistics"]

    def wait_stats(self, holds):
        """The first counters for which it holds; asked for again and again, until LIMIT."""
        deadline = time.monotonic() + LIMIT
        while not holds(stats := self.stats()):
            assert time.monotonic() < deadline, f"never came to be: {stats}"
        return stats

    def complaint(self):
        """All of stderr, for whoever reads of a failure."""
        return "" if self.err is None else self.err.said.decode(errors="backslashreplace")

    def descriptors(self):
        """What its descriptors are, by number."""
        found = {}
        for link in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[int(link.name)] = os.readlink(link)
        return found

    def rings(self):
        return sum("io_uring" in name for name in self.descriptors().values())

    # -- Its end ------------------------------------------------------------------

    def kill(self, number=signal.SIGTERM):
        if number == signal.SIGKILL:
            self.code = -number
        self.ending |= number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
        self.process.send_signal(number)

    def wait(self):
        """Its exit code, once it has ended by itself."""
        return self.process.wait(LIMIT)

    def stop(self, number=signal.SIGTERM, code=None):
        """Tell it to end, unless it was told; hold its exit code and what it leaves against the rules."""
        if self.process.poll() is None and running(chosen()) == "epoll":
            assert "--engine" in self.argv or self.rings() == 0
        for sock in self.kept:
            sock.close()
        if self.process.poll() is None and not self.ending:
            self.kill(number)
        ended = self.wait()
        self.release()
        assert ended == (self.code if code is None else code), self.complaint()
        if ended >= 0:
            self.hold_rules()

    def hold_rules(self):
        for i, where in enumerate(self.wheres):
            if where.startswith("unix") and isinstance(self.address(i), str):
                assert not os.path.lexists(self.address(i)), f"{where} is left behind"
        loud = [line for line in self.told() if line.get("level") in LOUD or
                self.text and line["text"].startswith(tuple(level + ":" for level in LOUD))]
        strange = [line["text"] for line in loud if not (self.says and re.search(self.says, line["text"]))]
        assert strange == []

    def release(self):
        """Let go of everything; nothing of it runs any more."""
        if self.closed:
            return
        self.closed = True
        for sock in self.kept:
            sock.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.out.close()
        if self.err:
            self.err.close()

    def told_safely(self):
        return f"{' '.join(self.argv)}\n{self.complaint()}"


class Stage:
    """Starts servers and ends them all: `serve("echo", "tcp://127.0.0.1:0")`.

    Options of a start: engine (another than the one under test); text (no JSON);
    lines (wait for so many lines on stdout instead of --ready-fd); says (a pattern
    of the warnings that may come); code (of its exit, 0); env; fds (to inherit);
    under (a command that runs it); stderr (a descriptor of one's own).
    """

    def __init__(self):
        self.servers = []

    def __call__(self, *arguments, engine=None, under=(), **options):
        server = Server.__new__(Server)
        self.servers.append(server)
        server.__init__([*under, *command(*arguments, engine=engine)], **options)
        return server

    def finish(self, passed):
        """The rules hold for a test that passed; one that failed has said enough."""
        begun = [server for server in self.servers if hasattr(server, "err")]
        try:
            for server in begun:
                if passed and not server.closed:
                    server.stop()
        finally:
            for server in begun:
                server.release()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    stage = getattr(item, "funcargs", {}).get("serve")
    if call.when == "call":
        item.passed = report.passed
    if report.failed and stage:
        for server in stage.servers:
            if hasattr(server, "err"):
                report.sections.append(("stderr of the server", server.told_safely()))


@pytest.fixture
def engine():
    """The engine under test as it names itself: epoll or io_uring."""
    return running(chosen())


@contextlib.contextmanager
def bounded(stage, request, seconds, told=lambda: ""):
    """A stage for one test, which fails after so many seconds; told() says what was going on then."""
    def hangs(number, frame):
        pytest.fail(f"hangs: {told()}")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield stage
        stage.finish(getattr(request.node, "passed", False))
    finally:
        stage.finish(False)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def serve(request):
    if chosen() == "io_uring" != best():
        pytest.skip("io_uring is not to be had here")
    with bounded(Stage(), request, 2 * LIMIT) as stage:
        yield stage


def take(sock, n):
    """Exactly n bytes of a stream, or fewer at its end."""
    data = bytearray()
    while len(data) < n and (more := sock.recv(min(n - len(data), 1 << 20))):
        data += more
    return bytes(data)


def rest(sock):
    """All bytes of a stream to its end."""
    return take(sock, 1 << 30)


def talk(sock, data):
    """Say it, finish, and take all that comes: of a stream of any length."""
    sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
    sender.start()
    try:
        return rest(sock)
    finally:
        sender.join(LIMIT)
