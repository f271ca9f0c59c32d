# SPDX-License-Identifier: MIT
"""The outer eye: what programs do that no library can be loaded into, and that they do it as ever."""
import functools
import json
import os
import signal
import socket
import subprocess
import threading

import pytest
from conftest import BUILD, LIMIT, environment

DUMP, STATIC = str(BUILD / "tests/cli/ptrace-dump"), str(BUILD / "tests/cli/static")
SHIM = BUILD / "src/preload/libsockeye-eye.so"
PYTHON = "/usr/bin/python3"
WAYS = {"filtered": (), "every call": ("--every-call",)}


@functools.cache
def forbidden():
    """Why programs cannot be traced here, or nothing."""
    done = subprocess.run([DUMP, os.devnull, "/bin/true"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT)
    return done.stderr.strip() if done.returncode == 77 else ""


@pytest.fixture(autouse=True)
def allowed():
    if forbidden():
        pytest.skip(f"ptrace is forbidden here: {forbidden()}")


class Seen:
    """A program under the eye, to its end, and its records."""

    def __init__(self, path, *argv, options=(), code=0, env=None):
        self.done = subprocess.run([DUMP, *options, str(path), *argv], stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True, timeout=LIMIT, env=environment(**(env or {})))
        assert self.done.returncode == code, self.done.stderr
        self.out = self.done.stdout
        self.all = read(path)
        self.returns = [each for each in self.all if each["phase"] == "return"]

    def of(self, call):
        return [each for each in self.returns if each["call"] == call]

    def one(self, call):
        found = self.of(call)
        assert len(found) == 1, self.calls()
        return found[0]

    def calls(self):
        return [each["call"] for each in self.returns]


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(params=WAYS)
def see(request, tmp_path):
    """Watch a scene of the static program."""
    def watch(scene, *options, code=0):
        return Seen(tmp_path / "seen.json", STATIC, scene, options=(*WAYS[request.param], *options), code=code)
    return watch


def unwatched(scene):
    return subprocess.run([STATIC, scene], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)


def paired(seen):
    """Each entry has one return of the same thread and call behind it, or its program has ended."""
    open_calls = {}
    for each in seen.all:
        if each["phase"] == "enter":
            assert each["tid"] not in open_calls or open_calls[each["tid"]]["call"] != each["call"]
            open_calls[each["tid"]] = each
        elif open_calls.get(each["tid"], {}).get("call") == each["call"]:
            del open_calls[each["tid"]]
    return not open_calls


SCENES = ("tcp", "udp", "local", "threads", "forks", "execs", "thread-execs", "interrupted", "restarted", "stops",
          "waits", "copies", "much")


@pytest.mark.parametrize("scene", SCENES)
def test_a_watched_program_behaves_as_ever(see, scene):
    seen, done = see(scene), unwatched(scene)
    assert (seen.out, seen.done.stderr) == (done.stdout, done.stderr)
    assert done.returncode == 0
    assert paired(seen)


def test_bytes_of_a_stream_are_told_with_their_place_at_both_ends(see):
    seen = see("tcp")
    sent, got = seen.one("send"), seen.one("recv")
    assert sent["data"] == got["data"] == "hello"
    assert sent["hash"] == got["hash"]
    assert seen.one("writev")["data"] == "one hello"
    assert (sent["local"], sent["peer"]) == (got["peer"], got["local"])
    assert seen.of("read")[-1]["moved"] == 0
    assert seen.one("accept")["cookie"] == got["cookie"] != sent["cookie"]
    assert seen.one("accept")["other"] == got["fd"]


def test_a_batch_of_datagrams_is_told_one_by_one(see):
    seen = see("udp")
    batch = seen.of("sendmmsg")
    assert [(each["data"], each.get("index", 0)) for each in batch] == [("first", 0), ("second", 1)]
    assert batch[0]["time"] == batch[1]["time"]
    assert batch[0]["peer"] == seen.one("recvfrom")["local"]
    cut = seen.of("recv")[0]
    assert (cut["moved"], cut["whole"], cut["data"]) == (3, 6, "sec")
    assert seen.of("recv")[-1]["error"] == "EAGAIN"


def test_a_call_that_cannot_wait_has_no_entry(see):
    seen = see("udp")
    assert len([each for each in seen.all if each["call"] == "recv" and each["phase"] == "enter"]) == 2


def test_a_passed_socket_keeps_its_count(see):
    first, second = see("local").of("send")
    assert (first["offset"], second["offset"]) == (0, 3)
    assert first["cookie"] == second["cookie"]


def test_threads_are_told_apart(see):
    seen = see("threads")
    assert len({each["tid"] for each in seen.all}) == 2
    assert len({each["pid"] for each in seen.all}) == 1


def test_a_child_is_followed_and_its_end_told(see):
    seen = see("forks")
    child = seen.one("fork")["other"]
    assert [each["call"] for each in seen.returns if each["pid"] == child] == ["socket", "connect", "send", "exit"]
    assert [each["arg"][0] for each in seen.of("exit")] == [7, 0]


def test_a_child_that_is_not_followed_goes_its_way(see):
    seen = see("forks", "--only-first")
    assert seen.out == unwatched("forks").stdout
    assert len({each["pid"] for each in seen.all}) == 1
    assert seen.of("fork") == []


@pytest.mark.parametrize("scene", ("execs", "thread-execs"))
def test_a_socket_goes_on_over_exec_but_for_those_that_it_closes(see, scene):
    seen = see(scene)
    first, second = seen.of("send")
    assert (first["offset"], second["offset"], first["cookie"]) == (0, 3, second["cookie"])
    assert [each["fd"] for each in seen.of("close")][1:] == [seen.of("socket")[-1]["fd"]]
    assert {each["pid"] for each in seen.all} == {second["tid"]}


@pytest.mark.parametrize("scene, error", (("interrupted", "EINTR"), ("restarted", None)))
def test_a_call_that_a_signal_interrupts_is_one_call(see, scene, error):
    seen = see(scene)
    assert [each["phase"] for each in seen.all if each["call"] == "accept"] == ["enter", "return"]
    assert seen.one("accept").get("error") == error
    inside = seen.calls().index("accept") - 1
    assert seen.calls().index("listen") < seen.calls().index("close") <= inside


def test_a_program_that_stops_goes_on_in_its_call(see):
    seen = see("stops")
    child = seen.one("fork")["other"]
    assert [(each["call"], each["phase"]) for each in seen.all if each["pid"] == child] == [
        ("recv", "enter"), ("recv", "return"), ("poll", "enter"), ("poll", "return"), ("recv", "enter"),
        ("recv", "return"), ("exit", "return")]


def test_death_by_a_signal_is_told(see):
    assert see("killed", code=128 + signal.SIGTERM).one("exit")["arg"][:2] == [-1, signal.SIGTERM]


def test_waits_are_told_about_their_socket(see):
    seen = see("waits")
    fd = seen.one("accept")["other"]
    waits = [each for each in seen.returns if each["call"] in ("poll", "select", "epoll_wait")]
    assert [(each["call"], each["fd"], each["moved"]) for each in waits] == [
        ("poll", fd, 0), ("poll", fd, 1), ("select", fd, 1), ("epoll_wait", fd, 1)]
    assert [each["arg"][2] for each in waits] == [10, -1, 1000, 1000]


def test_copies_of_a_descriptor_are_one_socket(see):
    seen = see("copies")
    caller = seen.one("connect")["cookie"]
    assert [each["cookie"] for each in seen.of("dup")] == [caller] * 3
    assert [each["cookie"] == caller for each in seen.of("close")] == [False, False, True, True, True, True]


def test_of_very_many_bytes_only_the_first_are_looked_at(see):
    seen = see("much")
    sent, got = seen.one("send"), seen.of("recv")[0]
    assert sent["moved"] == got["moved"] == 3 << 20
    assert "hash" not in sent and len(sent["data"]) == 64


# -- Without the tracer ----------------------------------------------------------


class Echo:
    """A program that echoes by a socket, under an eye that may go."""

    def __init__(self, path, *options):
        self.process = subprocess.Popen([DUMP, *options, str(path), STATIC, "echoes"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0, env=environment())

    def ask(self, byte):
        self.process.stdin.write(byte)
        return self.process.stdout.read(1)

    def __enter__(self):
        self.alarm = threading.Timer(LIMIT, self.process.stdin.close)
        self.alarm.start()
        return self

    def __exit__(self, *_):
        self.alarm.cancel()
        self.process.stdin.close()
        assert self.process.stdout.read() == b""        # whoever echoed is gone
        self.process.stdout.close()
        self.process.wait(LIMIT)


def test_a_program_outlives_a_tracer_that_is_killed(tmp_path):
    with Echo(tmp_path / "seen.json", "--every-call") as echo:
        assert echo.ask(b"a") == b"a"
        echo.process.kill()
        echo.process.wait(LIMIT)
        assert echo.ask(b"b") == b"b"


def test_a_program_goes_on_that_was_let_go(tmp_path):
    with Echo(tmp_path / "seen.json", "--every-call", "--for", "0.5") as echo:
        assert echo.ask(b"a") == b"a"
        echo.process.wait(LIMIT)
        assert echo.ask(b"b") == b"b"
    assert [each["data"] for each in read(tmp_path / "seen.json") if each["call"] == "send" and "data" in each] == ["a"]


@pytest.mark.parametrize("end", ("killed", "over"))
def test_a_filtered_program_ends_with_its_tracer(tmp_path, end):
    """The kernel would refuse its calls."""
    with Echo(tmp_path / "seen.json", *(("--for", "0.5") if end == "over" else ())) as echo:
        assert echo.ask(b"a") == b"a"
        if end == "killed":
            echo.process.kill()
        echo.process.wait(LIMIT)
        assert echo.process.stdout.read(1) == b""


def test_what_cannot_be_executed_says_why(tmp_path):
    done = subprocess.run([DUMP, str(tmp_path / "seen.json"), "./not-there"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (125, "./not-there: No such file or directory\n")


# -- Other languages ---------------------------------------------------------------


def test_go_is_seen(tmp_path):
    from test_peers import go_client
    client = go_client()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT)

        def answer():
            conn, _ = server.accept()
            with conn:
                conn.settimeout(LIMIT)
                while data := conn.recv(4096):
                    conn.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        done = subprocess.run([DUMP, str(tmp_path / "seen.json"), client, "tcp", "127.0.0.1:%d" % server.getsockname()[1]],
                              input=b"by Go", capture_output=True, timeout=LIMIT)
        thread.join(LIMIT)
    assert (done.returncode, done.stdout) == (0, b"by Go")
    seen = read(tmp_path / "seen.json")
    assert [each["data"] for each in seen if each["call"] in ("read", "write") and "data" in each] == ["by Go"] * 2
    assert [each.get("error") for each in seen if each["call"] == "connect" and each["phase"] == "return"] == [
        "EINPROGRESS"]


PROGRAM = """
import os, socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
conn, _ = server.accept()
client.sendall(b"hello")
client.shutdown(socket.SHUT_WR)
while data := conn.recv(3):
    conn.sendall(data.upper())
conn.close()
print(client.recv(100))
"""


def test_the_outer_eye_sees_what_the_inner_one_sees(tmp_path):
    if not SHIM.exists():
        pytest.skip("the inner eye is not built")
    tapes = tmp_path / "tapes"
    tapes.mkdir()
    subprocess.run([PYTHON, "-c", PROGRAM], env=environment(LD_PRELOAD=str(SHIM), SOCKEYE_EYE=f"dir={tapes}"),
                   check=True, capture_output=True, timeout=LIMIT)
    told = subprocess.run([BUILD / "tests/cli/tape-dump", *tapes.iterdir()], check=True, capture_output=True,
                          timeout=LIMIT).stdout.splitlines()
    outer = Seen(tmp_path / "seen.json", PYTHON, "-c", PROGRAM).all

    def told_of(records):
        return [(each["call"], each["phase"], each["fd"], each.get("other"), each["moved"], each["offset"],
                 each.get("hash"), each["arg"]) for each in records if each["call"] != "getaddrinfo"]

    assert told_of(outer) == told_of(map(json.loads, told))
