#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The servers' benchmark: serve.py BUILD_DIR, see --help.

Sockeye's servers beside bare loops, which stand for the machine's limit, and
beside peers, one core for the server and one for the load, all of them under
the same loads in turn. Judge by the server's processor time for a message and
by ratios: rates are of one machine in one hour.
"""
import argparse
import os
import pathlib
import resource
import signal
import subprocess
import sys
import textwrap

import points
import running
import sinks
import tables
from servers import BARE, OURS, Tree, machine

HERE = pathlib.Path(__file__).resolve().parent
POINTS = {"tcp": points.tcp, "spin": points.spin, "udp": points.udp, "bulk": points.bulk, "sink": sinks.sink,
          "upper": points.upper, "memory": points.memory, "start": points.start, "connect": points.connect}
HALTING = {"spin"}              # where the cores may halt
SPARE_FDS = 200

METHOD = """\
Each server has core 0, the load generator core 1. For each load all servers are started, and each repeat goes through
them in a new random order; repeats: {repeats}, of {seconds} s each, and every figure is their median. {awake}
**Server CPU** is the scheduler's run time of all threads of all processes of the server, between the very moments
between which the generator counts messages. The same server stands in the tables twice, and the ratio of the two says
how much is noise. *Bare* loops know one service, no limits and no time-outs. Everything is on loopback; every byte that
comes back is compared. No peer but Go and asyncio sets TCP_NODELAY, as is their libraries' default."""
AWAKE = {True: "A loop of the class `SCHED_IDLE` keeps both cores from halting, but where it says otherwise.",
         False: "The cores may halt when there is nothing to do."}


class Bench:
    """What was asked for."""

    def __init__(self, options):
        self.tree = Tree(options.build)
        self.full = options.full
        self.repeats = options.repeats or (1 if options.quick else 3)
        seconds = options.seconds or (0.2 if options.quick else 0.3)
        self.milliseconds = int(seconds * 1000)
        self.peers = None if options.peers is None else [name.strip().lower() for name in options.peers.split(",")]
        self.awake = options.awake == "yes"
        self.left_out = {}
        self.most_connections = 1000 if options.quick else raise_descriptors() - SPARE_FDS

    def wanted(self, server):
        return self.peers is None or server.kind in (OURS, BARE) or any(
            name and server.name.lower().startswith(name) for name in self.peers)

    def present(self, servers):
        """Those of the servers that are wanted and there; of the others the report says why."""
        found = []
        for server in filter(self.wanted, servers):
            why = self.tree.why_missing(server)
            if why:
                self.left_out[server.name] = why
            else:
                found.append(server)
        return found


def raise_descriptors():
    """As many as may be, for us and for all that we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, 60000) if hard != resource.RLIM_INFINITY else 60000
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def parse():
    parser = argparse.ArgumentParser(prog="run bench serve",
                                     description="Sockeye's servers beside bare loops and peers.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--only", metavar="POINT", action="append", choices=POINTS, help=", ".join(POINTS))
    parser.add_argument("--repeats", metavar="N", type=int, help="of each run (3)")
    parser.add_argument("--seconds", metavar="S", type=float, help="of each run (0.3)")
    parser.add_argument("--peers", metavar="LIST", help="only these, by the beginnings of their names; '' is none")
    parser.add_argument("--awake", choices=("yes", "no"), help="keep the cores from halting (what is faster here)")
    parser.add_argument("--quick", action="store_true", help="one short run of each, up to 1,000 connections")
    parser.add_argument("--full", action="store_true", help="every size, number and depth of the TCP echo")
    parser.add_argument("--write", metavar="FILE", help="the report as Markdown")
    options = parser.parse_args()
    if (options.repeats or 1) < 1 or (options.seconds or 1) <= 0:
        parser.error("a number of runs and their seconds are above zero")
    return options


def build_peers(tree):
    """What cannot be built is left out with its reason."""
    print("serve: building the peers", file=sys.stderr, flush=True)
    subprocess.run([HERE / "peers/build.sh", os.path.dirname(tree.peer("x"))], check=True)


def halting_costs(bench):
    """Is a core that halts slower to wake than a busy one is to interrupt? Virtual machines differ."""
    rates = {True: [], False: []}
    with running.Running([bench.tree.bare("epoll-echo")]) as server:
        for wanted in (True, False) * 3:
            with running.awake(bench.tree.load("awake"), wanted):
                sample = running.load(server, bench.tree.load("tcp-load"), "--time", 150)
            rates[wanted].append(sample["messages"])
    return tables.median(rates[True]) > tables.median(rates[False])


def measure(bench, names):
    parts = []
    for name in names:
        with running.awake(bench.tree.load("awake"), wanted=bench.awake and name not in HALTING):
            part = POINTS[name](bench)
        print(part.text(), flush=True)
        parts.append(part)
    if bench.left_out:
        reasons = [f"{name}: {why}" for name, why in bench.left_out.items()]
        parts.append(tables.Part("Left out", "Servers that are not there, and why.", remarks=reasons))
        print(parts[-1].text(), flush=True)
    return parts


def heading(bench):
    lines = "\n".join(f"- {line}" for line in machine())
    method = METHOD.format(repeats=bench.repeats, seconds=bench.milliseconds / 1000, awake=AWAKE[bench.awake])
    told = textwrap.fill(method, tables.WIDTH)
    return f"# Benchmarks\n\nMade by `./run bench serve --write FILE`.\n\n{lines}\n\n{told}\n"


def write(bench, parts, path):
    notes = (HERE / "notes.md").read_text()
    text = "\n".join([heading(bench), *[part.text() for part in parts], notes])
    pathlib.Path(path).write_text(text)


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not {0, 1} <= os.sched_getaffinity(0):
        print("serve: the server and the load need a core each, and there is one", file=sys.stderr)
        return 1
    bench = Bench(options)
    if not os.path.exists(bench.tree.load("tcp-load")):
        print("serve: no load generator: it needs Debian's liburing-dev and `ninja benchmarks`", file=sys.stderr)
        return 1
    build_peers(bench.tree)
    if not options.awake:
        bench.awake = halting_costs(bench)
    print(heading(bench), flush=True)
    parts = measure(bench, [name for name in POINTS if not options.only or name in options.only])
    if options.write:
        write(bench, parts, options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
