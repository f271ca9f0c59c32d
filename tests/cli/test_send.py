# SPDX-License-Identifier: MIT
"""One message, one reply: send's words, its replies over streams and by datagram, its limits and exit codes."""
import contextlib
import os
import re
import socket
import subprocess
import threading
import time

import pytest
from conftest import COMMAND, LIMIT, environment, rest, take
from fault import SOAK
from talks import MIB, answering, digest, name_of, pieces, spoken, talk, until, written  # noqa: F401

DATAGRAM = {"kind": socket.SOCK_DGRAM}


class Listener:
    """Hears all to our end, and answers."""

    def __init__(self, reply=b""):
        self.reply, self.heard = reply, []

    def __call__(self, sock):
        self.heard.append(rest(sock))
        sock.sendall(self.reply)


def said(*words, data=b"", **more):
    """What arrives of a command line."""
    listener = Listener(**more)
    with answering(listener) as where:
        done = spoken("send", *[where if word is None else word for word in words], data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    return listener.heard[0]


# -- The message --------------------------------------------------------------------------


@pytest.mark.parametrize("words, message", [
    ([None, "hello"], b"hello"),
    ([None, "hello", "world"], b"hello world"),
    ([None, " two  spaces ", ""], b" two  spaces  "),
    ([None, ""], b""),
    ([None, "", ""], b" "),
    ([None, r"a\nb%s\0"], rb"a\nb%s\0"),
    ([None, "straße\n"], "straße\n".encode()),
    ([None, "-l", "hello"], b"hello\n"),
    (["--newline", None, "a", "b"], b"a b\n"),
    (["-l", None, ""], b"\n"),
    ([None, "--", "-l", "--", "-"], b"-l -- -"),
    ([None, "--", "-"], b"-"),
    (["--", None, "--help"], b"--help"),
    ([None, "one", "--", "--two"], b"one --two"),
])
def test_a_text_is_sent_exactly(words, message):
    assert said(*words) == message


@pytest.mark.parametrize("data", [b"", b"\0\xff\r\n", bytes(range(256)) * 1000], ids=["empty", "bytes", "long"])
def test_a_hyphen_is_all_of_standard_input(data):
    assert said(None, "-", data=data) == data
    assert said(None, "-l", "-", data=data) == data + b"\n"


def test_a_long_message_and_its_echo_do_not_wait_for_each_other():
    def echo(sock):
        while data := sock.recv(65536):
            sock.sendall(data)

    data = b"".join(pieces(16 * MIB))
    with answering(echo) as where:
        done = spoken("send", where, "-", data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert digest(done.stdout) == digest(data)


# -- Replies of a stream ----------------------------------------------------------------------


@pytest.mark.parametrize("reply", [b"", b"reply", b"reply\n\n", b"\0\xff\x1b[2J", bytes(range(256)) * 5000],
                         ids=["empty", "word", "lines", "bytes", "long"])
def test_a_reply_is_printed_exactly(reply):
    with answering(Listener(reply)) as where:
        done = spoken("send", where, "text")
    assert (done.returncode, done.stdout, done.stderr) == (0, reply, b"")


class Endless:
    """Answers what it hears first, and does not end."""

    def __init__(self, *replies):
        self.replies, self.over = replies, threading.Event()

    def __call__(self, sock):
        take(sock, 4)
        for reply in self.replies:
            sock.sendall(reply)
        with contextlib.suppress(ConnectionResetError):
            rest(sock)                  # until send has gone


@pytest.mark.parametrize("options, replies, printed", [
    (["--reply", "5"], [b"abcdefgh"], b"abcde"),
    (["-n", "5"], [b"ab", b"cd", b"efgh"], b"abcde"),
    (["--reply=8"], [b"abcdefgh"], b"abcdefgh"),
    (["--reply", "64k"], [bytes(100000)], bytes(65536)),
    (["--line"], [b"one\ntwo\n"], b"one\n"),
    (["--line"], [b"o", b"n", b"e", b"\n"], b"one\n"),
    (["--line"], [b"\n"], b"\n"),
    (["--line"], [b"x" * 200000 + b"\nmore"], b"x" * 200000 + b"\n"),
], ids=lambda value: str(value)[:30])
def test_a_reply_that_is_told_ends_before_the_peer_does(options, replies, printed):
    with answering(Endless(*replies)) as where:
        done = spoken("send", *options, where, "text")
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, b"")


@pytest.mark.parametrize("options, reply, words", [
    (["--reply", "5"], b"abc", "the peer ended after 3 of 5 bytes"),
    (["--reply", "5"], b"", "the peer ended after 0 of 5 bytes"),
    (["--line"], b"abc", "the peer ended before its line did"),
])
def test_a_reply_that_is_too_short_is_printed_and_told(options, reply, words):
    with answering(lambda sock: (take(sock, 4), sock.sendall(reply))) as where:
        done = spoken("send", *options, where, "text")
    assert (done.returncode, done.stdout) == (1, reply)
    assert words in done.stderr.decode()


def test_the_end_of_the_message_is_told_only_where_it_is_needed():
    """One that wants a line may be asked for more, and hears no end."""
    ends = []

    def work(sock):
        take(sock, 4)
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            ends.append(sock.recv(1))
        sock.sendall(b"line\n")

    with answering(work, callers=2) as where:
        assert spoken("send", "--line", where, "text").stdout == b"line\n"
        assert ends == []
        assert spoken("send", where, "text").stdout == b"line\n"
    assert ends == [b""]


# -- As Python prints it ----------------------------------------------------------------------


@pytest.mark.parametrize("reply", [b"", b"Hello, world", b"it's", b"'\"", bytes(range(256)), "é\n".encode()])
def test_python_prints_a_stream_as_python_does(reply):
    with answering(Listener(reply)) as where:
        done = spoken("send", "--python", where, "text")
    assert (done.returncode, done.stdout) == (0, f"{reply!r}\n".encode())


@pytest.mark.parametrize("kind", ["IPv4", "IPv6", "path", "abstract"])
@pytest.mark.parametrize("reply", [b"", b"Hello, world", bytes(range(256))])
def test_python_prints_a_datagram_and_its_sender_as_python_does(kind, reply, tmp_path):
    """Python is asked the same, and its answer is the measure."""
    def work(sock):
        for _ in range(2):
            who = sock.recvfrom(65536)[1]
            sock.sendto(reply, who)

    family = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6}.get(kind, socket.AF_UNIX)
    with socket.socket(family, socket.SOCK_DGRAM) as server, socket.socket(family, socket.SOCK_DGRAM) as client:
        server.settimeout(LIMIT)
        client.settimeout(LIMIT)
        server.bind({"IPv4": ("127.0.0.1", 0), "IPv6": ("::1", 0), "path": str(tmp_path / "s"),
                     "abstract": f"\0{tmp_path}/s"}[kind])
        thread = threading.Thread(target=work, args=[server])
        thread.start()
        client.bind({"path": str(tmp_path / "c"), "abstract": f"\0{tmp_path}/c"}.get(kind, ("", 0)))
        client.sendto(b"text", server.getsockname())
        expected = repr(client.recvfrom(65536))
        where = f"unix-dgram:@{tmp_path}/s" if kind == "abstract" else name_of(server)
        done = spoken("send", "--python", where, "text")
        thread.join(LIMIT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == expected + "\n"


# -- Datagrams --------------------------------------------------------------------------------


def answer_at(n, heard, reply=b"reply"):
    """Answers the n-th datagram and none before."""
    def work(sock):
        while len(heard) < n:
            data, who = sock.recvfrom(1 << 18)
            heard.append(data)
        sock.sendto(reply, who)
    return work


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 9000, 65507])
def test_a_datagram_and_its_reply_are_whole(size):
    data, heard = b"".join(pieces(size)), []
    with answering(answer_at(1, heard, data[::-1]), **DATAGRAM) as where:
        done = spoken("send", where, "-", data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (heard, done.stdout) == ([data], data[::-1])


def test_a_unix_datagram_may_be_longer_than_any_of_udp(tmp_path):
    data, heard = b"".join(pieces(150000)), []
    with answering(answer_at(1, heard, data[::-1]), at=f"{tmp_path}/s", **DATAGRAM) as where:
        done = spoken("send", where, "-", data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert digest(heard[0]) == digest(data) and digest(done.stdout) == digest(data[::-1])


def test_a_datagram_that_is_too_long_to_be_read_is_told(tmp_path, talk):
    """Only with privilege can one be sent that is not read whole: never is a part taken for the whole."""
    def work(sock):
        for _ in range(2):
            sock.sendto(bytes(1500000), sock.recvfrom(100)[1])

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.bind(f"{tmp_path}/s")
        try:
            sock.setsockopt(socket.SOL_SOCKET, 32, 8 * MIB)     # SO_SNDBUFFORCE
        except PermissionError:
            pytest.skip("needs privilege")
        thread = threading.Thread(target=work, args=[sock])
        thread.start()
        done = spoken("send", name_of(sock), "text")
        ours = talk("connect", name_of(sock))
        ours.say(b"text")
        for code, out, err in [(done.returncode, done.stdout, done.stderr.decode()), (ours.wait(), ours.said, ours.complaint)]:
            assert (code, out) == (1, b"")
            assert f"recv unix-dgram:{tmp_path}/s: a datagram of 1500000 bytes, more than the 1048576 " in err
        thread.join(LIMIT)


@pytest.mark.parametrize("options, n", [([], 4), (["--retry", "1"], 2), (["-r", "2"], 3)])
def test_a_datagram_is_sent_again_and_that_is_told(options, n):
    heard = []
    with answering(answer_at(n, heard), **DATAGRAM) as where:
        done = spoken("send", "--timeout", "300ms", *options, where, "text")
    assert (done.returncode, done.stdout) == (0, b"reply")
    assert heard == [b"text"] * n
    assert done.stderr.decode().splitlines() == [f"no reply within 300ms: sent again ({i} of {n - 1})"
                                                 for i in range(1, n)]


@pytest.mark.parametrize("options, n", [([], 4), (["--retry", "off"], 1), (["--retry=2"], 3)])
def test_a_datagram_that_nobody_answers_is_exit_5(options, n):
    heard = []
    with answering(lambda sock: [heard.append(sock.recv(100)) for _ in range(n)], **DATAGRAM) as where:
        done = spoken("send", "-t", "50ms", *options, where, "text")
        assert done.returncode == 5 and done.stdout == b""
    assert heard == [b"text"] * n
    assert done.stderr.count(b"sent again") == n - 1 and b"timed out after 50 ms" in done.stderr


def test_a_reply_of_somebody_else_is_none():
    def work(sock):
        who = sock.recvfrom(100)[1]
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.sendto(b"a lie", who)
        sock.sendto(b"the truth", who)

    with answering(work, **DATAGRAM) as where:
        assert spoken("send", where, "text").stdout == b"the truth"


# -- Limits -------------------------------------------------------------------------------------


def drip(sock):
    """A byte now and then, for longer than any limit here."""
    gone = threading.Event()
    deadline = time.monotonic() + LIMIT / 2
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            sock.sendall(b".")
            gone.wait(0.05)


@pytest.mark.parametrize("options", [[], ["--reply", "1m"], ["--line"]])
def test_a_peer_that_drips_ends_with_the_limit(options):
    with answering(drip) as where:
        began = time.monotonic()
        done = spoken("send", "--timeout", "2s", *options, where, "text")
        took = time.monotonic() - began
    assert done.returncode == 5 and set(done.stdout) == {ord(".")}
    assert "the reply was not over within 2s" in done.stderr.decode()
    assert 2.0 <= took < (2.2 if SOAK else LIMIT / 2)


def test_what_wait_leaves_is_not_added_to_the_limit():
    with answering(drip) as where:
        began = time.monotonic()
        done = spoken("send", "--wait", f"{LIMIT}s", "--timeout", "300ms", where, "text")
        took = time.monotonic() - began
    assert done.returncode == 5
    assert 0.3 <= took < LIMIT / 2


@pytest.mark.parametrize("takes", [False, True], ids=["reads nothing", "answers nothing"])
def test_a_peer_that_does_nothing_ends_with_the_limit(takes):
    go = threading.Event()
    with answering(lambda sock: (takes and rest(sock), go.wait(LIMIT))) as where:
        done = spoken("send", "--timeout", "300ms", where, "-", data=bytes(16 * MIB))
        go.set()
    assert (done.returncode, done.stdout) == (5, b"")


def test_without_a_limit_it_waits():
    go = threading.Event()
    with answering(lambda sock: (rest(sock), go.wait(LIMIT), sock.sendall(b"at last"))) as where:
        with subprocess.Popen([COMMAND, "send", "--timeout", "off", where, "text"], stdout=subprocess.PIPE,
                              env=environment(), stdin=subprocess.DEVNULL) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.3)
            go.set()
            assert process.communicate(timeout=LIMIT)[0] == b"at last"
    assert process.returncode == 0


# -- The server -------------------------------------------------------------------------------------


def test_wait_calls_until_the_server_is_there(talk, tmp_path):
    record = tmp_path / "record"
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)
        ours = talk("send", "--wait", "60s", "127.0.0.1:%d" % server.getsockname()[1], "text",
                    env={"SOCKEYE_TRACE": str(record)})
        until(lambda: written(record).count(b"ECONNREFUSED") + written(record).count(b'"close"') >= 2, "two calls in vain")
        server.listen()
        conn, _ = server.accept()
        with conn:
            assert rest(conn) == b"text"
            conn.sendall(b"reply")
    ours.ends(0)
    assert ours.said == b"reply"


def test_wait_has_an_end():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = spoken("send", "-w", "200ms", "127.0.0.1:%d" % nobody.getsockname()[1], "text")
    assert done.returncode == 4 and b"Connection refused" in done.stderr


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_source_is_where_the_call_comes_from(kind):
    heard = []

    def work(sock):
        if kind == socket.SOCK_DGRAM:
            heard.append(sock.recvfrom(100)[1][0])
            return
        heard.append(sock.getpeername()[0])
        rest(sock)

    with answering(work, kind=kind) as where:
        spoken("send", "--source", "127.0.0.2", "--timeout", "100ms", where, "text")
    assert heard == ["127.0.0.2"]


def test_socket_options_are_set(talk, tmp_path):
    record = tmp_path / "record"
    with answering(Listener(b"ok")) as where:
        done = talk("send", "-o", "rcvbuf=64k", "--option", "nodelay=on", where, "text",
                    env={"SOCKEYE_TRACE": str(record)})
        done.ends(0)
    asked = re.findall(rb'"call":"setsockopt".*?"arg":\[(\d+),(\d+),', written(record))
    assert {(b"1", b"8"), (b"6", b"1")} <= set(asked)


# -- Exit codes -----------------------------------------------------------------------------------------


def test_a_refused_call_is_exit_4():
    for kind, scheme in [(socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")]:
        with socket.socket(type=kind) as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            nobody.close() if kind == socket.SOCK_DGRAM else None
            done = spoken("send", f"{scheme}://127.0.0.1:{port}", "text")
        assert (done.returncode, done.stdout) == (4, b"")


def test_a_reset_is_exit_1():
    def work(sock):
        take(sock, 4)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with answering(work) as where:
        done = spoken("send", where, "text")
    assert done.returncode == 1 and b"reset by peer" in done.stderr


@pytest.mark.parametrize("options", [[], ["--python"]])
def test_an_output_that_is_closed_is_exit_1(options):
    with answering(Listener(bytes(MIB))) as where:
        done = subprocess.run(["bash", "-c", f"{COMMAND} send {' '.join(options)} {where} text | head -c1 | wc -c; "
                               'echo ${PIPESTATUS[0]}'], capture_output=True, text=True, timeout=LIMIT,
                              env=environment(), stdin=subprocess.DEVNULL)
    assert (done.stdout.split(), done.stderr) == (["1", "1"], "")
