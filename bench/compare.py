# SPDX-License-Identifier: MIT
"""Many servers under the same loads, in turn: who is run when, and what is said of it.

For each load (a column) every server is started, and then each repeat goes
through all of them in a new random order, so that what the machine does
meanwhile happens to all alike.
"""
import contextlib
import random
import sys
from collections import defaultdict
from dataclasses import dataclass, replace

import running
import tables
from servers import BARE, OURS, PEER


@dataclass(frozen=True)
class Column:
    name: str
    options: tuple              # for the generator
    connections: int = 1
    warm: int = 100             # ms


def nanoseconds(sample):
    """Of the server's processor time, for a message."""
    return sample["cpu_ns"] / sample["messages"] if sample["messages"] and sample["cpu_ns"] else None


def rate(sample):
    return sample["messages"] / sample["seconds"]


def gigabytes(sample):
    return sample["bytes"] / sample["seconds"] / 1e9


def loss(sample):
    """Per cent of what was sent."""
    sent = sample["messages"] + sample["lost"]
    return 100 * sample["lost"] / sent if sent else None


class Results:
    """Samples by server and column, and tables of them."""

    def __init__(self, servers, columns):
        self.servers, self.columns = servers, columns
        self.samples = defaultdict(list)

    def medians(self, server, figure):
        return [tables.median([figure(sample) for sample in self.samples[server.name, column.name]])
                for column in self.columns]

    def rows(self, figure, form):
        for server in self.servers:
            cells = [form(value) for value in self.medians(server, figure)]
            if any(cells):
                yield [server.name, *cells]

    def table(self, part, title, figure, form=tables.count):
        part.add(title, ["", *[column.name for column in self.columns]], list(self.rows(figure, form)))

    def latencies(self, part):
        rows = []
        for server in self.servers:
            halves = [self.medians(server, lambda s, which=which: s[which]) for which in ("p50_us", "p99_us")]
            if any(value is not None for value in halves[0]):
                rows.append([server.name, *map(tables.span, *halves)])
        part.add("Latency in us, p50 / p99", ["", *[column.name for column in self.columns]], rows)

    def least(self, kind, figure):
        """The best of a kind, column by column."""
        each = [self.medians(server, figure) for server in self.servers if server.kind == kind]
        return [min((value for value in values if value is not None), default=None) for values in zip(*each)] \
            if each else [None] * len(self.columns)

    def ratios(self, part, figure, figure_name):
        """How many times as much of the figure the others need."""
        by_name = {server.name: self.medians(server, figure) for server in self.servers}
        others = {"libuv": by_name.get("libuv"), "the better bare loop": self.least(BARE, figure),
                  "the best peer": self.least(PEER, figure)}
        pairs = [(f"{name} / {server.name}", values, by_name[server.name])
                 for name, values in others.items() for server in self.servers if server.kind == OURS]
        pairs.append(("libuv once more / libuv (noise)", by_name.get("libuv once more"), by_name.get("libuv")))
        rows = []
        for name, above, below in pairs:
            found = [a / b if a and b else None for a, b in zip(above or [], below or [])]
            if any(found):
                rows.append([name, *map(tables.decimal, found), tables.decimal(tables.geometric_mean(found))])
        if len(self.columns) == 1:
            rows = [row[:2] for row in rows]
        head = ["", *[column.name for column in self.columns], "geometric mean"]
        title = f"Ratios of the {figure_name}, above 1: the other needs more"
        part.add(title, head[:len(rows[0])] if rows else head, rows)


def progress(text):
    print(f"serve: {text}", file=sys.stderr, flush=True)


def attempt(part, name, about, do):
    """What it gives, or None and a remark."""
    try:
        return do()
    except running.Failed as why:
        part.remarks.append(f"{name}{about}: {why}")
        return None


def run(bench, part, servers, columns, generator):
    """The samples of all servers under all columns."""
    results = Results(servers, columns)
    for column in columns:
        progress(f"{part.title}: {column.name}")
        with contextlib.ExitStack() as stack:
            alive = {}
            for server in servers:
                if server.most < column.connections:
                    continue
                one = attempt(part, server.name, "", lambda server=server: running.Running(server.command))
                if one:
                    alive[server.name] = stack.enter_context(one)
            # Once for nothing: an interpreter's first connections are not like the others.
            few = replace(column, connections=min(64, column.connections), warm=50)
            for name, one in alive.items():
                attempt(part, name, f" at {column.name}", lambda one=one: load(one, generator, few, 50))
            for _ in range(bench.repeats):
                for name in random.sample(list(alive), len(alive)):
                    sample = attempt(part, name, f" at {column.name}",
                                     lambda name=name: load(alive[name], generator, column, bench.milliseconds))
                    keep(results, part, name, column, sample)
    return results


def load(server, generator, column, milliseconds, *more):
    return running.load(server, generator, "--warm", column.warm, "--time", milliseconds,
                        "--connections", column.connections, *column.options, *more)


def keep(results, part, name, column, sample):
    if not sample:
        return
    if sample["errors"]:
        part.remarks.append(f"{name} at {column.name}: {sample['errors']} replies were wrong or did not come")
    results.samples[name, column.name].append(sample)
