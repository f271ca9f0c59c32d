# SPDX-License-Identifier: MIT
"""Signals, statistics, and outputs that are full or closed; ports that are taken or taken over."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys

import pytest
from conftest import LIMIT, command, environment, rest, run, take

TCP = "tcp://127.0.0.1:0"
ENDS = {signal.SIGTERM: 143, signal.SIGINT: 130}


def says(sock, data=b"hello"):
    sock.sendall(data)
    return take(sock, len(data)) == data


@pytest.fixture(params=ENDS, ids=["TERM", "INT"])
def number(request):
    return request.param


# -- Draining ---------------------------------------------------------------------------


def test_a_server_without_clients_ends_at_once(serve, number):
    serve("echo", TCP).stop(number)


def test_connected_clients_may_finish_and_new_ones_are_refused(serve, number):
    server = serve("echo", TCP)
    sock = server.caller()
    assert says(sock)
    server.kill(number)
    server.wait_text("taking no more callers, 1 to finish")
    with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
        while True:         # a worker closes its door a moment after this was said
            server.caller().close()
    assert says(sock, b"one more")
    sock.shutdown(socket.SHUT_WR)
    assert rest(sock) == b""
    assert server.wait() == 0


def test_who_has_not_finished_in_time_is_cut(serve, number):
    server = serve("-v", "--drain", "300ms", "echo", TCP, code=ENDS[number])
    sock = server.caller()
    assert says(sock)
    server.kill(number)
    try:
        assert rest(sock) == b""
    except ConnectionResetError:
        pass
    assert server.wait() == ENDS[number]
    server.stop()
    assert server.reports()[-1]["cut"] == 1


def test_without_a_drain_nobody_is_waited_for(serve, number):
    server = serve("--drain", "off", "echo", TCP, code=ENDS[number])
    assert says(server.caller())
    server.kill(number)
    assert server.wait() == ENDS[number]


def test_a_second_signal_stops(serve, number):
    server = serve("--drain", "1h", "echo", TCP, code=ENDS[number])
    assert says(server.caller())
    server.kill(number)
    server.wait_text("taking no more callers")
    server.kill(number)
    assert server.wait() == ENDS[number]


def test_what_was_sent_before_the_end_is_still_answered(serve):
    server = serve("echo", TCP)
    data = bytes(range(256)) * 16384
    sock = server.caller()
    sock.sendall(data[:1000])
    server.kill()
    sock.setblocking(False)
    sent, got = 1000, 0
    while sent < len(data):
        readable, writable, _ = select.select([sock], [sock], [], LIMIT)
        if writable:
            sent += sock.send(data[sent:sent + 65536])
        if readable:
            got += len(sock.recv(1 << 20))
    sock.setblocking(True)
    sock.shutdown(socket.SHUT_WR)
    assert got + len(rest(sock)) == len(data)
    assert server.wait() == 0


# -- Statistics ------------------------------------------------------------------------------


def test_statistics_in_json_count_right(serve):
    server = serve("echo", TCP, "udp://127.0.0.1:0")
    with server.caller(0) as one, server.caller(0) as two:
        assert says(one, b"12345") and says(two, b"1234567")
        with server.caller(1) as sock:
            sock.send(b"123")
            assert sock.recv(10) == b"123"
            stats = server.wait_stats(lambda stats: stats["bytes_out"] == 15)
    expected = {"event": "statistics", "clients": 2, "accepted": 2, "closed": 0, "bytes_in": 15, "bytes_out": 15,
                "datagrams_in": 1, "datagrams_out": 1, "resets": 0, "cut": 0, "refused_full": 0}
    assert {name: stats[name] for name in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stats["time"])
    stats = server.wait_stats(lambda stats: stats["closed"] == 2)
    assert (stats["clients"], stats["accepted"]) == (0, 2)


def test_statistics_as_text_show_what_is_not_zero(serve):
    server = serve("echo", TCP, text=True)
    with server.caller() as sock:
        assert says(sock, b"12345") and says(sock, b"12")       # what was sent first is counted by now
        server.kill(signal.SIGUSR1)
        server.wait_text(r"^after \d+\.\d{3} s: \w+, \d+ workers?$")
        server.wait_text(r"^  bytes_in +7  bytes received$")
        server.wait_text(r"^  bytes_out +[57]  bytes sent$")
    told = server.texts()
    assert [line for line in told if re.search(r"^  clients +1  connected now$", line)]
    assert not [line for line in told if line.startswith("  resets")]


def test_verbose_tells_comings_and_goings_and_statistics_at_the_end(serve):
    server = serve("-v", "echo", TCP, text=True)
    with server.caller() as sock:
        host, port = sock.getsockname()
        assert says(sock, b"12345")
    name = re.escape(f"tcp://{host}:{port}")
    server.wait_text(rf"^{name} connected to echo$")
    server.wait_text(rf"^{name} closed: 5 bytes in, 5 out, \d+\.\d\d\d s$")
    server.stop()
    assert any(re.search(r"^  closed +1  ", line) for line in server.texts())


def test_quiet_tells_errors_only(serve):
    server = serve("-q", "hello", TCP, text=True)
    with server.caller() as sock:
        sock.sendall(b"psst")
        assert take(sock, 12) == b"Hello world!"
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
    server.stop()
    assert server.complaint() == ""


# -- Outputs ----------------------------------------------------------------------------------


def test_a_full_stdout_is_exit_1():
    with open("/dev/full", "w") as full:
        done = run("serve", "echo", TCP, stdout=full)
        assert (done.returncode, done.stderr) == (1, "sockeye serve: stdout: No space left on device\n")
        assert run("serve", "--help", stdout=full).returncode == 1


def test_a_stdout_that_nobody_reads_is_exit_1():
    for arguments in (["serve", "echo", TCP], ["serve", "--help"]):
        read, write = os.pipe()
        os.close(read)
        done = run(*arguments, stdout=write)
        os.close(write)
        assert done.returncode == 1, arguments


def test_a_closed_stdout_is_exit_1():
    done = subprocess.run(["bash", "-c", 'exec "$@" >&-', "close", *command("echo", TCP)], text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
    assert (done.returncode, done.stderr) == (1, "sockeye serve: stdout: Bad file descriptor\n")


def test_closed_standard_streams_never_become_a_callers_socket(serve):
    server = serve("echo", TCP, under=["bash", "-c", 'exec "$@" <&-', "close"])
    assert says(server.caller())
    assert server.descriptors()[0] == "/dev/null"


def test_a_log_that_nobody_reads_does_not_stop_the_service(serve):
    read, write = os.pipe()
    server = serve("hello", TCP, stderr=write)
    os.close(write)
    try:
        for _ in range(1000):
            with server.caller() as sock:
                sock.sendall(b"x" * 64)
                sock.shutdown(socket.SHUT_WR)
                assert rest(sock) == b"Hello world!"
        assert select.select([read], [], [], 0)[0]
        text = os.read(read, 1 << 20).decode()      # whoever reads again hears what was lost
        with server.caller() as sock:
            assert take(sock, 12) == b"Hello world!"
        server.kill()
        assert server.wait() == 0
        while more := os.read(read, 1 << 20):
            text += more.decode()
    finally:
        os.close(read)
    lines = [json.loads(line) for line in text.splitlines()]
    assert any("says" in line.get("text", "") for line in lines)
    server.release()


def test_a_log_whose_reader_has_gone_does_not_stop_the_service(serve):
    read, write = os.pipe()
    server = serve("hello", TCP, stderr=write)
    os.close(write)
    os.close(read)
    for _ in range(10):
        with server.caller() as sock:
            sock.sendall(b"anybody?")
            assert take(sock, 12) == b"Hello world!"
    server.kill()
    assert server.wait() == 0
    server.release()


# -- Ports that are taken -----------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["tcp", "udp", "unix", "unix-dgram"])
def test_a_place_in_use_is_told_with_who_holds_it(serve, tmp_path, scheme):
    place = f"{scheme}:{tmp_path}/socket" if scheme.startswith("unix") else f"{scheme}://127.0.0.1:0"
    holder = serve("echo", place)
    done = run("serve", "echo", holder.where)
    assert (done.returncode, done.stdout) == (1, "")
    sentence, who = done.stderr.splitlines()
    assert sentence.startswith(f"sockeye serve: server {holder.where}: Address already in use")
    assert who == f"{holder.where} is held by pid {holder.pid} (sockeye)"


def test_another_programs_port_is_told_with_its_name(serve):
    script = ("import socket, sys; s = socket.create_server(('127.0.0.1', 0)); "
              "print(s.getsockname()[1], flush=True); sys.stdin.read()")
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as other:
        port = int(other.stdout.readline())
        done = run("serve", "--json", "echo", f"tcp://127.0.0.1:{port}")
        other.stdin.close()
    told = json.loads(done.stderr)
    assert (done.returncode, told["event"], told["code"]) == (1, "failed", 1)
    assert told["why"].startswith(f"server tcp://127.0.0.1:{port}: Address already in use")
    assert re.search(rf"held by pid {other.pid} \(python", told["next"])


AGAIN = 5       # times: the kernel may end a killed process's business after it was waited for


@pytest.mark.parametrize("where", [TCP, "unix:{folder}/socket"], ids=["tcp", "unix"])
def test_a_place_is_free_again_at_once_after_a_kill_with_clients(serve, tmp_path, where):
    where = where.format(folder=tmp_path)
    for _ in range(AGAIN):
        server = serve("echo", where)
        assert where in (TCP, server.where)
        where = server.where
        callers = [server.caller() for _ in range(20)]
        assert all(says(caller) for caller in callers)
        server.kill(signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
    assert says(serve("echo", where).caller())


def test_a_port_is_free_again_at_once_after_a_drain(serve):
    where = TCP
    for _ in range(AGAIN):
        server = serve("echo", where)
        where = server.where
        callers = [server.caller() for _ in range(20)]
        assert all(says(caller) for caller in callers)
        server.kill()
        for caller in callers:
            caller.close()
        assert server.wait() == 0
    assert says(serve("echo", where).caller())
