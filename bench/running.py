# SPDX-License-Identifier: MIT
"""Servers and generators as processes: started, awaited, loaded, looked into, ended.

A server runs on core 0 and leads a session of its own, by which its processor
time is counted and by which it is ended; a generator runs on core 1.
"""
import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading

SERVER_CORE, LOAD_CORE = "0", "1"
START_LIMIT, LOAD_LIMIT = 15, 60        # seconds
LISTENING = re.compile(r"istening .*?(?::|on )(\d{2,5})(?!\.)\b")


class Failed(Exception):
    """A server or a generator that did not do its work, with the reason."""


def on_core(core, *command):
    return ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", core, *map(str, command)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Running:
    """A server that has said where it listens. It is gone at the end of a `with`."""

    def __init__(self, command):
        port = free_port()      # for those that cannot take port 0 and tell
        command = [str(part).replace("{port}", str(port)) for part in command]
        self.process = subprocess.Popen(
            on_core(SERVER_CORE, *command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        self.session = self.process.pid
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.port = self._await_port()
        except Failed:
            self.stop()
            raise

    def _read(self):
        """For as long as it lives, so that it never waits for a reader."""
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _await_port(self):
        said = ""
        while True:
            try:
                line = self._lines.get(timeout=START_LIMIT)
            except queue.Empty:
                raise Failed("it never said that it listens") from None
            if line is None:
                raise Failed(said.strip() or "it ended at once")
            if found := LISTENING.search(line):
                return int(found.group(1))
            said = line

    def resident(self):
        """Bytes of memory of all its processes."""
        return sum(resident(pid) for pid in session_members(self.session))

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.session, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def session_members(session):
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat") as stat:
                if int(stat.read().rpartition(")")[2].split()[3]) == session:
                    yield int(name)


def kilobytes(path, name):
    with open(path) as table:
        return int(re.search(rf"^{name}:\s+(\d+) kB", table.read(), flags=re.M).group(1))


def resident(pid):
    try:
        return kilobytes(f"/proc/{pid}/status", "VmRSS") * 1024
    except (OSError, AttributeError):           # it has just ended
        return 0


def slab():
    """Bytes that the kernel keeps in its own objects: sockets are most of what changes."""
    return kilobytes("/proc/meminfo", "Slab") * 1024


def ask(*command, core=LOAD_CORE):
    """What a command prints; its failure is ours."""
    try:
        done = subprocess.run(on_core(core, *command), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LOAD_LIMIT)
    except subprocess.TimeoutExpired:
        raise Failed(f"{os.path.basename(str(command[0]))} did not end") from None
    if done.returncode:
        raise Failed(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout


def load(server, generator, *options):
    """One run of a generator against a server: its line of JSON."""
    return json.loads(ask(generator, "--port", server.port, "--server", server.session, *options))


@contextlib.contextmanager
def idle_connections(server, generator, n):
    """n connections to a server, and a function that echoes one message on each."""
    process = subprocess.Popen(
        on_core(LOAD_CORE, generator, "--port", server.port, "--mode", "idle", "--connections", n),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def expect(word):
        if process.stdout.readline().strip() != word:
            process.kill()
            raise Failed(process.stderr.read().strip() or f"no '{word}' from the generator")

    def echo():
        process.stdin.write("\n")
        process.stdin.flush()
        expect("echoed")

    try:
        expect("open")
        yield echo
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def awake(program, wanted=True):
    """Neither core halts inside."""
    keepers = [subprocess.Popen(on_core(core, program)) for core in (SERVER_CORE, LOAD_CORE) if wanted]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.kill()
            keeper.wait()
