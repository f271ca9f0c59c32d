#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every published figure of the library, measured here and now: run.py BUILD_DIR

Ratios come from interleaved runs, instruction counts from callgrind; each
line says what it measures and its bar. Nothing here is asserted: the figures
are for reading.
"""
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import timeit

BUILD = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))


def program(name):
    return os.path.join(BUILD, "bench", name)


def output(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


def row(what, figure, bar=""):
    print(f"  {what:<58} {figure:>16}   {bar}", flush=True)


def instructions(mode, n):
    with tempfile.TemporaryDirectory() as where:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={where}/out", program("instructions"), mode, str(n)],
            check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def per_message(mode):
    return (instructions(mode, 3000) - instructions(mode, 1000)) / 2000


def cost_of_a_call():
    print("Instructions that the library adds to a call of 64 bytes (callgrind, tracing off)")
    raw = per_message("raw")
    row("raw send and recv together", f"{raw:.0f}")
    for mode in ("lib-send", "lib-recv"):
        row(f"sock_{mode[4:]} over the raw call", f"+{per_message(mode) - raw:.0f}", "at most +120")


def ping_pong():
    rounds, messages = 11, 20000
    print(f"TCP ping-pong of 64 bytes, both ends on one core, {rounds} interleaved rounds of {messages}")
    raw, lib = [], []
    for line in output(program("pingpong"), str(rounds), str(messages)).splitlines():
        _, r, _, l = line.split()
        raw.append(float(r))
        lib.append(float(l))
    python = [float(output("/usr/bin/python3", os.path.join(HERE, "pingpong.py"), str(messages))) for _ in range(3)]
    row("raw calls, round trips a second (median)", f"{messages / statistics.median(raw):,.0f}")
    row("library", f"{messages / statistics.median(lib):,.0f}")
    row("Python's socket", f"{messages / statistics.median(python):,.0f}")
    ratios = [r / l for r, l in zip(raw, lib)]
    row("library / raw, median of the pairs", f"{statistics.median(ratios):.3f}", "at least 0.97")
    row("library / Python", f"{statistics.median(python) / statistics.median(lib):.2f}")


def upper_casing():
    print("Upper-casing, GB/s on one core")
    for line in output("taskset", "-c", "1", program("upper")).splitlines():
        print(" ", line)


def sample(name):
    """A text of upper.c: the same sentence for CPython."""
    source = open(os.path.join(HERE, "upper.c"), encoding="utf-8").read()
    parts = re.search(rf'\{{ "{name}", ((?:"[^"]*"\s*)+)\}}', source).group(1)
    return "".join(re.findall(r'"([^"]*)"', parts))


def cpython_upper():
    print("The same in CPython, 64 KiB, GB/s")
    for name in ("ASCII", "mixed", "Cyrillic"):
        text = sample(name)
        data = (text * (65536 // len(text.encode()) + 1)).encode()
        as_text = data.decode()
        for about, work in (("str.upper", as_text.upper), ("decode, upper, encode", lambda: data.decode().upper().encode())):
            seconds = min(timeit.repeat(work, number=50, repeat=7)) / 50
            row(f"{name}: {about}", f"{len(data) / seconds / 1e9:.2f}")


def size_of_the_library():
    print("Size")
    with tempfile.TemporaryDirectory() as where:
        so = os.path.join(where, "so")
        output("strip", "-o", so, os.path.join(BUILD, "src", "libsockeye.so"))
        row("libsockeye.so, stripped, bytes", f"{os.path.getsize(so):,}", "under 300,000")


def main():
    print(f"{platform.system()} {platform.release()}, {os.cpu_count()} processors, Python {platform.python_version()}\n")
    for part in (cost_of_a_call, ping_pong, upper_casing, cpython_upper, size_of_the_library):
        part()
        print()


if __name__ == "__main__":
    main()
