# SPDX-License-Identifier: MIT
"""What is measured: each function is a part of the report."""
import compare
import running
import tables
from compare import Column
from servers import BARE, OURS, Server

KIB = 1024


def echo_columns(full):
    """The loads of the TCP echo: a choice, or all that fit in memory."""
    chosen = [(1, 64, 1), (64, 64, 1), (1000, 64, 1), (10000, 64, 1), (64, KIB, 1), (64, 16 * KIB, 1), (64, 64, 16),
              (64, KIB, 16)]
    every = [(n, size, depth) for depth in (1, 16) for size in (64, KIB, 16 * KIB) for n in (1, 64, 1000, 10000)
             if n * size * depth <= 256 * KIB * KIB]
    for n, size, depth in every if full else chosen:
        amount = f"{size} B" if size < KIB else f"{size // KIB} KiB"
        name = f"{n:,} x {amount}" + (f" x {depth}" if depth > 1 else "")
        yield Column(name, ("--size", size, "--depth", depth), n, warm=400 if n >= 10000 else 100)


def tcp(bench):
    part = tables.Part("TCP echo", "Connections x size of a message x messages in flight on each connection (1 unless "
                       "said). The generator works on io_uring and checks every byte.")
    columns = [column for column in echo_columns(bench.full) if column.connections <= bench.most_connections]
    results = compare.run(bench, part, bench.present(bench.tree.streams()), columns, bench.tree.load("tcp-load"))
    results.table(part, "Server CPU, ns a message", compare.nanoseconds)
    results.ratios(part, compare.nanoseconds, "server CPU")
    results.table(part, "Messages a second", compare.rate)
    results.latencies(part)
    return part


def spin(bench):
    part = tables.Part("One connection that polls", "One connection, one message of 64 B in flight; nothing keeps "
                       "the cores awake: a server or a client that sleeps pays for a core that halts.")
    polls = {OURS: ("--spin", "50us"), BARE: ("--spin",)}
    servers = []
    for server in bench.present(bench.tree.streams()):
        if server.kind == "noise":
            continue
        servers.append(server)
        if server.kind == OURS or server.name == "bare epoll":
            servers.append(Server(f"{server.name}, polling", (*server.command, *polls[server.kind]), server.kind))
    columns = [Column("client polls", ("--spin",)), Column("client sleeps", ())]
    results = compare.run(bench, part, servers, columns, bench.tree.load("tcp-load"))
    results.table(part, "Round trips a second", compare.rate)
    results.latencies(part)
    return part


def udp(bench):
    part = tables.Part("UDP echo", "One client socket. Window: so many datagrams in flight, by sendmmsg and recvmmsg. "
                       "Trains: a window of 256 that leaves as UDP_SEGMENT trains. Flood: the client never waits.")
    columns = [Column("1 x 64 B", ("--size", 64, "--depth", 1))]
    for mode, depth in (("window", 64), ("train", 256)):
        columns += [Column(f"{mode} {depth}, {name}", ("--mode", mode, "--size", size, "--depth", depth))
                    for name, size in (("64 B", 64), ("1 KiB", KIB))]
    columns.append(Column("flood, 64 B", ("--mode", "flood", "--size", 64)))
    results = compare.run(bench, part, bench.present(bench.tree.datagrams()), columns,
                          bench.tree.load("udp-load"))
    results.table(part, "Server CPU, ns a message", compare.nanoseconds)
    results.ratios(part, compare.nanoseconds, "server CPU")
    results.table(part, "Messages a second", compare.rate)
    results.table(part, "Lost, per cent", compare.loss, tables.decimal)
    return part


def bulk(bench):
    part = tables.Part("Bulk echo", "One connection, a stream in messages of 1 MiB, four of them in flight; the client "
                       "sends with cubic.")
    columns = [Column("1 MiB x 4", ("--mode", "bulk", "--depth", 4))]
    results = compare.run(bench, part, bench.present(bench.tree.streams()), columns, bench.tree.load("tcp-load"))
    results.table(part, "GB/s that come back", compare.gigabytes, tables.decimal)
    results.table(part, "Server CPU, ns a MiB", compare.nanoseconds)
    results.ratios(part, compare.nanoseconds, "server CPU")
    return part


def upper(bench):
    part = tables.Part("What upper-casing costs", "The service `upper` beside `echo`, the same load: the difference is "
                       "the text's, the rest the network's.")
    generator, all_rows = bench.tree.load("tcp-load"), []
    columns = [Column("64 x 64 B", ("--size", 64), 64), Column("64 x 16 KiB", ("--size", 16 * KIB), 64),
               Column("64 x 64 B x 16", ("--size", 64, "--depth", 16), 64)]
    for engine in ("io_uring", "epoll"):
        pair = bench.present([bench.tree.sockeye(engine, "tcp", service) for service in ("echo", "upper")])
        if len(pair) < 2:
            continue
        lines = compare.attempt(part, f"sockeye {engine}", "", lambda pair=pair:
                                alternate(bench, part, pair, columns, generator))
        if not lines:
            continue
        all_rows += [[f"sockeye {engine}, {name}", *map(tables.count, line)] for name, line in lines.items()]
        all_rows.append([f"sockeye {engine}, upper / echo",
                         *[tables.decimal(u / e if u and e else None) for u, e in zip(lines["upper"], lines["echo"])]])
    part.add("Server CPU, ns a message", ["", *[column.name for column in columns]], all_rows)
    return part


def alternate(bench, part, pair, columns, generator):
    """Median ns by service; of `upper` the replies must be in upper case."""
    found = {"echo": [], "upper": []}
    with running.Running(pair[0].command) as echo, running.Running(pair[1].command) as upper_server:
        for column in columns:
            compare.progress(f"{part.title}: {column.name}")
            times = {"echo": [], "upper": []}
            for _ in range(bench.repeats):
                for name, one, more in (("echo", echo, ()), ("upper", upper_server, ("--upper",))):
                    sample = compare.load(one, generator, column, bench.milliseconds, *more)
                    times[name].append(compare.nanoseconds(sample))
            for name, values in times.items():
                found[name].append(tables.median(values))
    return found


def memory(bench):
    n = min(10000, bench.most_connections)
    part = tables.Part("Memory of an idle connection", f"Growth with {n:,} connections, each of a fresh server: of the "
                       "server's resident memory, and of the kernel's objects, in which both ends are.")
    rows = []
    for server in bench.present(bench.tree.streams()):
        if server.most < n or server.kind == "noise":
            continue
        compare.progress(f"{part.title}: {server.name}")
        cells = compare.attempt(part, server.name, "", lambda server=server: growth(bench, server, n))
        if cells:
            rows.append([server.name, *map(tables.count, cells)])
    part.add("Bytes a connection", ["", "after connecting", "after a message", "kernel, both ends"], rows)
    return part


def growth(bench, server, n):
    generator = bench.tree.load("tcp-load")
    with running.Running(server.command) as one:
        # What is made at the first use, such as a pool of buffers, is not a connection's.
        running.load(one, generator, "--time", 200, "--connections", 16, "--depth", 4)
        before, kernel = one.resident(), running.slab()
        with running.idle_connections(one, generator, n) as echo:
            connected, kernel = one.resident(), running.slab() - kernel
            echo()
            echoed = one.resident()
    return [max(0, value) / n for value in (connected - before, echoed - before, kernel)]


def start(bench):
    part = tables.Part("From exec to listening", "Until the line that says so has been read; median.")
    rows = []
    for server in bench.present(bench.tree.streams()):
        if server.kind == "noise" or "{port}" in " ".join(server.command):
            continue
        command = (bench.tree.load("start"), 5 * bench.repeats, *server.command)
        told = compare.attempt(part, server.name, "", lambda command=command:
                               running.ask(*command, core=running.SERVER_CORE))
        if told:
            rows.append([server.name, f"{tables.median(map(float, told.split())) / 1000:.2f}"])
    part.add("Milliseconds", ["", "median"], rows)
    return part


def connect(bench):
    part = tables.Part("Connection rate", "Connect, one echo of 64 B, close; so many at a time. The time of children "
                       "that have ended is not in the CPU of servers that fork.")
    columns = [Column(f"{n} at a time", ("--mode", "connect"), n) for n in (1, 64)]
    results = compare.run(bench, part, bench.present(bench.tree.streams()), columns, bench.tree.load("tcp-load"))
    results.table(part, "Connections a second", compare.rate)
    results.table(part, "Server CPU, ns a connection", compare.nanoseconds)
    results.ratios(part, compare.nanoseconds, "server CPU")
    return part
