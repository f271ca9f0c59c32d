# SPDX-License-Identifier: MIT
"""Who is measured: Sockeye, the bare loops that stand for the limit, and the peers.

Every peer is written as its own documentation would have it, or better, and
sets TCP_NODELAY only where that is its library's default (Go and asyncio).
"""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
OURS, BARE, PEER = "ours", "bare", "peer"


@dataclass(frozen=True)
class Server:
    name: str
    command: tuple
    kind: str = PEER
    most: int = 60000           # connections that it can be asked to hold


class Tree:
    """What a build folder offers."""

    def __init__(self, build):
        self.build = os.path.abspath(build)

    def load(self, name):
        return f"{self.build}/bench/load/{name}"

    def bare(self, name):
        return f"{self.build}/bench/limit/{name}"

    def peer(self, name):
        return f"{self.build}/bench/peers/{name}"

    def sockeye(self, engine, scheme="tcp", service="echo", *options):
        command = (f"{self.build}/src/cmd/sockeye", "serve", service, f"{scheme}://127.0.0.1:0", "--workers", "1",
                   "--engine", engine, *options)
        return Server(f"sockeye {engine}", command, OURS)

    def both_engines(self, *what):
        return [self.sockeye(engine, *what) for engine in ("io_uring", "epoll")]

    def streams(self):
        """The TCP echoes."""
        return [
            *self.both_engines(),
            Server("bare io_uring", (self.bare("uring-echo"),), BARE),
            Server("bare io_uring, skip", (self.bare("uring-echo"), "--skip"), BARE),
            Server("bare epoll", (self.bare("epoll-echo"),), BARE),
            Server("libuv", (self.peer("uv-echo"),)),
            Server("libuv once more", (self.peer("uv-echo"),), "noise"),
            Server("libevent", (self.peer("event-echo"),)),
            Server("libev", (self.peer("ev-echo"),)),
            Server("Asio", (self.peer("asio-echo"),)),
            Server("tokio", (self.peer("tokio-echo"),)),
            Server("Go", (self.peer("go-echo"),)),
            Server("Node", ("/usr/bin/node", f"{HERE}/peers/node-echo.js")),
            Server("asyncio", ("/usr/bin/python3", f"{HERE}/peers/asyncio-echo.py")),
            Server("socat PIPE", ("/usr/bin/socat", "-d", "-d", "TCP-LISTEN:{port},bind=127.0.0.1,backlog=4096,fork",
                                  "PIPE"), most=64),
            Server("ncat --exec cat", ("/usr/bin/ncat", "-v", "-l", "127.0.0.1", "{port}", "-k", "--exec", "/bin/cat"),
                   most=1),
        ]

    def datagrams(self):
        """The UDP echoes."""
        return [
            *self.both_engines("udp"),
            Server("bare coalescing", (self.bare("udp-coalesce"),), BARE),
            Server("bare trains", (self.bare("udp-train"),), BARE),
            Server("libuv", (self.peer("uv-udp"),)),
            Server("libuv once more", (self.peer("uv-udp"),), "noise"),
            Server("libuv RECVMMSG", (self.peer("uv-udp"), "--mmsg")),
            Server("Go", (self.peer("go-echo"), "udp")),
            Server("Node", ("/usr/bin/node", f"{HERE}/peers/node-echo.js", "udp")),
            Server("asyncio", ("/usr/bin/python3", f"{HERE}/peers/asyncio-echo.py", "udp")),
        ]

    def sinks(self):
        """Those that drop what comes."""
        return [
            *self.both_engines("tcp", "discard"),
            Server("bare sink", (self.bare("sink"),), BARE),
            Server("socat -u", ("/usr/bin/socat", "-d", "-d", "-u", "TCP-LISTEN:{port},bind=127.0.0.1,fork",
                                "OPEN:/dev/null")),
            Server("socat -u -b 131072", ("/usr/bin/socat", "-d", "-d", "-u", "-b", "131072",
                                          "TCP-LISTEN:{port},bind=127.0.0.1,fork", "OPEN:/dev/null")),
        ]

    def iperf(self):
        return Server("iperf3", ("/usr/bin/iperf3", "--server", "--bind", "127.0.0.1", "--port", "{port}",
                                 "--forceflush"))

    def why_missing(self, server):
        """None when it is there."""
        program = server.command[0]
        if os.access(program, os.X_OK):
            return None
        name = os.path.basename(program)
        notes = self.peer("missing")
        if server.kind in (PEER, "noise") and os.path.exists(notes):
            for line in open(notes):
                if line.startswith(f"{name}: "):
                    return line.partition(": ")[2].strip()
        return f"there is no {program}"


PACKAGES = ("gcc", "liburing2", "libuv1", "libevent-2.1-7", "libev4", "libasio-dev", "librust-tokio-dev", "golang-go",
            "nodejs", "python3", "socat", "ncat", "iperf3")


def versions():
    """What is installed of what was compared."""
    if not shutil.which("dpkg-query"):
        return []
    told = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", *PACKAGES],
                          capture_output=True, text=True).stdout
    found = re.findall(r"^(\S+) (\S+) installed$", told, flags=re.M)
    return [f"{name} {version}" for name, version in found]


def machine():
    """Lines that say where the figures are from."""
    with open("/proc/cpuinfo") as cpuinfo:
        model = re.search(r"model name\s*:\s*(.*)", cpuinfo.read())
    with open("/proc/meminfo") as meminfo:
        memory = int(re.search(r"\d+", meminfo.read()).group()) // 2**20
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as setting:
        control = setting.read().strip()
    name = model.group(1) if model else os.uname().machine
    kernel = os.uname().release.partition("-")[0]
    return [f"{os.cpu_count()} x {name}, {memory} GiB, Linux {kernel}",
            f"TCP congestion control of the system: {control}", *versions()]
