# SPDX-License-Identifier: MIT
"""`sockeye nc` beside OpenBSD's nc: the same words on stderr, the same exit codes, the same bytes."""
import contextlib
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest
from conftest import COMMAND, LIMIT, Ear, environment, run
from talks import until

REAL = shutil.which("nc.openbsd")
needs_real = pytest.mark.skipif(not REAL, reason="no nc.openbsd here")
BOTH = [pytest.param((COMMAND, "nc"), id="sockeye"), pytest.param((REAL,), id="openbsd", marks=needs_real)]


def nc(*arguments, data=b"", program=(COMMAND, "nc")):
    return subprocess.run([*program, *map(str, arguments)], input=data, capture_output=True, timeout=LIMIT,
                          env=environment())


def real(*arguments):
    """OpenBSD's, by the name that it shows."""
    return subprocess.run(["nc", *map(str, arguments)], executable=REAL, input=b"", capture_output=True, timeout=LIMIT,
                          env=environment())


def free_port(kind=socket.SOCK_STREAM):
    """A port where nobody is."""
    with socket.socket(type=kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def listener(host="127.0.0.1"):
    with socket.create_server((host, 0)) as server:
        server.settimeout(LIMIT)
        yield server, server.getsockname()[1]


@contextlib.contextmanager
def waiting(*arguments, program=(COMMAND, "nc"), data=subprocess.DEVNULL):
    """A netcat that listens, once it has said so; and its ear."""
    with subprocess.Popen([*program, "-v", *map(str, arguments)], stdin=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment()) as process:
        ear = Ear(process.stderr)
        try:
            ear.wait(lambda: [line for line in ear.lines() if re.match("Listening|Bound", line)], "it listens")
            yield process, ear
        finally:
            process.kill()
            process.stdout.read()
            process.wait()
            ear.close()


def answering(server, reply=b"", first=b""):
    """Take one caller: say first, read to its end, say reply, close. The thread's result is what came."""
    said = []

    def answer():
        caller, _ = server.accept()
        with caller, contextlib.suppress(ConnectionError):     # a client that has heard enough
            caller.settimeout(LIMIT)
            caller.sendall(first)
            data = b""
            while more := caller.recv(65536):
                data += more
            said.append(data)
            caller.sendall(reply)
    thread = threading.Thread(target=answer)
    thread.start()
    return thread, said


def unread(pipe):
    """Bytes that wait in a pipe."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


# -- Words that scripts read --------------------------------------------------------------

REFUSED = {
    "refused": ["-v", "127.0.0.1", "{port}"],
    "refused without -v": ["127.0.0.1", "{port}"],
    "scan": ["-z", "127.0.0.1", "{port}"],
    "scan with -v": ["-vz", "127.0.0.1", "{port}"],
    "name": ["-v", "nobody.invalid", "80"],
    "name with -n": ["-vn", "localhost", "80"],
    "no port": ["127.0.0.1"],
    "port too large": ["127.0.0.1", "99999"],
    "port invalid": ["127.0.0.1", "nosuchservice"],
    "keep without listen": ["-k", "127.0.0.1", "{port}"],
    "scan and listen": ["-z", "-l", "-p", "{port}"],
    "no such path": ["-U", "/nowhere/at/all"],
}


@needs_real
@pytest.mark.parametrize("case", REFUSED)
def test_a_failure_is_told_in_the_same_words(case):
    arguments = [word.format(port=free_port()) for word in REFUSED[case]]
    ours, theirs = nc(*arguments), real(*arguments)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert ours.returncode == 1


@needs_real
@pytest.mark.parametrize("options", [["-zv"], ["-zvn"], ["-vz", "-4"], ["-z"]], ids=" ".join)
def test_a_success_is_told_in_the_same_words(options):
    with listener() as (server, port):
        ours, theirs = nc(*options, "127.0.0.1", port), real(*options, "127.0.0.1", port)
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr) and ours.returncode == 0
    assert (b"succeeded!" in ours.stderr) == ("-z" not in options)


@pytest.mark.parametrize("program", BOTH)
@pytest.mark.parametrize("options, said", [
    (["-n"], r"Listening on 127\.0\.0\.1 {port}\nConnection received on 127\.0\.0\.1 \d+\n"),
    ([], r"Listening on \S+ {port}\nConnection received on \S+ \d+\n")])
def test_a_listener_tells_where_it_is_and_who_calls(program, options, said):
    port = free_port()
    with waiting("-l", *options, "127.0.0.1", port, program=program) as (process, ear):
        with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
            sock.sendall(b"hello")
        assert process.stdout.read() == b"hello"
        assert process.wait(LIMIT) == 0
        ear.thread.join(LIMIT)
        assert re.fullmatch(said.format(port=port), ear.said.decode())


def test_some_ports_of_a_range_are_enough():
    with listener() as (server, port):
        done = nc("-vzn", "127.0.0.1", f"{port - 1}-{port}")
        assert done.returncode == 0
        assert f"nc: connect to 127.0.0.1 port {port - 1} (tcp) failed: Connection refused\n".encode() in done.stderr
        assert f"Connection to 127.0.0.1 {port} port [tcp/*] succeeded!\n".encode() in done.stderr
        turned = nc("-zn", "127.0.0.1", f"{port}-{port}")
    assert turned.returncode == 0


@pytest.mark.parametrize("option, value", [("-q", "soon"), ("-w", "x"), ("-i", "-1"), ("-w", "0"), ("-s", ""), ("-p", ""),
                                           ("-e", ""), ("-q", "0."), ("--timeout", "1y"), ("--interval", "x"), ("--quit", "1.5s")])
def test_a_wrong_value_is_told_in_two_lines(option, value):
    done = nc(option, value, "127.0.0.1", "1")
    lines = done.stderr.decode().split("\n")
    assert (done.returncode, done.stdout, len(lines)) == (1, b"", 3)
    assert lines[0].startswith(f"sockeye nc: {option} '{value}': ") and lines[1].startswith("usage: sockeye nc ")


@pytest.mark.parametrize("arguments", [[], ["-l"], ["a", "1", "b"], ["-4", "-6", "a", "1"], ["-U"], ["-U", "a", "b"],
                                       ["-U", "-4", "a"], ["-e", "cat", "-z", "a", "1"], ["-Q"], ["--lsten"]])
def test_a_wrong_command_line_is_refused(arguments):
    done = nc(*arguments)
    assert (done.returncode, done.stdout) == (1, b"") and done.stderr


# -- Conversations ----------------------------------------------------------------------------


@pytest.mark.parametrize("program", BOTH)
def test_the_end_of_input_is_told_with_N(program):
    with listener() as (server, port):
        thread, said = answering(server, reply=b"reply\n")
        done = nc("-N", "127.0.0.1", port, data=b"request\n", program=program)
        thread.join(LIMIT)
    assert (done.returncode, done.stdout, done.stderr, said) == (0, b"reply\n", b"", [b"request\n"])


def test_without_N_the_peer_hears_no_end_until_its_own():
    with listener() as (server, port):
        with subprocess.Popen([COMMAND, "nc", "127.0.0.1", str(port)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, env=environment()) as process:
            caller, _ = server.accept()
            with caller:
                caller.setblocking(False)
                with pytest.raises(BlockingIOError):
                    caller.recv(1)
                caller.setblocking(True)
                caller.sendall(b"reply")
                caller.shutdown(socket.SHUT_WR)
                assert process.stdout.read() == b"reply"
            assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("quit", ["200ms", "1"])
def test_q_ends_it_after_so_much_silence(quit):
    with listener() as (server, port):
        done = nc("-q", quit, "127.0.0.1", port, data=b"x")
        caller, _ = server.accept()
        with caller:
            assert caller.recv(10) == b"x" and caller.recv(10) == b""
    assert (done.returncode, done.stderr) == (0, b"")


def test_w_ends_it_when_both_are_silent():
    with listener() as (server, port):
        read, write = os.pipe()
        with open(read, "rb") as stdin, open(write, "wb"):
            began = time.monotonic()
            done = subprocess.run([COMMAND, "nc", "-w", "300ms", "127.0.0.1", str(port)], stdin=stdin,
                                  capture_output=True, timeout=LIMIT, env=environment())
            assert (done.returncode, done.stdout) == (0, b"") and time.monotonic() - began >= 0.3


def test_C_sends_carriage_returns_and_i_waits_between_lines():
    with listener() as (server, port):
        thread, said = answering(server)
        began = time.monotonic()
        assert nc("-N", "-C", "-i", "50ms", "127.0.0.1", port, data=b"one\ntwo\nthree\n").returncode == 0
        thread.join(LIMIT)
    assert said == [b"one\r\ntwo\r\nthree\r\n"] and time.monotonic() - began >= 0.1


def test_s_and_p_say_where_the_call_comes_from():
    own = free_port()
    with listener() as (server, port):
        with subprocess.Popen([COMMAND, "nc", "-N", "-s", "127.0.0.2", "-p", str(own), "127.0.0.1", str(port)],
                              stdin=subprocess.DEVNULL, env=environment()) as process:
            caller, address = server.accept()
            caller.close()
            assert process.wait(LIMIT) == 0
    assert address == ("127.0.0.2", own)


@pytest.mark.parametrize("family, option", [("127.0.0.1", "-4"), ("::1", "-6")])
def test_4_and_6_choose_the_family(family, option):
    with socket.socket(socket.AF_INET6 if ":" in family else socket.AF_INET) as server:
        server.bind((family, 0))
        server.listen()
        server.settimeout(LIMIT)
        thread, said = answering(server)
        done = nc(option, "-N", "-v", "localhost", server.getsockname()[1], data=b"x")
        thread.join(LIMIT)
    assert (done.returncode, said) == (0, [b"x"]) and f"({family})".encode() in done.stderr


@pytest.mark.parametrize("program", BOTH)
def test_e_lets_a_program_talk(program):
    if program == (REAL,):
        pytest.skip("it knows no -e")
    port = free_port()
    with waiting("-l", "-e", "tr a-z A-Z", "127.0.0.1", port) as (process, ear):
        with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
            sock.sendall(b"shout\n")
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b"SHOUT\n"
        assert process.wait(LIMIT) == 0


def test_k_serves_one_caller_after_the_other():
    port = free_port()
    with waiting("-lk", "127.0.0.1", port) as (process, ear):
        for word in (b"one\n", b"two\n", b"three\n"):
            with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
                sock.sendall(word)
            assert process.stdout.readline() == word


@pytest.mark.parametrize("options", [[], ["-k"]], ids=["one", "many"])
def test_datagrams_are_heard_of_the_first_sender_or_of_all(options):
    port = free_port(socket.SOCK_DGRAM)
    with waiting("-lu", *options, "127.0.0.1", port) as (process, ear):
        with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
            first.connect(("127.0.0.1", port))
            first.send(b"first\n")
            assert process.stdout.readline() == b"first\n"
            if options:
                second.sendto(b"second\n", ("127.0.0.1", port))
                assert process.stdout.readline() == b"second\n"
            first.send(b"again\n")
            assert process.stdout.readline() == b"again\n"


def test_datagrams_go_and_come():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)

        def answer():
            data, sender = server.recvfrom(100)
            server.sendto(data.upper(), sender)
        thread = threading.Thread(target=answer)
        thread.start()
        done = nc("-u", "-w", "1", "127.0.0.1", server.getsockname()[1], data=b"hello")
        thread.join(LIMIT)
    assert (done.returncode, done.stdout) == (0, b"HELLO")


def test_a_scan_over_udp_believes_what_the_host_says():
    closed = nc("-zuv", "127.0.0.1", free_port(socket.SOCK_DGRAM))
    assert closed.returncode == 1 and b"(udp) failed: Connection refused" in closed.stderr
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        there = nc("-zuv", "127.0.0.1", server.getsockname()[1])
    assert there.returncode == 0 and b"[udp/*] succeeded!" in there.stderr


@pytest.mark.parametrize("name", ["{folder}/a socket%41", "@sockeye-{pid}"])
@pytest.mark.parametrize("kind", [[], ["-u"]], ids=["stream", "datagrams"])
def test_unix_sockets_by_path_and_by_name(tmp_path, name, kind):
    where = name.format(folder=tmp_path, pid=os.getpid())
    with waiting("-lU", *kind, where) as (process, ear):
        done = nc("-NU", *kind, "-w", "1", where, data=b"through\n")
        assert done.returncode == 0, done
        assert process.stdout.readline() == b"through\n"


def test_what_comes_to_a_reader_that_has_gone_ends_it():
    with listener() as (server, port):
        thread, said = answering(server, first=b"x" * (1 << 20))
        with subprocess.Popen([COMMAND, "nc", "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment()) as process:
            process.stdout.read(1)
            process.stdout.close()
            assert process.wait(LIMIT) == 1 and process.stderr.read() == b""
        thread.join(LIMIT)


def test_a_link_by_its_name_is_nc(tmp_path):
    link = tmp_path / "nc"
    link.symlink_to(COMMAND)
    done = subprocess.run([link], capture_output=True, text=True, timeout=LIMIT, env=environment())
    assert (done.returncode, done.stderr) == (1, "nc: missing destination\n")


def test_a_line_that_never_ends_holds_nobody_up():
    """With -i a line is sent whole, and its end is waited for; but no longer than the peer is there."""
    port = free_port()
    read, write = os.pipe()
    with open(read, "rb") as stdin, open(write, "wb", buffering=0) as said:
        said.write(b"no newline")
        with waiting("-l", "-i", "50ms", "127.0.0.1", port, data=stdin) as (process, ear):
            with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
                sock.sendall(b"bye")
                until(lambda: unread(stdin) == 0, "all is read")
            assert process.stdout.read() == b"bye"
            assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("options", [["--raw"], ["--verbose"]], ids=" ".join)
def test_what_comes_into_a_pipe_is_never_changed(options):
    with listener() as (server, port):
        thread, said = answering(server, reply=bytes(range(256)))
        done = nc("-N", *options, "127.0.0.1", port)
        thread.join(LIMIT)
    assert (done.returncode, done.stdout) == (0, bytes(range(256)))
    assert (b"succeeded!" in done.stderr) == (options == ["--verbose"])


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_no_failure(option):
    done = run("nc", option)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("usage: sockeye nc ")
