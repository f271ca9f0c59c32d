# SPDX-License-Identifier: MIT
"""Names that take long, and addresses that do not answer: in a name space of the test's own.

There /etc/resolv.conf and /etc/hosts are the test's, on a mount that nobody
else sees, and packets are dropped by rules that end with the name space.
"""
import os
import re
import shutil
import subprocess
import time

import pytest
from conftest import COMMAND, LIMIT, environment

OWN = ["unshare", "--net", "--mount", "--fork", "--kill-child"]
SOAK = "SOCKEYE_SOAK" in os.environ


def is_allowed():
    tried = subprocess.run([*OWN, "sh", "-c", "ip link set lo up && nft list ruleset"], capture_output=True,
                           timeout=LIMIT)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not shutil.which("nft") or not is_allowed(),
                                reason="no name space of one's own, or no nft")

# A name server that hears and never answers, for as long as the command runs.
SILENT = """
import socket, subprocess, sys
with socket.socket(type=socket.SOCK_DGRAM) as silent:
    silent.bind(("127.0.0.1", 53))
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def apart(setup, *command, **more):
    """A command in a name space of its own after a shell's lines have set it up."""
    argv = [*OWN, "sh", "-ec", f'ip link set lo up\n{setup}\nexec "$@"', "sh", *command]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=LIMIT, env=environment(), **more)


@pytest.fixture
def black_hole(tmp_path):
    """The shell's lines that make the name server silent."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:2\n")
    switch = tmp_path / "nsswitch.conf"
    switch.write_text("hosts: files dns\n")
    return (f"mount --bind {file} /etc/resolv.conf\n"
            f"[ ! -e /etc/nsswitch.conf ] || mount --bind {switch} /etc/nsswitch.conf")


@pytest.mark.parametrize("verb", ["connect", "send"])
def test_a_name_server_that_never_answers_holds_nobody_up(black_hole, verb):
    words = ["hello"] if verb == "send" else []
    began = time.monotonic()
    done = apart(black_hole, "/usr/bin/python3", "-c", SILENT, COMMAND, verb, "--timeout", "2s",
                 "tcp://somebody.example:80", *words)
    took = time.monotonic() - began
    assert (done.returncode, done.stdout) == (5, ""), done
    assert done.stderr.startswith(f"sockeye {verb}: dial tcp://somebody.example:80: "), done.stderr
    assert 2.0 <= took < (2.2 if SOAK else 22)


BOTH = """
import socket, subprocess, sys, threading, time
with socket.create_server(("127.0.0.1", 0)) as server:
    port = server.getsockname()[1]
    def answer():
        caller, _ = server.accept()
        with caller:
            while caller.recv(4096):
                pass
    threading.Thread(target=answer).start()
    began = time.monotonic()
    done = subprocess.run([sys.argv[1], "connect", "-v", f"tcp://both:{port}"], stdin=subprocess.DEVNULL)
    print(time.monotonic() - began)
    sys.exit(done.returncode)
"""


def test_ipv6_that_is_dropped_is_overtaken_by_ipv4(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("fd00::1 both\n127.0.0.1 both\n")
    switch = tmp_path / "nsswitch.conf"
    switch.write_text("hosts: files\n")
    setup = (f"mount --bind {hosts} /etc/hosts\n[ ! -e /etc/nsswitch.conf ] || mount --bind {switch} /etc/nsswitch.conf\n"
             "ip link add far type veth peer name farther\nip link set far up\nip link set farther up\nip -6 addr add fd00::2/64 dev far nodad\n"
             "nft add table inet own\n"
             "nft 'add chain inet own out { type filter hook output priority 0; }'\n"
             "nft add rule inet own out ip6 daddr fd00::1 drop")
    done = apart(setup, "/usr/bin/python3", "-c", BOTH, COMMAND)
    assert done.returncode == 0, done
    assert re.search(r"is connected with tcp://127\.0\.0\.1:\d+$", done.stderr, re.M), done.stderr
    assert float(done.stdout) < (0.4 if SOAK else 4)


def test_a_name_of_both_that_nobody_serves_names_both_addresses(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("::1 both\n127.0.0.1 both\n")
    setup = f"mount --bind {hosts} /etc/hosts"
    done = apart(setup, COMMAND, "connect", "tcp://both:9")
    assert (done.returncode, done.stdout) == (4, "")
    first, second, end = done.stderr.split("\n")
    assert "tcp://127.0.0.1:9: Connection refused" in first and "tcp://[::1]:9: Connection refused" in first
    assert second.startswith("the host is there, but no program listens at this port") and not end
