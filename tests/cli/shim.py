# SPDX-License-Identifier: MIT
"""Programs under the shim, and what their tapes tell when they have ended.

	eye = Eye(folder)
	done = eye.run("curl", "http://127.0.0.1/")
	eye.records()
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

from conftest import BUILD, LIMIT, environment

SHIM = str(BUILD / "src/preload/libsockeye-eye.so")
DUMP = str(BUILD / "tests/cli/tape-dump")
PYTHON = sys.executable


class Eye:
    """One folder of tapes and the programs that write them."""

    def __init__(self, folder):
        self.folder, self.running, self.told, self.lost = pathlib.Path(folder), [], [], 0
        self.folder.mkdir()

    def env(self, pid=0, payload=64, room=1 << 20, folder=None, **more):
        # A program that was built with a sanitizer wants its runtime before us.
        return environment(LD_PRELOAD=SHIM, PYTHONDONTWRITEBYTECODE="1", ASAN_OPTIONS="verify_asan_link_order=0",
                           SOCKEYE_EYE=f"pid={pid},payload={payload},room={room},dir={folder or self.folder}",
                           **more)

    def run(self, *argv, env=None, typed="", **options):
        """A program to its end."""
        return subprocess.run(list(map(str, argv)), env=self.env(**options) if env is None else env, text=True,
                              input=typed, capture_output=True, timeout=LIMIT)

    def python(self, program, *argv, **options):
        """A program in Python, which must end well."""
        done = self.run(PYTHON, "-c", program, *argv, **options)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def start(self, *argv, **options):
        """A program that runs on; it is killed at the end of the test."""
        process = subprocess.Popen(list(map(str, argv)), env=self.env(**options), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def finish(self):
        for process in self.running:
            process.kill()
            process.wait()

    def tapes(self):
        return sorted(self.folder.iterdir())

    def read(self):
        """What is read from a tape is gone from it."""
        done = subprocess.run([DUMP, *map(str, self.tapes())], capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr
        self.lost = sum(int(line.split()[0]) for line in done.stderr.splitlines())
        self.told += [json.loads(line) for line in done.stdout.splitlines()]
        self.told.sort(key=lambda each: each["time"])

    def records(self, phase="return"):
        """Of all tapes, by time; phase None: entries and returns."""
        self.read()
        return [each for each in self.told if phase in (None, each["phase"])]

    def forget(self):
        """Begin anew."""
        self.told = []
        for tape in self.tapes():
            tape.unlink()

    def calls(self, **which):
        return [each["call"] for each in self.records(**which)]

    def only(self, call, **which):
        found = [each for each in self.records(**which) if each["call"] == call]
        assert len(found) == 1, found
        return found[0]


def wait_open(kind, host, port):
    """Go on when somebody listens there, or has bound it."""
    where = f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"
    state = {"tcp": "0A", "udp": "07"}[kind]
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        lines = pathlib.Path(f"/proc/self/net/{kind}").read_text().splitlines()[1:]
        if any(line.split()[1] == where and line.split()[3] == state for line in lines):
            return
    raise AssertionError(f"nobody at {host}:{port}")


def own_host():
    """A place of this test alone on loopback."""
    return "127." + ".".join(str(1 + byte % 254) for byte in os.urandom(3))
