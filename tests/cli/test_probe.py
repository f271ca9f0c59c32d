# SPDX-License-Identifier: MIT
"""The verb probe: open, closed and silent told apart, for many at once, and nothing claimed that is not known."""
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from conftest import COMMAND, LIMIT, environment, run
from fault import island, wire  # noqa: F401

HOST = "127.0.0.1"
SHORT = "100ms"         # for what is silent on purpose
UNKNOWN = "no-such-host.invalid"
NO_REPLY = "no reply: it is open and has nothing to say, or packets are dropped"
NO_ANSWER = "no answer: packets are dropped, or the host is down"

# Each option with values that must be taken.
RIGHT = {
    "timeout": ["1ms", "2", "1h", "250ms"],
    "at-once": ["1", "256", "65536"],
    "source": ["127.0.0.1", "tcp://127.0.0.1:0", "127.0.0.1:0", "udp://127.0.0.1:0", "localhost"],
    "payload": ["", "hello", "a" * 65507],
    "json": [None],
    "verbose": [None],
    "quiet": [None],
    "help": [None],
}
WRONG = {
    "timeout": ["", "0", "off", "-1", "1.5s", "999us", "2h", "5 s", "soon"],
    "at-once": ["", "0", "-1", "65537", "99999999999", "1k", "off", "0x10", " 1"],
    "source": ["", "no-such-host.invalid", "127.1", "99999", "[::1", "unix:/tmp/x", "127.0.0.1:99999", "fd:3", ":0"],
    "payload": ["a" * 65508],
    "json": ["yes"],
    "verbose": ["2"],
    "quiet": [""],
    "help": ["me"],
}
ALONE = [name for name, values in RIGHT.items() if values == [None]]

BAD_PORTS = [
    "", ",", "22,", ",22", "22,,80", "-", "20-", "-5", "25-20", "20-25-30", "0", "0-10", "65536", "1-65536", "99999",
    "4294967376", "4294967296", "18446744073709551696", "7x", "x7!", " 7", "7 ", "+7", "0x50", "1e3", "7.0", "20 - 25",
    "20..25", "20:25", "http-https,", "nosuchservice", "*", "1/2", "\u0667", "\uff17", "22;80", "22, 80", "--",
    "22-http", "7\n", "\t7", "-0", "1-+2", "1-0x2", "22,x!", "\x1b[31m", "a" * 64,
]


def probe(*arguments, code=None, **more):
    """The lines of stdout as (address, state, reason); the exit code must be the one named."""
    done = run("probe", *arguments, **more)
    assert done.stderr == ""
    if code is not None:
        assert done.returncode == code, done.stdout
    return [re.fullmatch(r"(\S+) (open|closed|silent|unknown|failed)(?:: (.*))?", line).groups()
            for line in done.stdout.splitlines()]


def states(*arguments, **more):
    return [state for _, state, _ in probe(*arguments, **more)]


def refused(*arguments, **more):
    """The sentence of a command line that is wrong: two lines on stderr, exit 2, nothing on stdout."""
    done = run("probe", *arguments, **more)
    lines = done.stderr.split("\n")
    assert (done.returncode, done.stdout, len(lines), lines[-1]) == (2, "", 3, ""), done
    assert lines[0].startswith("sockeye probe: ")
    assert lines[1] == "usage: sockeye probe [OPTIONS] ADDRESS..., or sockeye probe --help"
    return lines[0]


def cases(table):
    return [pytest.param(name, value, id=f"{name}={value[:20]}") for name, values in table.items()
            for value in values if value is not None]


@contextlib.contextmanager
def started(*arguments, **more):
    """The command while it runs."""
    with subprocess.Popen([COMMAND, "probe", *map(str, arguments)], env=environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more) as process:
        try:
            yield process
        finally:
            process.kill()


def where(sock, scheme):
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@pytest.fixture
def keep():
    """Closes what it is given."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def listener(keep):
    """An open TCP port."""
    return keep(socket.create_server((HOST, 0)))


@pytest.fixture
def mute(keep):
    """A UDP port that hears and says nothing."""
    sock = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.bind((HOST, 0))
    sock.settimeout(LIMIT)
    return sock


@contextlib.contextmanager
def unlinked(path):
    yield
    os.unlink(path)


def free(kind=socket.SOCK_STREAM):
    """A port where nobody is."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


@pytest.fixture
def full(keep):
    """A TCP port whose queue of callers is full, so that the system drops further ones."""
    sock = keep(socket.create_server((HOST, 0), backlog=0))
    for _ in range(4):
        caller = keep(socket.socket())
        caller.setblocking(False)
        caller.connect_ex(sock.getsockname())
    return where(sock, "tcp")


def firewall(place, rules):
    """Rules for what comes in, in a network of our own."""
    if not shutil.which("nft"):
        pytest.skip("nft(8) is not installed")
    def nft(text):
        with place:
            return subprocess.run(["nft", "-f", "-"], input=text, capture_output=True, text=True, timeout=LIMIT)

    table = "table inet sockeye {\nchain input {\ntype filter hook input priority 0\n%s\n}\n}\n"
    empty = nft(table % "")
    if empty.returncode:        # the kernel's doing; what is wrong with our rules is a failure
        pytest.skip(f"no firewall here: {empty.stderr.strip()}")
    done = nft(table % "\n".join(rules))
    assert done.returncode == 0, done.stderr


# -- Open, closed, silent -----------------------------------------------------------------


def test_a_port_that_takes_calls_is_open(listener):
    assert probe(where(listener, "tcp"), code=0) == [(where(listener, "tcp"), "open", None)]


def test_a_port_where_nobody_is_is_closed():
    port = free()
    assert probe(f"tcp://{HOST}:{port}", code=4) == [(f"tcp://{HOST}:{port}", "closed", "connection refused")]


def test_a_port_that_drops_calls_is_silent(full):
    began = time.monotonic()
    assert probe("--timeout", SHORT, full, code=5) == [(full, "silent", NO_ANSWER)]
    assert 0.1 <= time.monotonic() - began < LIMIT / 10


def test_a_host_and_ports_alone_are_tcp(listener):
    port = listener.getsockname()[1]
    assert probe(f"{HOST}:{port}", code=0) == [(f"tcp://{HOST}:{port}", "open", None)]


def test_the_name_of_a_service_is_where_it_is_served():
    [(address, _, _)] = probe("echo")
    assert address == "tcp://127.0.0.1:65432"


def test_udp_is_open_when_a_reply_comes(serve):
    server = serve("echo", "udp://127.0.0.1:0")
    assert probe("-p", "hello", server.where, code=0) == [(server.where, "open", "a reply of 5 bytes")]
    assert probe(server.where, code=0) == [(server.where, "open", "a reply of 1 bytes")]


def test_udp_is_closed_when_the_host_says_so():
    where = f"udp://{HOST}:{free(socket.SOCK_DGRAM)}"
    assert probe(where, code=4) == [(where, "closed", "port unreachable")]


def test_udp_is_silent_when_nothing_comes_though_it_was_asked_again(mute):
    assert probe("-t", SHORT, where(mute, "udp"), code=5) == [(where(mute, "udp"), "silent", NO_REPLY)]
    mute.setblocking(False)
    assert [mute.recv(100) for _ in range(3)] == [b"\n"] * 3
    with pytest.raises(BlockingIOError):
        mute.recv(100)


def test_an_empty_reply_is_a_reply(mute):
    with started("--timeout", LIMIT, where(mute, "udp")) as process:
        _, sender = mute.recvfrom(100)
        mute.sendto(b"", sender)
        told, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, told) == (0, where(mute, "udp") + " open: a reply of 0 bytes\n")


def test_a_reply_to_the_second_question_counts(mute):
    with started("--timeout", "2s", where(mute, "udp")) as process:
        mute.recvfrom(100)
        _, sender = mute.recvfrom(100)
        mute.sendto(b"late", sender)
        told, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, told) == (0, where(mute, "udp") + " open: a reply of 4 bytes\n")


def test_a_reply_of_somebody_else_does_not_count(mute, keep):
    other = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with started("--timeout", "300ms", where(mute, "udp")) as process:
        _, sender = mute.recvfrom(100)
        other.sendto(b"me", sender)
        told, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, told) == (5, f"{where(mute, 'udp')} silent: {NO_REPLY}\n")


@pytest.mark.parametrize("payload", ["", "hello, world", "\u00fc\n", "a" * 2000])
def test_the_payload_is_sent_as_it_is_written(mute, payload):
    assert states("--payload", payload, "-t", SHORT, where(mute, "udp"), code=5) == ["silent"]
    assert mute.recv(65536) == payload.encode()


@pytest.mark.parametrize("port, head, n", [
    (53, b"So\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1", 17),       # flags RD, one question: root, NS, IN
    (123, b"\x23" + bytes(47), 48),                      # version 4, client
    (54, b"\n", 1),
])
def test_a_known_port_is_asked_in_its_protocol(island, port, head, n):  # noqa: F811
    with island, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, port))
        sock.settimeout(LIMIT)
        assert states("-t", SHORT, f"udp://{HOST}:{port}", code=5) == ["silent"]
        data = sock.recv(65536)
    assert (data, len(data)) == (head, n)


def test_udplite_is_probed_like_udp(keep):
    try:
        sock = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136))
        sock.bind((HOST, 0))
    except OSError as error:
        pytest.skip(f"no UDP-Lite here: {error}")
    assert states("-t", SHORT, where(sock, "udplite"), code=5) == ["silent"]
    assert sock.recv(10) == b"\n"


def test_tcp_that_meets_itself_is_closed():
    port = free()
    assert probe("--source", f"{HOST}:{port}", f"tcp://{HOST}:{port}", code=4) == [
        (f"tcp://{HOST}:{port}", "closed", "connection refused")]


def test_ipv6_is_told_apart_too(island):  # noqa: F811
    with island, socket.create_server(("::1", 0), family=socket.AF_INET6) as sock:
        assert probe(where(sock, "tcp"), "tcp://[::1]:1", "udp://[::1]:1", code=4) == [
            (where(sock, "tcp"), "open", None),
            ("tcp://[::1]:1", "closed", "connection refused"),
            ("udp://[::1]:1", "closed", "port unreachable")]


# -- Unix and vsock --------------------------------------------------------------------------


def test_unix_sockets_are_open_when_somebody_listens(tmp_path, keep):
    for name, kind in (("s", socket.SOCK_STREAM), ("d", socket.SOCK_DGRAM), ("q", socket.SOCK_SEQPACKET)):
        sock = keep(socket.socket(socket.AF_UNIX, kind))
        sock.bind(str(tmp_path / name))
        if name != "d":
            sock.listen()
    assert states(f"unix:{tmp_path}/s", f"unix-dgram:{tmp_path}/d", f"unix-seqpacket:{tmp_path}/q",
                  code=0) == ["open"] * 3


def test_a_datagram_socket_is_sent_nothing(tmp_path, keep):
    sock = keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    sock.bind(str(tmp_path / "d"))
    assert states(f"unix-dgram:{tmp_path}/d", code=0) == ["open"]
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(10)


def test_what_no_program_listens_at_is_closed(tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "stale"))
    (tmp_path / "file").touch()
    found = probe(f"unix:{tmp_path}/stale", f"unix:{tmp_path}/file", f"unix:{tmp_path}/none",
                  f"unix:{tmp_path}/file/s", "unix:@sockeye-nobody-has-this", code=4)
    assert [state for _, state, _ in found] == ["closed"] * 5
    assert [reason for _, _, reason in found] == [
        "no program listens there", "no program listens there", "there is no such socket",
        "a part of the path is a file, not a folder", "no program listens there"]


def test_a_unix_socket_of_another_kind_is_closed(tmp_path, keep):
    sock = keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    sock.bind(str(tmp_path / "d"))
    assert probe(f"unix:{tmp_path}/d", code=4) == [
        (f"unix:{tmp_path}/d", "closed", "a socket of another kind is there")]


def test_a_unix_socket_that_one_may_not_use_is_closed(keep, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    sock = keep(socket.socket(socket.AF_UNIX))
    name = f"/tmp/sockeye-probe-{os.getpid()}"
    sock.bind(name)
    keep(unlinked(name))
    os.chmod(name, 0o600)
    sock.listen()
    under = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"]
    assert probe(f"unix:{name}", code=4, under=under) == [(f"unix:{name}", "closed", "permission denied")]


def test_a_full_queue_is_waited_for_and_then_silent(tmp_path, keep, listener):
    sock = keep(socket.socket(socket.AF_UNIX))
    sock.bind(str(tmp_path / "s"))
    sock.listen(0)
    keep(socket.socket(socket.AF_UNIX)).connect(str(tmp_path / "s"))
    address = f"unix:{tmp_path}/s"
    assert probe("-t", SHORT, address, code=5) == [(address, "silent", "the queue of its callers is full")]
    listener.settimeout(LIMIT)
    with started("-t", LIMIT, address, where(listener, "tcp")) as process:
        listener.accept()[0].close()    # so the first has been tried by then
        sock.accept()[0].close()
        told, _ = process.communicate(timeout=LIMIT)
    assert told.splitlines()[0] == f"{address} open"


def test_vsock_is_probed_by_connecting():
    [(_, state, reason)] = probe("-t", SHORT, "vsock:1:4097")
    assert state in ("closed", "failed", "silent") and reason


# -- What the network says ---------------------------------------------------------------------


@pytest.mark.parametrize("host", [HOST, "[::1]"])
def test_what_a_firewall_says_is_repeated(island, host):  # noqa: F811
    firewall(island, [
        "meta l4proto {tcp, udp} th dport 1001 reject with icmpx admin-prohibited",
        "meta l4proto {tcp, udp} th dport 1002 reject with icmpx port-unreachable",
        "meta l4proto {tcp, udp} th dport 1003 reject with icmpx host-unreachable",
        "meta l4proto {tcp, udp} th dport 1004 reject with icmpx no-route",
        "tcp dport 1005 reject with tcp reset",
        "meta l4proto {tcp, udp} th dport 1006 drop",
    ])
    said = ["administratively prohibited", "port unreachable", "host unreachable", "network unreachable"]
    with island:
        tcp = probe("-t", SHORT, f"tcp://{host}:1001-1006", code=5)
        udp = probe("-t", SHORT, f"udp://{host}:1001-1004,1006", code=5)
    assert [(state, reason) for _, state, reason in tcp] == [
        *(("closed", words) for words in said), ("closed", "connection refused"), ("silent", NO_ANSWER)]
    assert [(state, reason) for _, state, reason in udp] == [
        *(("closed", words) for words in said), ("silent", NO_REPLY)]


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_who_said_so_is_told_where_it_is_somebody_else(wire, scheme):  # noqa: F811
    near, router = wire
    router.write("/proc/sys/net/ipv4/ip_forward", "1")
    router.write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
    for kind, host4, host6 in (("prohibit", "198.51.100.1", "2001:db8::1"),
                               ("unreachable", "198.51.100.2", "2001:db8::2")):
        router.ip("route", "add", kind, f"{host4}/32")
        router.ip("-6", "route", "add", kind, f"{host6}/128")
    near.ip("route", "add", "198.51.100.0/24", "via", "10.77.0.2")
    near.ip("-6", "route", "add", "2001:db8::/32", "via", "fd77::2")
    with near:
        found = probe(f"{scheme}://198.51.100.1:7", f"{scheme}://198.51.100.2:7", f"{scheme}://[2001:db8::1]:7",
                      f"{scheme}://[2001:db8::2]:7", code=4)
    assert [reason for _, _, reason in found] == [
        "administratively prohibited, says 10.77.0.2", "host unreachable, says 10.77.0.2",
        "administratively prohibited, says fd77::2", "network unreachable, says fd77::2"]


def test_a_network_without_a_way_is_closed(island):  # noqa: F811
    with island:
        found = probe("tcp://192.0.2.1:7", "udp://192.0.2.1:7", "tcp://[2001:db8::1]:7", code=4)
    assert [(state, reason) for _, state, reason in found] == [("closed", "network unreachable")] * 3


def test_what_this_machine_itself_forbids_is_closed(island):  # noqa: F811
    island.ip("route", "add", "prohibit", "192.0.2.1/32")
    with island:
        assert probe("tcp://192.0.2.1:7", code=4) == [("tcp://192.0.2.1:7", "closed", "prohibited")]


# -- Many ------------------------------------------------------------------------------------------


def test_ranges_and_lists_are_told_in_their_order(keep):
    ports = sorted(keep(socket.create_server((HOST, 0))).getsockname()[1] for _ in range(3))
    found = probe(f"tcp://{HOST}:{ports[2]},{ports[0]},1-3,{ports[1]}", code=4)
    assert [(address.rpartition(":")[2], state) for address, state, _ in found] == [
        (str(ports[2]), "open"), (str(ports[0]), "open"), ("1", "closed"), ("2", "closed"), ("3", "closed"),
        (str(ports[1]), "open")]


def test_ports_may_be_services(island):  # noqa: F811
    with island:
        assert [address for address, _, _ in probe(f"tcp://{HOST}:ssh,http,8080,8081-8082", code=4)] == [
            f"tcp://{HOST}:{port}" for port in (22, 80, 8080, 8081, 8082)]


def test_the_order_is_that_of_the_command_line_whoever_answers_first(listener, full):
    assert states("-t", SHORT, full, where(listener, "tcp"), f"{HOST}:{free()}", full, code=5) == [
        "silent", "open", "closed", "silent"]


def test_a_result_is_told_as_soon_as_all_before_it_are_known(listener, full):
    with started("--timeout", "1h", where(listener, "tcp"), full, where(listener, "tcp")) as process:
        assert process.stdout.readline() == where(listener, "tcp") + " open\n"
        assert process.poll() is None
        process.terminate()
        assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == -15


def test_all_ports_of_a_host_take_seconds(island):  # noqa: F811
    began = time.monotonic()
    with island:
        found = probe(f"{HOST}:1-65535", code=4)
    took = time.monotonic() - began
    assert [int(address.rpartition(":")[2]) for address, _, _ in found] == list(range(1, 65536))
    assert {state for _, state, _ in found} == {"closed"}
    assert took < LIMIT / 2


def test_more_jobs_than_are_kept_are_all_told(island):  # noqa: F811
    """The first is silent: 65536 may be done behind it, and the rest has to wait."""
    firewall(island, ["tcp dport 7 drop"])
    with island:
        found = probe("-t", "500ms", f"{HOST}:7", f"{HOST}:1-65535", f"{HOST}:1-100", code=5)
    assert len(found) == 65636
    assert [address.rpartition(":")[2] for address, state, _ in found if state == "silent"] == ["7"] * 3


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_silent_ports_are_waited_for_together(island, scheme):  # noqa: F811
    firewall(island, ["meta l4proto {tcp, udp} th dport 2000-2999 drop"])
    began = time.monotonic()
    with island:
        assert set(states("-t", "200ms", f"{scheme}://{HOST}:2000-2999", code=5)) == {"silent"}
    assert 4 * 0.2 <= time.monotonic() - began < 40 * 0.2


def most_open(trace):
    """How many sockets were open at the same time at most, by the record of the calls."""
    now, most = set(), 0
    for line in trace.read_text().splitlines():
        call = json.loads(line)
        if call["phase"] != "return" or "error" in call:
            continue
        if call["call"] == "socket":
            now.add(call["fd"])
        elif call["call"] == "close":
            now.discard(call["fd"])
        most = max(most, len(now))
    assert not now, "sockets were left open"
    return most


@pytest.mark.parametrize("limit, at_once, most", [(None, "5", 5), ("40:40", "256", 24), ("17:17", "256", 1),
                                                  ("12:12", "1000", 1)])
def test_never_more_sockets_than_allowed(tmp_path, full, limit, at_once, most):
    trace = tmp_path / "trace"
    under = ["prlimit", f"--nofile={limit}"] if limit else []
    port = full.rpartition(":")[2]
    assert states("-t", "20ms", "--at-once", at_once, f"tcp://{HOST}:{','.join([port] * 48)}", code=5,
                  under=[*under, "env", f"SOCKEYE_TRACE={trace}"]) == ["silent"] * 48
    assert most_open(trace) == most


def test_descriptors_that_run_out_all_the_same_are_waited_for(full, tmp_path):
    """Twenty are inherited, which the limit of 40 does not know of."""
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    port = full.rpartition(":")[2]
    try:
        found = states("-t", "20ms", f"{HOST}:{','.join([port] * 60)}", code=5, under=["prlimit", "--nofile=40:40"],
                       pass_fds=held)
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert found == ["silent"] * 60


# -- Names --------------------------------------------------------------------------------------------


def test_a_name_that_nobody_knows_is_told_for_each_port():
    found = probe(f"tcp://{UNKNOWN}:1-3", f"udp://{UNKNOWN}:53", code=3)
    assert [(address, state) for address, state, _ in found] == [
        *((f"tcp://{UNKNOWN}:{port}", "unknown") for port in (1, 2, 3)), (f"udp://{UNKNOWN}:53", "unknown")]
    assert all(reason for _, _, reason in found)


def test_a_name_is_looked_up_once_for_all_its_ports(tmp_path):
    trace = tmp_path / "trace"
    assert len(probe(f"{UNKNOWN}:1-1000", code=3, under=["env", f"SOCKEYE_TRACE={trace}"])) == 1000
    calls = [json.loads(line) for line in trace.read_text().splitlines()]
    assert len([call for call in calls if call["call"] == "getaddrinfo" and call["phase"] == "return"]) == 1


def test_a_look_up_has_the_limit_too(wire):  # noqa: F811
    """Whoever is asked for the name is silent; others are not held up for longer than that."""
    near, far = wire
    firewall(near, ["udp dport 53 drop", "tcp dport 53 drop"])
    firewall(far, ["drop"])             # and nothing is forwarded there
    near.ip("route", "add", "default", "via", "10.77.0.2")
    near.ip("-6", "route", "add", "default", "via", "fd77::2")
    began = time.monotonic()
    with near:
        found = probe("-t", "300ms", "sockeye-test.example:1-2", f"{HOST}:1", code=5)
    assert 0.3 <= time.monotonic() - began < 3
    late = "the name look-up took too long"
    assert found == [("tcp://sockeye-test.example:1", "silent", late), ("tcp://sockeye-test.example:2", "silent", late),
                     (f"tcp://{HOST}:1", "closed", "connection refused")]


def test_a_name_is_open_if_one_of_its_addresses_is(listener, island):  # noqa: F811
    port = listener.getsockname()[1]
    assert probe(f"localhost:{port}", code=0) == [(f"tcp://localhost:{port}", "open", None)]
    with island:
        for host, family in (("::1", socket.AF_INET6), (HOST, socket.AF_INET)):
            with socket.create_server((host, 4000), family=family):
                assert states("localhost:4000", code=0) == ["open"]
        assert probe("localhost:4000", code=4) == [("tcp://localhost:4000", "closed", "connection refused")]


def test_the_most_telling_answer_of_a_name_is_its_own(island):  # noqa: F811
    """A host that refuses says more than one that is silent, and that more than a missing way."""
    firewall(island, ["ip6 daddr ::1 meta l4proto {tcp, udp} th dport 1001 drop",
                      "ip6 daddr ::1 meta l4proto {tcp, udp} th dport 1002 reject with icmpx no-route",
                      "ip daddr 127.0.0.1 meta l4proto {tcp, udp} th dport 1002 drop",
                      "ip6 daddr ::1 meta l4proto {tcp, udp} th dport 1003 reject with icmpx admin-prohibited",
                      "ip daddr 127.0.0.1 meta l4proto {tcp, udp} th dport 1003 drop"])
    with island:
        found = probe("-t", SHORT, "tcp://localhost:1001-1003", "udp://localhost:1001-1003", code=5)
    assert [(state, reason) for _, state, reason in found] == [
        ("closed", "connection refused"), ("silent", NO_ANSWER), ("closed", "administratively prohibited"),
        ("closed", "port unreachable"), ("silent", NO_REPLY), ("closed", "administratively prohibited")]


def test_with_v_all_addresses_of_a_name_are_told_and_the_times(listener):
    port = listener.getsockname()[1]
    done = run("probe", "-v", f"localhost:{port}", f"{HOST}:{port}")
    assert re.fullmatch(rf"tcp://localhost:{port} open \(\d+\.\d{{3}} ms\)\n"
                        rf"  tcp://\[::1\]:{port} (closed|failed): .* \(\d+\.\d{{3}} ms\)\n"
                        rf"  tcp://127\.0\.0\.1:{port} open \(\d+\.\d{{3}} ms\)\n"
                        rf"tcp://127\.0\.0\.1:{port} open \(\d+\.\d{{3}} ms\)\n", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


# -- Where from ------------------------------------------------------------------------------------------


def test_the_source_is_who_calls(listener, mute):
    probe("--source", "127.0.0.9", where(listener, "tcp"), code=0)
    assert listener.accept()[1][0] == "127.0.0.9"
    probe("-s", "udp://127.0.0.9:0", "-t", SHORT, where(mute, "udp"), code=5)
    assert mute.recvfrom(10)[1][0] == "127.0.0.9"


def test_a_source_with_a_port_asks_all_from_there(listener, keep):
    other, port = keep(socket.create_server((HOST, 0))), free()
    assert states("--source", f"127.0.0.9:{port}", where(listener, "tcp"), where(other, "tcp"), code=0) == ["open"] * 2
    assert listener.accept()[1] == other.accept()[1] == ("127.0.0.9", port)


def test_a_source_that_does_not_suit_is_told_for_each_address(listener):
    found = probe("--source", "[::1]", where(listener, "tcp"), code=1)
    assert found == [(where(listener, "tcp"), "failed", "the source address is of another family")]
    [(_, state, reason)] = probe("--source", "192.0.2.77", where(listener, "tcp"), code=1)
    assert state == "failed" and "Cannot assign requested address" in reason


# -- The exit code ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds, code", [
    ("open", 0), ("open open", 0), ("open failed", 1), ("failed unknown open", 3), ("unknown", 3), ("open unknown", 3),
    ("closed", 4), ("closed unknown", 4), ("unknown open closed failed", 4), ("silent", 5), ("silent closed", 5),
    ("open silent unknown closed failed", 5),
])
def test_the_exit_code_is_the_highest(listener, full, kinds, code):
    one = {"open": where(listener, "tcp"), "closed": f"{HOST}:{free()}", "silent": full, "unknown": f"{UNKNOWN}:1",
           "failed": "tcp://[fe80::1]:7"}
    addresses = [one[kind] for kind in kinds.split()]
    assert states("-t", "200ms", *addresses, code=code) == kinds.split()
    done = run("probe", "-q", "-t", "200ms", *addresses)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_quiet_and_verbose_take_each_other_back(listener):
    done = run("probe", "--quiet", "--verbose", where(listener, "tcp"))
    assert (done.returncode, done.stdout) == (0, where(listener, "tcp") + " open\n")


# -- JSON --------------------------------------------------------------------------------------------------------


def test_json_has_one_object_for_each_address(listener, full):
    done = run("probe", "--json", "-t", "200ms", where(listener, "tcp"), f"{HOST}:{free()}", full, f"{UNKNOWN}:7")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(told)) == (5, "", 4)
    assert {frozenset(each) for each in told} == {frozenset(["event", "address", "state", "reason", "seconds", "code"])}
    assert {each["event"] for each in told} == {"probe"}
    assert [(each["state"], each["code"]) for each in told] == [
        ("open", 0), ("closed", 4), ("silent", 5), ("unknown", 3)]
    assert told[0]["address"] == where(listener, "tcp") and told[0]["reason"] == "connected"
    assert 0 <= told[1]["seconds"] < 0.2 <= told[2]["seconds"] < 2


def test_json_with_v_tells_each_address_of_a_name(listener):
    port = listener.getsockname()[1]
    told = [json.loads(line) for line in run("probe", "--json", "-v", f"localhost:{port}").stdout.splitlines()]
    assert [(each["event"], each["address"], each.get("of")) for each in told] == [
        ("probe", f"tcp://localhost:{port}", None),
        ("try", f"tcp://[::1]:{port}", f"tcp://localhost:{port}"),
        ("try", f"tcp://127.0.0.1:{port}", f"tcp://localhost:{port}")]


def test_bytes_of_an_address_stay_on_their_line_and_harm_nobody():
    done = run("probe", "unix:/tmp/\x1b[31m\nsockeye-none", "tcp://h\u009b\xff.invalid:1")
    assert "\x1b" not in done.stdout and "\u009b" not in done.stdout and done.stdout.count("\n") == 2
    done = run("probe", "--json", "unix:/tmp/\x1b[31m\nsockeye-none", "tcp://h\u009b.invalid:1")
    assert done.stdout.isascii() and [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["probe"] * 2


# -- Where it goes ------------------------------------------------------------------------------------------------


def test_an_output_that_takes_no_more_is_a_failure(listener):
    with open("/dev/full", "wb") as output:
        done = run("probe", where(listener, "tcp"), stdout=output)
    assert (done.returncode, done.stderr) == (
        1, "sockeye probe: stdout: No space left on device\nthe disk is full; what came before was written\n")


def test_a_reader_that_has_seen_enough_needs_no_remark(listener):
    read, write = os.pipe()
    os.close(read)
    done = run("probe", where(listener, "tcp"), stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


# -- The command line ------------------------------------------------------------------------------------------------


def test_each_option_of_the_help_is_tested_with_right_and_wrong_values():
    for flag in ("--help", "-h"):
        shown = run("probe", flag)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert set(re.findall(r"^ {2,6}(?:-\w, )?--([\w-]+)", shown.stdout, re.M)) == set(RIGHT) == set(WRONG)


@pytest.mark.parametrize("name, value", cases(RIGHT))
def test_a_right_value_is_taken(listener, mute, name, value):
    if name == "timeout":
        assert states(f"--timeout={value}", where(listener, "tcp"), code=0) == ["open"]
    else:
        assert states(f"--{name}={value}", "-t", SHORT, where(listener, "tcp"), where(mute, "udp"), code=5) == [
            "open", "silent"]


@pytest.mark.parametrize("name, value", cases(WRONG))
def test_a_wrong_value_is_two_lines_and_exit_2(listener, name, value):
    assert f"--{name}" in refused(f"--{name}={value}", where(listener, "tcp"), "udp://127.0.0.1:9")


@pytest.mark.parametrize("name", [name for name in RIGHT if name not in ALONE])
def test_a_value_that_is_not_there_is_told(name):
    assert f"--{name} needs a value" in refused(f"{HOST}:1", f"--{name}")


def test_a_slip_is_told_with_its_remedy():
    assert refused() == "sockeye probe: no address named"
    assert "did you mean --timeout" in refused("--timeuot", "1s", "echo")
    assert "--payload is for udp" in refused("--payload", "x", "echo")
    assert "--source is for tcp and udp" in refused("--source", HOST, "unix:/tmp/x")


def nothing_came(listener):
    listener.setblocking(False)
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("port", BAD_PORTS, ids=repr)
@pytest.mark.parametrize("scheme", ["tcp://", "udp6://", ""])
def test_a_port_that_is_none_is_refused_before_anything_is_sent(listener, scheme, port):
    host = "[::1]" if "6" in scheme else HOST
    sentence = refused(where(listener, "tcp"), f"{scheme}{host}:{port}", f"{HOST}:1")
    assert host in sentence and "\x1b" not in sentence
    assert nothing_came(listener)


@pytest.mark.parametrize("address", [
    "", ":", "127.0.0.1", "127.0.0.1:", "127.1:7", "0x7f.1:7", "[::1]", "[::1:7", "::1:7", "tcp://", "tcp://127.0.0.1",
    "http://127.0.0.1:80", "tcp:/127.0.0.1:7", "tcp://[::1]:7:8", "tcp://a b:7", "unix:", "unix-dgram", "fd:0", "fd:x",
    "vsock:x:1", "raw://127.0.0.1", "packet:lo", "netlink:0:0", "can:any", "alg:hash:sha1", "unix:" + "a" * 200,
    "tcp4://[::1]:7", "tcp6://127.0.0.1:7", "TCP://127.0.0.1:7", "a" * 500 + ":7", "tcp://" + "a" * 64 + ":7",
])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(listener, address):
    assert address[:20] in refused(where(listener, "tcp"), address)
    assert nothing_came(listener)


def test_ports_of_one_address_may_be_many():
    ports = ",".join(map(str, range(1, 20000, 2)))
    assert len(states(f"udp://{HOST}:{ports}", "-t", "1s")) == 10000
