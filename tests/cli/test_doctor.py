# SPDX-License-Identifier: MIT
"""`sockeye doctor`: each item as Python finds it, limits that are low, and remedies that lift them."""
import contextlib
import errno
import fcntl
import json
import os
import pathlib
import platform
import pty
import re
import resource
import select
import shutil
import socket
import struct
import subprocess

import pytest
from conftest import COMMAND, FORBID, FORBIDDEN, LIMIT, ROOT, best, environment, run

ITEMS = """kernel engine io_uring nofile memlock somaxconn tcp_max_syn_backlog ip_local_port_range rmem_max
    rmem_default wmem_max tcp_rmem tcp_wmem congestion ipv6 mptcp vsock udp_offload ip_unprivileged_port_start
    ping_group_range conntrack time_wait tcp_tw_reuse resolver ptrace_scope busy_poll""".split()
STATES = {"ok", "low", "missing", "unknown"}
KEYS = ["event", "item", "value", "state", "limits", "remedy"]
MIB = 1 << 20
CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10, "CAP_IPC_LOCK": 14, "CAP_SYS_PTRACE": 19}
MPTCP, UDP_SEGMENT, UDP_GRO, GET_LOCAL_CID, CID_ANY = 262, 103, 104, 0x7b9, 0xffffffff
UNPRIVILEGED = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"]


def rows(done):
    """Item -> its object, of a run with --json that must end well."""
    assert (done.returncode, done.stderr) == (0, ""), done
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(list(row) == KEYS and row["event"] == "doctor" and row["state"] in STATES for row in told)
    return {row["item"]: row for row in told}


def doctor(*arguments, **more):
    return rows(run("doctor", "--json", *arguments, **more))


def found(row):
    return row["value"], row["state"]


@pytest.fixture(scope="module")
def here():
    """What it tells of this very process's surroundings."""
    return doctor()


def sysctl(name):
    """A setting as Python reads it, gaps as one space; None if there is none to read."""
    try:
        return " ".join(pathlib.Path("/proc/sys", name.replace(".", "/")).read_text().split())
    except OSError:
        return None


def can(capability):
    mask = re.search(r"^CapEff:\s*(\w+)", pathlib.Path("/proc/self/status").read_text(), re.M)[1]
    return bool(int(mask, 16) >> CAPABILITIES[capability] & 1)


def size(n):
    """As sizes are printed."""
    if n == resource.RLIM_INFINITY:
        return "unlimited"
    for unit in ("", "k", "m"):
        if n % 1024 or not n:
            return f"{n}{unit}"
        n //= 1024
    return f"{n}g"


# -- The report -----------------------------------------------------------------------


def table(text):
    """(item, value, mark) of each row for people, and the lines below each."""
    told, below = [], {}
    for line in text.splitlines():
        if line.startswith("    "):
            below[told[-1][0]].append(line.split(maxsplit=1))
        else:
            told.append(re.fullmatch(r"(\S+) {2,}(.*?) {2,}(\S+)", line).groups())
            below[told[-1][0]] = []
    return told, below


def test_json_the_table_the_help_and_the_page_have_the_same_items(here):
    told, _ = table(run("doctor").stdout)
    help_text = run("doctor", "--help").stdout.partition("\nItems:\n")[2].partition("\n\n")[0]
    page = (ROOT / "man/sockeye-doctor.1").read_text().partition(".Sh WHAT IS LOOKED AT")[2].partition(".Ss JSON")[0]
    assert list(here) == ITEMS
    assert [item for item, _, _ in told] == ITEMS
    assert re.findall(r"^  (\w+)", help_text, re.M) == ITEMS
    assert re.findall(r"^\.It Cm (\w+)", page, re.M) == ITEMS


def test_the_table_says_what_json_says():
    """What changes by itself may differ."""
    here, (told, below) = doctor(), table(run("doctor").stdout)
    for item, value, mark in told:
        row = here[item]
        if item not in ("time_wait", "conntrack"):
            assert (value, mark) == found(row)
            assert below[item] == ([] if mark == "ok" else [["limits", row["limits"]]] +
                                   [["remedy", row["remedy"]]] * bool(row["remedy"]))


def test_what_is_ok_needs_no_remedy_and_every_item_says_what_it_limits(here):
    assert [item for item, row in here.items() if row["state"] == "ok" and row["remedy"]] == []
    assert [item for item, row in here.items() if not row["limits"] or not row["value"]] == []


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_leaves_out_what_is_ok(option):
    low = ["prlimit", "--nofile=64:64"]
    quiet = doctor(option, under=low)
    assert "nofile" in quiet and "kernel" not in quiet
    assert {row["state"] for row in quiet.values()} <= STATES - {"ok"}
    told, _ = table(run("doctor", option, under=low).stdout)
    assert [item for item, _, _ in told] == list(quiet)


def test_a_pipe_has_no_escape_codes():
    env = environment(TERM="xterm")
    del env["NO_COLOR"]
    done = subprocess.run(["prlimit", "--nofile=64:64", COMMAND, "doctor"], capture_output=True, env=env, timeout=LIMIT,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and b"low" in done.stdout and b"\x1b" not in done.stdout


def on_terminal(**env):
    """What a terminal is shown."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(["prlimit", "--nofile=64:64", COMMAND, "doctor", "-q"], env=environment(**env), stdout=theirs,
                          stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):      # EIO is the end of a terminal
            while select.select([ours], [], [], LIMIT)[0] and (data := os.read(ours, 65536)):
                said += data
        assert process.wait(LIMIT) == 0
    os.close(ours)
    return said


@pytest.mark.parametrize("env, coloured", [({"NO_COLOR": "", "TERM": "xterm"}, True),
                                           ({"NO_COLOR": "1", "TERM": "xterm"}, False),
                                           ({"NO_COLOR": "", "TERM": "dumb"}, False)])
def test_a_terminal_has_colours_unless_it_wants_none(env, coloured):
    said = on_terminal(**env)
    assert b"nofile" in said and (b"\x1b[33mlow\x1b[0m" in said) == coloured
    assert coloured or b"\x1b" not in said


@pytest.mark.parametrize("arguments", [["--json=yes"], ["--quiet=1"], ["-qx"], ["--help=me"], ["--jsn"], ["--verbose"],
                                       ["everything"], ["--", "tcp://127.0.0.1:7"], [""]])
def test_a_wrong_command_line_is_two_lines_and_exit_2(arguments):
    done = run("doctor", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)
    assert done.stderr.splitlines()[1].startswith("usage: sockeye doctor [OPTIONS]")


@pytest.mark.parametrize("arguments", [[], ["--json"], ["-h"], ["--help"]])
def test_a_full_disk_is_told(arguments):
    with open("/dev/full", "w") as full:
        done = run("doctor", *arguments, stdout=full)
    assert done.returncode == 1 and "No space left on device" in done.stderr


# -- Settings, as Python reads them ----------------------------------------------------


def expect(value, low):
    """(value, state) of what was read; unknown when it was not."""
    if value is None:
        return "unknown", "unknown"
    return value, "low" if low else "ok"


@pytest.mark.parametrize("item, name, least", [
    ("somaxconn", "net.core.somaxconn", 4096),
    ("rmem_max", "net.core.rmem_max", 4 * MIB),
    ("rmem_default", "net.core.rmem_default", 65536),
    ("wmem_max", "net.core.wmem_max", 4 * MIB),
    ("busy_poll", "net.core.busy_poll", 0),
])
def test_a_number_is_told_and_low_below_its_least(here, item, name, least):
    value = sysctl(name)
    assert found(here[item]) == expect(value, value and int(value) < least)


@pytest.mark.parametrize("item", ["tcp_rmem", "tcp_wmem"])
def test_the_windows_of_tcp(here, item):
    value = sysctl(f"net.ipv4.{item}")
    assert found(here[item]) == expect(value, value and int(value.split()[2]) < 4 * MIB)


def test_the_kernel(here):
    assert found(here["kernel"]) == (platform.release(), "ok")


def test_handshakes_under_way(here):
    n, cookies = sysctl("net.ipv4.tcp_max_syn_backlog"), sysctl("net.ipv4.tcp_syncookies") != "0"
    assert found(here["tcp_max_syn_backlog"]) == expect(f"{n}, {'with' if cookies else 'without'} SYN cookies",
                                                        not cookies and int(n) < 4096)


def test_the_ports_of_outgoing_connections(here):
    low, high = map(int, sysctl("net.ipv4.ip_local_port_range").split())
    count = high - low + 1
    assert found(here["ip_local_port_range"]) == expect(f"{low} to {high}: {count} connections to one address",
                                                        count < 16384)


def test_congestion_control(here):
    now, names = sysctl("net.ipv4.tcp_congestion_control"), sysctl("net.ipv4.tcp_available_congestion_control")
    assert found(here["congestion"]) == expect(f"{now} of {names}", "cubic" not in names.split())


def test_ports_that_need_privilege(here):
    start, exempt = sysctl("net.ipv4.ip_unprivileged_port_start"), can("CAP_NET_BIND_SERVICE")
    told = f"{start}: CAP_NET_BIND_SERVICE is free of it" if exempt else start
    assert found(here["ip_unprivileged_port_start"]) == expect(told, int(start) > 9 and not exempt)


def test_the_table_of_connections(here):
    most = sysctl("net.netfilter.nf_conntrack_max")
    if most is None:
        assert found(here["conntrack"]) == ("none: connections are not tracked here", "ok")
    else:
        assert here["conntrack"]["value"].split()[1:] == ["of", most]


def test_ended_connections(here):
    count, of, most = here["time_wait"]["value"].split()
    assert (of, most) == ("of", sysctl("net.ipv4.tcp_max_tw_buckets")) and 0 <= int(count) <= int(most)


def test_whose_ports_are_taken_again(here):
    value = sysctl("net.ipv4.tcp_tw_reuse")
    whose = {"0": "nobody's", "1": "all", "2": "those on loopback"}[value]
    assert found(here["tcp_tw_reuse"]) == expect(f"{value}: {whose}", value == "0")


def test_the_name_servers(here):
    try:
        text = pathlib.Path("/etc/resolv.conf").read_text()
    except FileNotFoundError:
        text = ""
    servers = re.findall(r"^nameserver[ \t]+(\S+)", text, re.M)
    assert here["resolver"]["state"] == ("ok" if servers else "missing")
    assert not servers or here["resolver"]["value"] == " ".join(servers)


def test_whose_calls_may_be_watched(here):
    scope = sysctl("kernel.yama.ptrace_scope")
    if scope is None:
        assert found(here["ptrace_scope"]) == ("none: any program of the same user", "ok")
        return
    state = "missing" if scope == "3" else "ok" if scope == "0" or can("CAP_SYS_PTRACE") else "low"
    assert here["ptrace_scope"]["value"].startswith(f"{scope}: ") and here["ptrace_scope"]["state"] == state


def test_locked_memory(here):
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    exempt = can("CAP_IPC_LOCK")
    told = f"{size(soft)} soft, {size(hard)} hard" + ": CAP_IPC_LOCK is free of it" * exempt
    unlimited = soft == resource.RLIM_INFINITY
    assert found(here["memlock"]) == expect(told, not exempt and not unlimited and soft < 8 * MIB)


# -- Sockets, as Python has them --------------------------------------------------------


def opens(*kind):
    try:
        socket.socket(*kind).close()
    except OSError:
        return False
    return True


def test_ipv6(here):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
        there = True
    except OSError:
        there = False
    dual = socket.has_dualstack_ipv6()
    assert (found(here["ipv6"]) == ("::1 and dual stack", "ok")) == (there and dual)
    assert (here["ipv6"]["state"] == "missing") == (not there)


def test_multipath_tcp(here):
    there = opens(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
    assert here["mptcp"]["state"] == ("ok" if there else "missing")
    assert (here["mptcp"]["value"] == "enabled") == there


def own_cid():
    try:
        with open("/dev/vsock", "rb") as device:
            return struct.unpack("I", fcntl.ioctl(device, GET_LOCAL_CID, bytes(4)))[0]
    except OSError:
        return None


def test_vsock(here):
    there, cid = opens(socket.AF_VSOCK, socket.SOCK_STREAM), own_cid()
    assert (here["vsock"]["state"] == "missing") == (not there)
    if there and cid not in (None, CID_ANY):
        assert found(here["vsock"]) == (f"CID {cid}", "ok")


def test_many_datagrams_at_once(here):
    able = []
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for name, option in ("GSO", UDP_SEGMENT), ("GRO", UDP_GRO):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_UDP, option, 1)
                able.append(name)
    if len(able) == 2:
        assert found(here["udp_offload"]) == ("GSO and GRO", "ok")
    else:
        assert here["udp_offload"]["state"] == ("low" if able else "missing")


def test_who_may_ping(here):
    groups = sysctl("net.ipv4.ping_group_range")
    may = opens(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    assert found(here["ping_group_range"]) == expect(groups if may else f"{groups}: not for this process", not may)


# -- The engine and its rings ------------------------------------------------------------


def test_the_engine_is_the_one_that_serve_takes(here):
    assert here["engine"]["value"].split(",")[0] == best()
    assert (here["io_uring"]["state"] == "ok") == (best() == "io_uring")
    assert here["engine"]["state"] == "ok"


@pytest.mark.parametrize("how", FORBIDDEN)
def test_who_forbids_io_uring_is_named(how):
    told = doctor(under=[FORBID, how])
    io_uring, disabled = told["io_uring"], sysctl("kernel.io_uring_disabled") not in (None, "0")
    assert told["engine"]["value"] == "epoll, for want of io_uring"
    assert io_uring["state"] == "missing"
    if "built without" in io_uring["value"]:
        assert "liburing" in io_uring["remedy"]
    elif disabled and how == "eperm":
        assert "kernel.io_uring_disabled" in io_uring["value"] and "kernel.io_uring_disabled=0" in io_uring["remedy"]
    else:
        name = errno.errorcode[getattr(errno, how.upper())]
        assert io_uring["value"] == f"forbidden: a seccomp filter answers {name}"
        assert "seccomp" in io_uring["remedy"]


# -- Limits of the process ----------------------------------------------------------------


def few_descriptors():
    """For some twelve clients besides what the engine itself needs."""
    return 44 + 10 * len(os.sched_getaffinity(0))


def test_the_clients_that_descriptors_allow_are_those_that_serve_allows(serve):
    n = few_descriptors()
    under = ["prlimit", f"--nofile={n}:{n}"]
    row = doctor(under=under)["nofile"]
    server = serve("-v", "echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", under=under)
    clients = server.wait_text(r"at most (\d+) clients")[1]
    assert found(row) == (f"{n} soft, {n} hard: {clients} clients of serve", "low")
    assert row["remedy"].startswith("ulimit -n 65536 ")


def test_it_is_the_hard_limit_that_counts(here):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = doctor(under=["prlimit", f"--nofile=64:{hard}"])["nofile"]
    assert low["value"].partition(",")[2] == here["nofile"]["value"].partition(",")[2]
    assert low["value"].startswith(f"64 soft, {hard} hard: ") and low["state"] == here["nofile"]["state"]


def test_descriptors_that_are_too_few_for_anything_are_told():
    assert found(doctor(under=["prlimit", "--nofile=16:16"])["nofile"]) == ("16 soft, 16 hard: 0 clients of serve", "low")


def test_one_free_descriptor_is_enough_to_tell(here):
    tight = doctor(under=["prlimit", "--nofile=4:4"])
    assert list(tight) == ITEMS
    assert tight["io_uring"]["state"] == "missing" and tight["io_uring"]["value"] != "allowed"
    assert [item for item in ITEMS if tight[item] != here[item]
            and item not in ("engine", "io_uring", "nofile", "time_wait", "conntrack")] == []


def test_without_privilege_more_is_low():
    under = ["prlimit", "--memlock=65536:65536", *(UNPRIVILEGED if os.geteuid() == 0 else [])]
    told = doctor(under=under)
    assert found(told["memlock"]) == ("64k soft, 64k hard", "low")
    start = sysctl("net.ipv4.ip_unprivileged_port_start")
    assert found(told["ip_unprivileged_port_start"]) == expect(start, int(start) > 9)


# -- In name spaces of its own ---------------------------------------------------------------

NETWORK = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
MOUNTS = ["unshare", "-mn"] if os.geteuid() == 0 else ["unshare", "-rmn"]
NET = "/proc/sys/net"


def inside(space, script, *arguments):
    """A shell's script in name spaces of its own, with the command as $0; skips where they cannot be had."""
    tried = subprocess.run([*space, "true"], capture_output=True, text=True, timeout=LIMIT)
    if tried.returncode:
        pytest.skip(f"no name spaces here: {tried.stderr.strip()}")
    return subprocess.run([*space, "sh", "-c", script, COMMAND, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT, stdin=subprocess.DEVNULL, env=environment())


def may_write(*paths):
    """Skips where a name space's own settings cannot be written."""
    for path in paths:
        done = inside(NETWORK, f'value=$(cat {path}) && echo "$value" >{path}')
        if done.returncode:
            pytest.skip(f"not to be written here: {done.stderr.strip()}")


LOW = [
    ("somaxconn", {"core/somaxconn": "128"}, "128", "low", "net.core.somaxconn=4096"),
    ("ip_local_port_range", {"ipv4/ip_local_port_range": "40000 40099"},
     "40000 to 40099: 100 connections to one address", "low", 'net.ipv4.ip_local_port_range="32768 60999"'),
    ("tcp_max_syn_backlog", {"ipv4/tcp_syncookies": "0", "ipv4/tcp_max_syn_backlog": "64"}, "64, without SYN cookies",
     "low", "net.ipv4.tcp_max_syn_backlog=4096"),
    ("tcp_rmem", {"ipv4/tcp_rmem": "4096 8192 65536"}, "4096 8192 65536", "low",
     'net.ipv4.tcp_rmem="4096 8192 4194304"'),
    ("tcp_wmem", {"ipv4/tcp_wmem": "4096 8192 65536"}, "4096 8192 65536", "low",
     'net.ipv4.tcp_wmem="4096 8192 4194304"'),
    ("tcp_tw_reuse", {"ipv4/tcp_tw_reuse": "0"}, "0: nobody's", "low", "net.ipv4.tcp_tw_reuse=1"),
    ("ping_group_range", {"ipv4/ping_group_range": "1 0"}, "1 0: not for this process", "low",
     'net.ipv4.ping_group_range="0 2147483647"'),
    ("mptcp", {"mptcp/enabled": "0"}, "net.mptcp.enabled is 0", "missing", "net.mptcp.enabled=1"),
]


@pytest.mark.parametrize("item, settings, value, state, remedy", LOW, ids=[row[0] for row in LOW])
def test_a_low_setting_is_seen_and_its_remedy_lifts_it(item, settings, value, state, remedy):
    paths = {f"{NET}/{name}": text for name, text in settings.items()}
    may_write(*paths)
    if not shutil.which("sysctl"):
        pytest.skip("no sysctl(8)")
    writes = "".join(f"echo {text} >{path}\n" for path, text in paths.items())
    done = inside(NETWORK, f'set -e\n{writes}"$0" doctor --json')
    row = rows(done)[item]
    assert found(row) == (value, state)
    assert row["remedy"] == f"sysctl -w {remedy}"
    lifted = inside(NETWORK, f'set -e\n{writes}{row["remedy"]} >/dev/null\n"$0" doctor --json')
    if item == "ping_group_range" and os.geteuid():
        pytest.skip("a user name space of one group takes no more of them")
    assert rows(lifted)[item]["state"] == "ok"


def test_a_loopback_that_is_down_is_seen_and_its_remedy_lifts_it(here):
    if here["ipv6"]["state"] != "ok":
        pytest.skip("no IPv6 here")
    row = rows(inside(NETWORK, '"$0" doctor --json'))["ipv6"]
    assert (row["state"], row["remedy"]) == ("missing", "ip link set lo up")
    assert row["value"].startswith("no ::1: ")
    assert rows(inside(NETWORK, f'{row["remedy"]} && "$0" doctor --json'))["ipv6"]["state"] == "ok"


def test_ipv6_that_is_switched_off_is_seen_and_its_remedy_lifts_it(here):
    path = f"{NET}/ipv6/conf/all/disable_ipv6"
    if here["ipv6"]["state"] != "ok":
        pytest.skip("no IPv6 here")
    may_write(path)
    off = f"ip link set lo up && echo 1 >{path} && "
    row = rows(inside(NETWORK, off + '"$0" doctor --json'))["ipv6"]
    assert row["state"] == "missing" and row["remedy"].startswith("sysctl -w net.ipv6.conf.all.disable_ipv6=0")
    lifted = inside(NETWORK, f'{off}{row["remedy"]} >/dev/null && "$0" doctor --json')
    assert rows(lifted)["ipv6"]["state"] == "ok"


ENDED = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    for _ in range(3):
        caller = socket.create_connection(server.getsockname())
        answer, _ = server.accept()
        caller.close()
        answer.close()
"""


def test_ended_connections_are_counted_and_too_many_are_low():
    path = f"{NET}/ipv4/tcp_max_tw_buckets"
    may_write(path)
    script = f'ip link set lo up && /usr/bin/python3 -c "$1" && echo 3 >{path} && "$0" doctor --json'
    row = rows(inside(NETWORK, script, ENDED))["time_wait"]
    assert found(row) == ("3 of 3", "low")
    assert row["remedy"] == "sysctl -w net.ipv4.tcp_max_tw_buckets=6"


@pytest.mark.parametrize("text, value, state", [
    ("nameserver 192.0.2.1\nsearch example\nnameserver\t2001:db8::1  # near\n", "192.0.2.1 2001:db8::1", "ok"),
    ("# nameserver 192.0.2.1\nnameservers 192.0.2.2\nnameserver\noptions rotate\n", "no name server", "missing"),
    ("nameserver \x1b[31m\xff\n", "?[31m??", "ok"),
    ("", "no name server", "missing"),
])
def test_name_servers_are_read_as_the_resolver_reads_them(tmp_path, text, value, state):
    if not os.path.isfile("/etc/resolv.conf"):
        pytest.skip("no file to put another in its place")
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    done = inside(MOUNTS, 'mount --bind "$1" /etc/resolv.conf || exit 99; "$0" doctor --json', file)
    if done.returncode == 99:
        pytest.skip(f"not to be mounted here: {done.stderr.strip()}")
    assert found(rows(done)["resolver"]) == (value, state)


def test_what_cannot_be_read_is_unknown_and_no_failure():
    """With nothing in /proc/sys: what stands in other files is told all the same."""
    done = inside(MOUNTS, 'mount -t tmpfs none /proc/sys || exit 99; "$0" doctor --json')
    if done.returncode == 99:
        pytest.skip(f"not to be mounted here: {done.stderr.strip()}")
    told = rows(done)
    unknown = {item for item, row in told.items() if row["state"] == "unknown"}
    assert list(told) == ITEMS
    assert unknown == set(ITEMS) - {"kernel", "engine", "io_uring", "nofile", "memlock", "ipv6", "mptcp", "vsock",
                                    "udp_offload", "resolver"}
    assert {told[item]["value"] for item in unknown} == {"unknown"}
    assert {told[item]["remedy"] for item in unknown} == {""}


# -- It only looks ------------------------------------------------------------------------------


def traced(*options):
    """A run under strace, which may answer calls in the kernel's place; skips where nothing may be traced."""
    done = subprocess.run(["strace", "-f", *options, COMMAND, "doctor", "--json"], capture_output=True, text=True,
                          timeout=LIMIT, env=environment(ASAN_OPTIONS="detect_leaks=0"), stdin=subprocess.DEVNULL)
    if done.returncode and not done.stdout:
        pytest.skip(f"strace: {done.stderr.strip()}")
    return rows(done)


def answering(call, error, log):
    return traced("-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:error={error}")


@pytest.mark.parametrize("error, states, remedy", [
    ("EMFILE", {"unknown"}, ""),
    ("EAFNOSUPPORT", {"missing"}, None),
    ("EPERM", {"missing"}, "docker run --security-opt seccomp=FILE   # a profile that allows this family"),
])
def test_sockets_that_cannot_be_had_are_told_with_the_reason(error, states, remedy, tmp_path):
    told = answering("socket", error, tmp_path / "calls")
    families = [told[item] for item in ("ipv6", "mptcp", "vsock")]
    assert {row["state"] for row in families} == states
    assert told["udp_offload"]["state"] == "unknown"
    assert remedy is None or {row["remedy"] for row in families} == {remedy}
    if error == "EAFNOSUPPORT":
        assert "ipv6.disable=1" in told["ipv6"]["remedy"] and told["vsock"]["remedy"] == "modprobe vsock"
        assert told["mptcp"]["remedy"] == "a kernel with CONFIG_MPTCP"


def test_options_that_cannot_be_set_are_told(here, tmp_path):
    told = answering("setsockopt", "ENOPROTOOPT", tmp_path / "calls")
    assert found(told["udp_offload"]) == ("none", "missing")
    if here["ipv6"]["state"] == "ok":
        assert found(told["ipv6"]) == ("::1, but no dual stack", "low")


@pytest.mark.parametrize("error, part, remedy", [
    ("ENOMEM", "memlock is too low", "ulimit -l unlimited"),
    ("EMFILE", "nofile is too low", "ulimit -n 65536"),
    ("EINVAL", "lacks what is needed (EINVAL)", "a kernel of 6.0 or newer"),
    ("ENOSYS", "the kernel has none", "a kernel with CONFIG_IO_URING"),
    ("EACCES", "forbidden: EACCES, by a security module", "journalctl -k --grep denied"),
])
def test_why_there_is_no_io_uring_is_told(error, part, remedy, tmp_path):
    with open("/proc/self/status") as status:
        if "Seccomp:\t2" in status.read():
            pytest.skip("a seccomp filter is on us already")
    if sysctl("kernel.io_uring_disabled") not in (None, "0"):
        pytest.skip("kernel.io_uring_disabled is set")
    row = answering("io_uring_setup", error, tmp_path / "calls")["io_uring"]
    if "built without" in row["value"]:
        pytest.skip("built without liburing")
    assert part in row["value"] and row["remedy"].startswith(remedy) and row["state"] == "missing"


def test_limits_that_cannot_be_asked_for_are_unknown(tmp_path):
    told = answering("prlimit64", "EPERM", tmp_path / "calls")
    assert {found(told[item]) for item in ("nofile", "memlock")} == {("unknown", "unknown")}


def test_nothing_is_written_and_nothing_sent(tmp_path):
    """Of files only reading; of limits only asking; of calls only those to a Unix socket of its own."""
    log = tmp_path / "calls"
    traced("-o", str(log), "-e", "trace=openat,open,creat,connect,sendto,sendmsg,sendmmsg,prlimit64,setrlimit,"
           "unlink,unlinkat,rename,mkdir")
    calls = re.findall(r"^\d+ +(\w+)\((.*)$", log.read_text(), re.M)
    assert [text for name, text in calls if name.startswith("open") and re.search("O_WRONLY|O_RDWR|O_CREAT", text)] == []
    assert [text for name, text in calls if name == "connect" and "AF_UNIX" not in text] == []
    assert [text for name, text in calls if name.startswith("send") and "?" not in text] == []
    limits = [text for name, text in calls if name == "prlimit64" and "RLIMIT_CORE" not in text]    # a sanitizer's own
    assert limits and [text for text in limits if "NULL, {" not in text] == []
    assert {name for name, _ in calls} <= {"openat", "open", "connect", "sendto", "prlimit64"}
