#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A pipe through the network: `sockeye connect` beside the netcats.

Bytes go through stdin to a peer and back to stdout, or one way from one of them
to another of the same kind. Source and sink are bench/load/pipe-ends, which
marks each page and counts every byte; the peer of the way there and back is the
bare epoll loop. Each repeat goes through all programs in a new random order.
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import running
import tables

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 600             # seconds for one run
GIB = 1 << 30


@dataclass
class Program:
    """How it calls a port and ends when both sides have; and how it listens."""
    name: str
    call: tuple
    listen: tuple


def programs(build):
    sockeye = f"{build}/src/cmd/sockeye"
    socat = ("/usr/bin/socat", "-u")
    wide = ("-b", "131072")
    return [
        Program("sockeye connect", (sockeye, "connect", "tcp://127.0.0.1:{port}"),
                (sockeye, "connect", "--listen", "tcp://127.0.0.1:{port}")),
        Program("sockeye nc -N", (sockeye, "nc", "-N", "127.0.0.1", "{port}"),
                (sockeye, "nc", "-l", "127.0.0.1", "{port}")),
        Program("nc -N", ("/usr/bin/nc.openbsd", "-N", "127.0.0.1", "{port}"),
                ("/usr/bin/nc.openbsd", "-l", "127.0.0.1", "{port}")),
        Program("ncat", ("/usr/bin/ncat", "127.0.0.1", "{port}"), ("/usr/bin/ncat", "-l", "127.0.0.1", "{port}")),
        Program("socat", ("/usr/bin/socat", "-t", "60", "-", "TCP:127.0.0.1:{port}"),
                (*socat, "TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr", "-")),
        Program("socat -b 131072", ("/usr/bin/socat", "-t", "60", *wide, "-", "TCP:127.0.0.1:{port}"),
                (*socat, *wide, "TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr", "-")),
    ]


def with_port(command, port):
    return [part.replace("{port}", str(port)) for part in command]


def start(command, **streams):
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stderr=subprocess.DEVNULL, **streams)


def cpu_of(process):
    """Seconds that a child has used, once it has ended; None when it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime if process.returncode == 0 else None


def listening(port):
    """Wait until somebody listens at a port of loopback, for some seconds."""
    wanted = re.compile(rf"^ *\d+: \w+:{port:04X} \w+:0000 0A", re.M)
    end = time.monotonic() + running.START_LIMIT
    while not wanted.search(pathlib.Path("/proc/net/tcp").read_text()):
        if time.monotonic() > end:
            raise running.Failed("it never listened")
        time.sleep(0.01)


def there_and_back(ends, program, port, size):
    began = time.monotonic()
    source = start([ends, "source", size], stdout=subprocess.PIPE)
    caller = start(with_port(program.call, port), stdin=source.stdout, stdout=subprocess.PIPE)
    source.stdout.close()
    sink = start([ends, "sink"], stdin=caller.stdout, stdout=subprocess.PIPE)
    caller.stdout.close()
    got = sink.stdout.read()
    took = time.monotonic() - began
    cpu = cpu_of(caller)
    for process in (source, sink):
        process.wait(LIMIT)
    return verdict(got, size, took, cpu)


def one_way(ends, program, size):
    port = running.free_port()
    listener = start(with_port(program.listen, port), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    listening(port)
    began = time.monotonic()
    sink = start([ends, "sink"], stdin=listener.stdout, stdout=subprocess.PIPE)
    listener.stdout.close()
    source = start([ends, "source", size], stdout=subprocess.PIPE)
    caller = start(with_port(program.call, port), stdin=source.stdout, stdout=subprocess.DEVNULL)
    source.stdout.close()
    got = sink.stdout.read()
    took = time.monotonic() - began
    sent, heard = cpu_of(caller), cpu_of(listener)
    for process in (source, sink):
        process.wait(LIMIT)
    return verdict(got, size, took, sent + heard if None not in (sent, heard) else None)


def verdict(got, size, took, cpu):
    if int(got or 0) != size:
        raise running.Failed(f"{int(got or 0):,} of {size:,} bytes came")
    return size / took / 1e9, cpu / (size / 1e9) if cpu is not None else None


def compare(part, measure, chosen, repeats):
    rates, costs = ({program.name: [] for program in chosen} for _ in range(2))
    for turn in range(repeats):
        for program in random.sample(chosen, len(chosen)):
            print(f"pipe: {part.title}: {turn + 1}: {program.name}", file=sys.stderr, flush=True)
            try:
                rate, cost = measure(program)
            except running.Failed as why:
                part.remarks.append(f"{program.name}: {why}")
                continue
            rates[program.name].append(rate)
            costs[program.name].append(cost)
    best = max(filter(None, (tables.median(rates[p.name]) for p in chosen if not p.name.startswith("sockeye"))), default=None)
    rows = []
    for program in chosen:
        rate = tables.median(rates[program.name])
        rows.append([program.name, tables.decimal(rate), tables.decimal(tables.median(costs[program.name])),
                     tables.decimal(rate / best if rate and best else None)])
    part.add("Median", ["", "GB/s", "its CPU s/GB", "rate / best netcat"], rows)
    return part


def parse():
    parser = argparse.ArgumentParser(prog="run bench pipe", description="sockeye connect beside nc, ncat and socat.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--repeats", metavar="N", type=int, default=5, help="of each run (5)")
    parser.add_argument("--gib", metavar="N", type=float, default=4, help="how much goes through (4)")
    parser.add_argument("--write", metavar="FILE", help="the report as Markdown")
    options = parser.parse_args()
    if options.repeats < 1 or options.gib <= 0:
        parser.error("a number of runs and their size are above zero")
    return options


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    build, size = os.path.abspath(options.build), int(options.gib * GIB)
    ends = f"{build}/bench/load/pipe-ends"
    chosen = [program for program in programs(build) if shutil.which(program.call[0])]
    amount = f"{options.gib:g} GiB"
    back = tables.Part("There and back", f"{amount} from a pipe to an echo server and back into a pipe.")
    with running.Running([f"{build}/bench/limit/epoll-echo"]) as server:
        compare(back, lambda program: there_and_back(ends, program, server.port, size), chosen, options.repeats)
    print(back.text(), flush=True)
    away = tables.Part("One way", f"{amount} from a pipe, through two programs of a kind, into a pipe; the CPU of both.")
    compare(away, lambda program: one_way(ends, program, size), chosen, options.repeats)
    print(away.text(), flush=True)
    if options.write:
        head = (f"# A pipe through the network\n\nMade by `./run bench pipe --write FILE`; {options.repeats} repeats in "
                "random order.\n")
        pathlib.Path(options.write).write_text("\n".join([head, back.text(), away.text()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
