# SPDX-License-Identifier: MIT
"""What each service answers, over every transport it has, asked by Python's own socket."""
import datetime
import random
import re
import socket
import struct
import time

import pytest
from conftest import LIMIT, rest, take, talk

STREAMS = ["tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://localhost:0", "unix:{folder}/socket", "unix:"]
DATAGRAMS = ["udp://127.0.0.1:0", "udp://[::1]:0", "unix-dgram:{folder}/socket", "unix-dgram:"]
SINCE_1900 = 2208988800
TEXT = "Hello, Straße ŉ ﬃ ΐ — Ελλάς 𐐨! ".encode()


@pytest.fixture(params=STREAMS)
def stream(request, tmp_path):
    return request.param.format(folder=tmp_path)


@pytest.fixture(params=DATAGRAMS)
def datagram(request, tmp_path):
    return request.param.format(folder=tmp_path)


def shout(data):
    return data.decode().upper().encode()


# -- Streams ------------------------------------------------------------------


def test_echo_returns_everything_and_then_the_end(serve, stream):
    data = random.Random(1).randbytes(3_000_000)
    with serve("echo", stream).caller() as sock:
        assert talk(sock, data) == data


def test_upper_answers_as_python_does(serve, stream):
    data = TEXT * 20_000
    with serve("upper", stream).caller() as sock:
        assert talk(sock, data) == shout(data)


def test_hello_greets_first_and_shows_what_it_hears(serve, stream):
    server = serve("hello", stream)
    with server.caller() as sock:
        assert take(sock, 12) == b"Hello world!"
        sock.sendall(b"hi\n\x1b[31m\xff")
        server.wait_text(re.escape(r"says b'hi\n\x1b[31m\xff'"))
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""


def test_accept_tells_who_came_and_holds_the_connection(serve, stream):
    server = serve("accept", stream)
    with server.caller() as sock:
        name = repr(sock.getsockname()) if sock.family == socket.AF_INET else ""
        server.wait_text(r"^Connection from .*" + re.escape(name) + r".* has been established\.$")
        sock.sendall(b"not seen")
        assert server.wait_stats(lambda stats: stats["bytes_in"] == 8)["clients"] == 1
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""


def test_discard_takes_all_and_says_nothing(serve, stream):
    server = serve("discard", stream)
    with server.caller() as sock:
        assert talk(sock, bytes(1_000_000)) == b""
    assert server.wait_stats(lambda stats: stats["closed"] == 1)["bytes_in"] == 1_000_000


def test_chargen_sends_lines_that_begin_one_character_further_on(serve, stream):
    printable = bytes(range(32, 127))
    lines = b"".join((printable * 2)[i % 95:i % 95 + 72] + b"\r\n" for i in range(5000))
    with serve("chargen", stream).caller() as sock:
        assert take(sock, len(lines)) == lines


def test_daytime_is_a_line_of_text_and_the_end(serve, stream):
    before = datetime.datetime.now().replace(microsecond=0)
    with serve("daytime", stream).caller() as sock:
        line = rest(sock).decode("ascii")
    assert line.endswith("\r\n")
    told = datetime.datetime.strptime(line.rpartition("-")[0], "%A, %B %d, %Y %H:%M:%S")
    assert before <= told <= datetime.datetime.now()


def test_time_is_the_seconds_since_1900_in_four_bytes_and_the_end(serve, stream):
    before = int(time.time())
    with serve("time", stream).caller() as sock:
        answer = rest(sock)
    assert before <= struct.unpack(">I", answer)[0] - SINCE_1900 <= time.time()


# -- Datagrams ----------------------------------------------------------------


def ask(sock, data):
    sock.send(data)
    return sock.recv(70_000)


def test_echo_returns_each_datagram(serve, datagram):
    with serve("echo", datagram).caller() as sock:
        for n in (0, 1, 2, 1000, 1472, 9000, 65507):
            data = random.Random(n).randbytes(n)
            assert ask(sock, data) == data


def test_upper_answers_each_datagram_as_python_does(serve, datagram):
    with serve("upper", datagram).caller() as sock:
        for data in (b"", b"a", b"hello", TEXT, TEXT * 30):
            assert ask(sock, data) == shout(data)


def test_hello_answers_a_datagram_and_shows_it(serve, datagram):
    server = serve("hello", datagram)
    with server.caller() as sock:
        assert ask(sock, b"Hello world!") == b"Hello world!"
        server.wait_text(r"^Message from: .*: b'Hello world!'$")


def test_discard_answers_no_datagram(serve, datagram):
    server = serve("discard", datagram)
    with server.caller() as sock:
        for _ in range(10):
            sock.send(b"x")
        server.wait_stats(lambda stats: stats["datagrams_in"] == 10)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


def test_chargen_answers_a_datagram_with_whole_lines(serve, datagram):
    with serve("chargen", datagram).caller() as sock:
        answer = ask(sock, bytes(200))
    assert 0 < len(answer) <= 512
    assert answer.endswith(b"\r\n") and len(answer) % 74 == 0


def test_daytime_and_time_answer_any_datagram(serve, datagram, tmp_path):
    other = datagram.replace("/socket", "/other")
    server = serve("daytime", datagram, "--", "time", other)
    with server.caller(0) as sock:
        assert re.fullmatch(rb"\w+, \w+ \d+, \d{4} \d\d:\d\d:\d\d-\w+\r\n", ask(sock, b"what time is it, please?"))
    with server.caller(1) as sock:
        assert abs(struct.unpack(">I", ask(sock, b""))[0] - SINCE_1900 - time.time()) < LIMIT


# -- Cuts, crowds, and who waits for whom -----------------------------------------


@pytest.mark.parametrize("service", ["echo", "upper"])
def test_a_stream_may_be_cut_anywhere(serve, service):
    expected = TEXT if service == "echo" else shout(TEXT)
    server = serve(service, "tcp://127.0.0.1:0")
    for cut in range(1, len(TEXT)):
        with server.caller(options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]) as sock:
            sock.sendall(TEXT[:cut])
            whole = TEXT[:cut].decode(errors="ignore")
            said = take(sock, cut if service == "echo" else len(whole.upper().encode()))
            sock.sendall(TEXT[cut:])
            sock.shutdown(socket.SHUT_WR)
            assert said + rest(sock) == expected


def test_bytes_may_come_one_by_one(serve):
    with serve("upper", "tcp://127.0.0.1:0").caller(options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]) as sock:
        for byte in TEXT:
            sock.send(bytes([byte]))
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == shout(TEXT)


def test_a_thousand_callers_at_once_each_get_their_own(serve):
    server = serve("echo", "tcp://127.0.0.1:0")
    callers = [server.caller() for _ in range(1000)]
    for round_ in range(2):
        for i, sock in enumerate(callers):
            sock.sendall(b"%d of caller %d" % (round_, i))
        for i, sock in enumerate(callers):
            said = b"%d of caller %d" % (round_, i)
            assert take(sock, len(said)) == said
    stats = server.stats()
    assert (stats["clients"], stats["accepted"], stats["closed"]) == (1000, 1000, 0)
    for sock in callers:
        sock.close()
    server.wait_stats(lambda stats: (stats["clients"], stats["closed"]) == (0, 1000))


def test_callers_that_are_silent_or_do_not_read_block_nobody(serve):
    server = serve("--workers", "1", "echo", "tcp://127.0.0.1:0", "--", "chargen", "tcp://127.0.0.1:0")
    silent, greedy, deaf = server.caller(0), server.caller(0), server.caller(1)
    greedy.setblocking(False)
    sent = 0
    while not server.stats()["stalls"]:         # it never reads what comes back
        try:
            sent += greedy.send(bytes(1 << 20))
        except BlockingIOError:
            continue
    with server.caller(0) as sock:
        assert talk(sock, TEXT) == TEXT
    greedy.setblocking(True)
    greedy.settimeout(LIMIT)
    greedy.shutdown(socket.SHUT_WR)
    assert len(rest(greedy)) == sent
    silent.sendall(b"at last")
    assert take(silent, 7) == b"at last"
    deaf.close()
