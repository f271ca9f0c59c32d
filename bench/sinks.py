# SPDX-License-Identifier: MIT
"""One stream to those that drop it, and iperf3, which brings its own sender."""
import json
import random

import compare
import running
import tables


def ours(bench, server):
    """One stream of 1 MiB sends with cubic."""
    sample = running.load(server, bench.tree.load("stream-load"), "--time", bench.milliseconds)
    gigabytes = sample["bytes"] / 1e9
    return gigabytes / sample["seconds"], sample["cpu_ns"] / 1e9 / gigabytes


def iperf(*options):
    """iperf3's own sender, for a second, the least that it runs; its receiver tells what it used."""
    def measure(_, server):
        said = running.ask("/usr/bin/iperf3", "--client", "127.0.0.1", "--port", server.port, "--time", 1,
                           "--json", *options)
        told = json.loads(said)["end"]
        received = told["sum_received"]
        gigabytes = received["bytes"] / 1e9
        cpu = told["cpu_utilization_percent"]["remote_total"] / 100 * received["seconds"]
        return received["bits_per_second"] / 8e9, cpu / gigabytes
    return measure


def contenders(bench):
    """(name, command, how to measure) of each."""
    for server in bench.present(bench.tree.sinks()):
        yield server.name, server.command, ours
    for server in bench.present([bench.tree.iperf()]):
        yield "iperf3, as it comes", server.command, iperf()
        yield "iperf3, cubic, 1 MiB", server.command, iperf("--congestion", "cubic", "--length", "1M")


def sink(bench):
    part = tables.Part("Bulk to a sink", "One stream; the sender of 1 MiB sends with cubic is ours, but for iperf3, "
                       "which speaks to its own.")
    all_of_them = list(contenders(bench))
    found = {name: [] for name, _, _ in all_of_them}
    compare.progress(part.title)
    for _ in range(bench.repeats):
        for name, command, measure in random.sample(all_of_them, len(all_of_them)):
            pair = compare.attempt(part, name, "", lambda command=command, measure=measure:
                                   once(bench, command, measure))
            if pair:
                found[name].append(pair)
    rows = [[name, *(tables.decimal(tables.median(column)) for column in zip(*pairs))]
            for name, pairs in found.items() if pairs]
    part.add("Median", ["", "GB/s", "receiver's CPU s/GB"], rows)
    return part


def once(bench, command, measure):
    with running.Running(command) as server:
        return measure(bench, server)
