# SPDX-License-Identifier: MIT
"""Each program of the lectures against plain sockets of this process.

Here the very bytes are seen, and ports are known, so that nothing is masked.
Every test runs for the C example and for its Python twin alike.
"""
import signal
import socket

from conftest import rest, take

EVERY_BYTE = bytes(range(256))
AWKWARD = b"it's \"two\" \\ \n\t\r\x00\x7f\xff"


def test_tcp_echo_client_sends_its_text_and_shows_the_answer_as_bytes(stage, kind):
    listener = stage.listener(65432)
    client = stage.start(kind, "tcp-echo-client", stage.at(65432))
    conn = stage.keep(listener.accept()[0])
    assert take(conn, 12) == b"Hello, world"
    client.drain()
    assert client.said == b""
    conn.sendall(AWKWARD[:12])
    assert rest(conn) == b""
    assert client.end() == 0
    assert client.said.decode() == f"Received {AWKWARD[:12]!r}\n"


def test_tcp_echo_server_echoes_every_byte_to_one_caller_and_ends(stage, kind):
    server = stage.serve(kind, "tcp-echo-server", stage.at(65432))
    conn = stage.caller(65432)
    server.wait_lines(1)
    for data in (b"x", EVERY_BYTE, EVERY_BYTE * 40):
        conn.sendall(data)
        assert take(conn, len(data)) == data
    conn.shutdown(socket.SHUT_WR)
    assert rest(conn) == b""
    assert server.end() == 0
    assert server.said.decode() == f"Connected by {conn.getsockname()}\n"


def test_udp_echo_client_sends_one_datagram_and_shows_the_pair(stage, kind):
    oracle = stage.datagrams(65432)
    client = stage.start(kind, "udp-echo-client", stage.at(65432))
    data, sender = oracle.recvfrom(65536)
    assert data == b"Hello, world"
    oracle.sendto(AWKWARD, sender)
    assert client.end() == 0
    pair = (AWKWARD, (stage.host, 65432))
    assert client.said.decode() == f"Sending message to server\nReceived {pair}\n"


def test_udp_echo_server_shows_and_echoes_each_datagram_also_an_empty_one(stage, kind):
    server = stage.serve(kind, "udp-echo-server", stage.at(65432))
    oracle = stage.datagrams()
    expected = f"Server listening: {stage.host} 65432\n"
    for data in (b"Hello, world", AWKWARD, b"", EVERY_BYTE * 4, b"still here"):
        oracle.sendto(data, (stage.host, 65432))
        assert oracle.recvfrom(65536) == (data, (stage.host, 65432))
        expected += f"Received from client: {(data, oracle.getsockname())}\n"
        expected += f"Sent to client: {data} {len(data)}\n"
    server.wait_lines(expected.count("\n"))
    assert server.said.decode() == expected
    server.signal(signal.SIGTERM)


def test_udp_echo_server_keeps_1024_bytes_of_the_largest_datagram(stage, kind):
    stage.serve(kind, "udp-echo-server", stage.at(65432))
    oracle = stage.datagrams()
    oracle.sendto(b"y" * 65507, (stage.host, 65432))
    assert oracle.recv(65536) == b"y" * 1024


def test_tcp_upper_client_connects_first_and_sends_the_line_without_its_end(stage, kind):
    listener = stage.listener(12000)
    client = stage.start(kind, "tcp-upper-client", stage.at(12000))
    conn = stage.keep(listener.accept()[0])
    client.wait_said(b"Input lowercase sentence:")
    line = "grüße an alle"
    client.type(line.encode() + b"\nnever sent\n")
    assert take(conn, len(line.encode())) == line.encode()
    conn.sendall("ANY ANSWER µ".encode())
    conn.shutdown(socket.SHUT_WR)
    assert rest(conn) == b""
    assert client.end() == 0
    assert client.said.decode() == "Input lowercase sentence:From Server: ANY ANSWER µ\n"


def test_tcp_upper_server_answers_one_piece_and_closes(stage, kind):
    server = stage.serve(kind, "tcp-upper-server", stage.at(12000))
    for text in ("hello", "straße ŉ", "Σίσυφος", "one\ntwo\n", "x" * 1000):
        conn = stage.caller(12000)
        conn.sendall(text.encode())
        assert rest(conn) == text.upper().encode()
        conn.close()
    assert server.wait_lines(1) == b"The server is ready to receive\n"


def test_tcp_upper_server_serves_one_caller_after_the_other(stage, kind):
    server = stage.serve(kind, "tcp-upper-server", stage.at(12000))
    first = stage.caller(12000)
    server.wait_call("accept", times=1)
    second = stage.caller(12000)
    second.sendall(b"second")
    first.sendall(b"first")
    assert rest(first) == b"FIRST"
    assert rest(second) == b"SECOND"


def test_udp_upper_client_sends_the_line_as_one_datagram(stage, kind):
    oracle = stage.datagrams(12000)
    client = stage.start(kind, "udp-upper-client", stage.at(12000))
    line = "a" * 65507
    client.type(line.encode() + b"\n")
    data, sender = oracle.recvfrom(65536)
    assert data == line.encode()
    oracle.sendto("ANY ANSWER µ".encode(), sender)
    assert client.end() == 0
    assert client.said.decode() == "Input lowercase sentence:ANY ANSWER µ\n"


def test_udp_upper_server_answers_each_datagram(stage, kind):
    server = stage.serve(kind, "udp-upper-server", stage.at(12000))
    callers = [stage.datagrams(), stage.datagrams()]
    for text in ("hello", "straße ŉ", "", "Σίσυφος", "x" * 2048):
        for caller in callers:
            caller.sendto(text.encode(), (stage.host, 12000))
            assert caller.recvfrom(65536) == (text.upper().encode(), (stage.host, 12000))
    assert server.wait_lines(1) == b"The server is ready to receive\n"


def test_accept_server_keeps_only_the_newest_caller(stage, kind):
    server = stage.serve(kind, "accept-server", stage.at(1234))
    expected, before = "", None
    for n in range(1, 4):
        caller = stage.caller(1234)
        expected += f"Connection from {caller.getsockname()} has been established.\n"
        assert server.wait_lines(n).decode() == expected
        if before:
            assert rest(before) == b""
        before = caller
    before.setblocking(False)
    try:
        assert before.recv(1) is None, "the newest was closed"
    except BlockingIOError:
        pass


def test_connect_client_connects_and_leaves_without_a_byte(stage, kind):
    listener = stage.listener(1234)
    client = stage.start(kind, "connect-client", stage.at(1234))
    assert rest(stage.keep(listener.accept()[0])) == b""
    assert client.end() == 0
    assert client.said == b""


def test_greet_server_greets_each_caller_and_closes(stage, kind):
    server = stage.serve(kind, "greet-server", stage.at(1234))
    for n in (1, 2):
        caller = stage.caller(1234)
        assert rest(caller) == b"Welcome to the server!"
        line = f"Connection from {caller.getsockname()} has been established."
        assert server.wait_lines(n).decode().splitlines()[n - 1] == line


def test_greet_client_shows_the_greeting(stage, kind):
    listener = stage.listener(1234)
    client = stage.start(kind, "greet-client", stage.at(1234))
    conn = stage.keep(listener.accept()[0])
    conn.sendall("Grüß Gott".encode())
    conn.shutdown(socket.SHUT_WR)
    assert rest(conn) == b""
    assert client.end() == 0
    assert client.said.decode() == "Grüß Gott\n"


def test_lab_echo_server_echoes_to_one_caller_after_the_other(stage, kind):
    server = stage.serve(kind, "lab-echo-server", stage.at(1234))
    for n in (1, 2):
        caller = stage.caller(1234)
        caller.sendall(EVERY_BYTE * 8)
        assert take(caller, 2048) == EVERY_BYTE * 8
        caller.shutdown(socket.SHUT_WR)
        assert rest(caller) == b""
        line = f"Connection from {caller.getsockname()} has been established."
        assert server.wait_lines(n).decode().splitlines()[n - 1] == line


def test_lab_echo_client_sends_its_message_and_shows_the_echo(stage, kind):
    listener = stage.listener(1234)
    client = stage.start(kind, "lab-echo-client", stage.at(1234))
    conn = stage.keep(listener.accept()[0])
    assert take(conn, 19) == b"Hello, echo server!"
    conn.sendall(b"HELLO, ECHO SERVER!")
    assert rest(conn) == b""
    assert client.end() == 0
    assert client.said == b"HELLO, ECHO SERVER!\n"


def test_tcp_hello_client_says_hello_before_it_hears_any(stage, kind):
    listener = stage.listener(1337)
    client = stage.start(kind, "tcp-hello-client", stage.at(1337))
    conn = stage.keep(listener.accept()[0])
    assert take(conn, 12) == b"Hello world!"
    conn.sendall(b"Good day")
    conn.shutdown(socket.SHUT_WR)
    assert rest(conn) == b""
    assert client.end() == 0
    assert client.said == b"Good day\n"


def test_tcp_hello_server_says_hello_before_it_hears_any(stage, kind):
    server = stage.serve(kind, "tcp-hello-server", stage.at(1337))
    caller = stage.caller(1337)
    assert take(caller, 12) == b"Hello world!"
    caller.sendall(b"Good day")
    caller.shutdown(socket.SHUT_WR)
    assert rest(caller) == b""
    assert server.end() == 0
    assert server.said == b"Good day\n"


def test_udp_hello_client_shows_who_answered_and_what(stage, kind):
    oracle, other = stage.datagrams(1337), stage.datagrams()
    client = stage.start(kind, "udp-hello-client", stage.at(1337))
    data, sender = oracle.recvfrom(65536)
    assert data == b"Hello world!"
    other.sendto(b"Good day", sender)
    assert client.end() == 0
    assert client.said.decode() == f"Message from: {other.getsockname()}\nGood day\n"


def test_udp_hello_server_shows_one_datagram_answers_and_ends(stage, kind):
    server = stage.serve(kind, "udp-hello-server", stage.at(1337))
    oracle = stage.datagrams()
    oracle.sendto(b"Good day", (stage.host, 1337))
    assert oracle.recvfrom(65536) == (b"Hello world!", (stage.host, 1337))
    assert server.end() == 0
    assert server.said.decode() == f"Message from: {oracle.getsockname()}\nGood day\n"


def test_steps_server_shows_its_caller_and_what_it_sent(stage, kind):
    server = stage.serve(kind, "steps-server", stage.at(1234))
    caller = stage.caller(1234)
    caller.sendall(b"Good day")
    assert rest(caller) == b""
    assert server.end() == 0
    assert server.said.decode() == f"Incoming connection from {caller.getsockname()}\nGood day\n"


def test_steps_client_sends_its_greeting_and_leaves(stage, kind):
    listener = stage.listener(1234)
    client = stage.start(kind, "steps-client", stage.at(1234))
    assert rest(stage.keep(listener.accept()[0])) == b"Hello!"
    assert client.end() == 0
    assert client.said == b""
