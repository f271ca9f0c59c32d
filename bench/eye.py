#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What it costs to be watched: `sockeye trace` beside strace, and how fast a long record is drawn.

A server and a client of libc's calls alone play ping-pong over loopback, as
they are and watched, in a new random order each repeat.
"""
import argparse
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import tables

LIMIT = 300             # seconds for one run


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(port):
    """Until somebody listens there, as the kernel's list has it."""
    deadline = time.monotonic() + LIMIT
    wanted = f"0100007F:{port:04X}"
    while not any(line.split()[1] == wanted and line.split()[3] == "0A"
                  for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]):
        assert time.monotonic() < deadline, "nobody listens"
        time.sleep(0.01)


def ways(build):
    """How the two are run: by themselves with something before each, or both by one command."""
    sockeye = f"{build}/src/cmd/sockeye"
    return {
        "as they are": ([], None),
        "sockeye trace -q": (None, [sockeye, "trace", "-q", "--room", "64m"]),
        "sockeye trace": (None, [sockeye, "trace", "--room", "64m"]),
        "sockeye trace --ptrace -q": (None, [sockeye, "trace", "--ptrace", "-q"]),
        "strace -f -e trace=network": (["strace", "-f", "-e", "trace=network", "-o", "/dev/null"], None),
        "strace --seccomp-bpf": (["strace", "-f", "--seccomp-bpf", "-e", "trace=network", "-o", "/dev/null"], None),
    }


def play(talk, way, trips):
    """ns of a round trip, and what the tracer says it lost."""
    before, tracer = way
    port = str(free_port())
    server, client = [talk, "serve", port], [talk, "call", port, str(trips)]
    if tracer:
        done = subprocess.run([*tracer, "--", *server, "--", *client], capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr
        lost = re.search(r"(\d+) records? did not fit", done.stderr)
        return float(done.stdout), int(lost[1]) if lost else 0
    serving = subprocess.Popen([*before, *server], stderr=subprocess.DEVNULL)
    try:
        wait_for(int(port))
        done = subprocess.run([*before, *client], capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr
    finally:
        serving.wait(LIMIT)
    return float(done.stdout), 0


def ping_pong(build, talk, args):
    took, lost = {}, {}
    for _ in range(args.repeats):
        order = list(ways(build).items())
        random.shuffle(order)
        for name, way in order:
            trips = args.trips if "trace" not in name or name.startswith("sockeye trace") else args.trips // 10
            trips = trips // 10 if "--ptrace" in name else trips
            ns, missing = play(talk, way, trips)
            took.setdefault(name, []).append(ns)
            lost[name] = lost.get(name, 0) + missing
    plain = statistics.median(took["as they are"])
    return [[name, f"{statistics.median(all_of) / 1000:.1f}", f"{plain / statistics.median(all_of):.2f}", lost[name]]
            for name, all_of in took.items()]


def measured(argv):
    """Seconds on the wall, of processor, and MB at most."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:
        pid = subprocess.Popen(argv, stdout=out, stderr=out).pid
        _, status, used = os.wait4(pid, 0)
    assert status == 0, argv
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def long_record(build, talk, args):
    """A recorded talk of at least a million records, drawn again in each form."""
    sockeye, rows = f"{build}/src/cmd/sockeye", []
    with tempfile.TemporaryDirectory() as folder:
        path, port = os.path.join(folder, "talk.json"), str(free_port())
        subprocess.run([sockeye, "trace", "-q", "--room", "1g", "-o", path, "--", talk, "serve", port, "--",
                        talk, "call", port, str(args.records // 7)], check=True, stdout=subprocess.DEVNULL, timeout=LIMIT)
        with open(path, "rb") as file:
            records = sum(1 for _ in file)
        for name, options in (("ladder", []), ("ladder, explained", ["--explain"]), ("by cause", ["--order", "causal"]),
                              (".svg", ["-q", "-o", os.path.join(folder, "x.svg")]),
                              (".html", ["-q", "-o", os.path.join(folder, "x.html")]),
                              (".pcapng", ["-q", "-o", os.path.join(folder, "x.pcapng")])):
            wall, processor, memory = measured([sockeye, "trace", path, *options])
            rows.append([name, f"{wall:.1f}", f"{processor:.1f}", f"{memory:.0f}"])
    return records, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trips", type=int, default=50000)
    parser.add_argument("--records", type=int, default=1100000)
    args = parser.parse_args()
    talk = f"{args.build}/bench/talk"
    part = tables.Part("Watched programs", "TCP ping-pong of 64 bytes between two programs on loopback, medians; "
                       "and a recorded talk, drawn again.")
    part.add("Round trips", ["how", "us", "rate", "lost"], ping_pong(args.build, talk, args))
    records, rows = long_record(args.build, talk, args)
    part.add(f"A talk of {records} records", ["drawn as", "s", "CPU s", "MB"], rows)
    print(part.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
