# SPDX-License-Identifier: MIT
"""Where the lectures' programs are broken, the C examples do the proper thing.

Where it can be shown, a test named "the twin ..." proves that the fault is real.
"""
import os
import pathlib
import signal
import socket
import struct

import pytest
from conftest import rest, take

TCP_SERVERS = {"tcp-echo-server": 65432, "tcp-upper-server": 12000, "accept-server": 1234,
               "greet-server": 1234, "lab-echo-server": 1234, "tcp-hello-server": 1337,
               "steps-server": 1234}
ITERATIVE = ["tcp-upper-server", "accept-server", "greet-server", "lab-echo-server"]
UDP_SERVERS = {"udp-echo-server": 65432, "udp-upper-server": 12000, "udp-hello-server": 1337}
SERVERS = TCP_SERVERS | UDP_SERVERS
ENDLESS = [*ITERATIVE, "udp-echo-server", "udp-upper-server"]
PROMPT = b"Input lowercase sentence:"
GROWING = "\u0390"      # one letter, two bytes; in upper case three letters, six bytes


def reset(sock):
    """Close with an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def wait_fading(host, port):
    """Go on when a connection of this address is in TIME_WAIT; the fixture's alarm ends a vain wait."""
    local = f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"
    fading = False
    while not fading:
        os.sched_yield()
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()]
        fading = any(row[1] == local and row[3] == "06" for row in rows)


# -- An empty line ---------------------------------------------------------------

@pytest.mark.parametrize("server_kind", ["c", "python"])
def test_an_empty_line_is_answered_over_tcp(stage, server_kind):
    stage.serve(server_kind, "tcp-upper-server", stage.at(12000))
    client = stage.start("c", "tcp-upper-client", stage.at(12000))
    client.type(b"\n")
    assert client.end() == 0, client.cried
    assert client.said == PROMPT + b"From Server: \n"


def test_the_twins_wait_for_each_other_after_an_empty_line(stage):
    server = stage.serve("python", "tcp-upper-server", stage.at(12000))
    client = stage.start("python", "tcp-upper-client", stage.at(12000))
    client.type(b"\n")
    client.wait_call("recv", "enter")
    server.wait_call("recv", "enter")
    assert client.count("recv") == server.count("recv") == 0


@pytest.mark.parametrize("server_kind", ["c", "python"])
def test_an_empty_line_is_answered_over_udp(stage, kind, server_kind):
    stage.serve(server_kind, "udp-upper-server", stage.at(12000))
    client = stage.start(kind, "udp-upper-client", stage.at(12000))
    client.type(b"\n")
    assert client.end() == 0, client.cried
    assert client.said == PROMPT + b"\n"


@pytest.mark.parametrize("name", ["tcp-upper-client", "udp-upper-client"])
def test_no_line_at_all_ends_the_client(stage, kind, name):
    stage.serve(kind, name.replace("client", "server"), stage.at(12000))
    client = stage.start(kind, name, stage.at(12000))
    client.type(b"")
    assert client.end() == 1
    assert client.said == PROMPT


# -- Bytes that are not UTF-8 ----------------------------------------------------

BAD = [(b"ab\xffcd", b"AB\xffCD"), (b"\xff", b"\xff"), (b"half \xc3", b"HALF \xc3"),
       (b"\xe2\x82", b"\xe2\x82"), (b"\xed\xa0\x80x", b"\xed\xa0\x80X"), (b"\x00z", b"\x00Z"),
       (b"\xf0\x9f\x98 a", b"\xf0\x9f\x98 A")]


def test_one_bad_byte_does_not_end_the_tcp_server(stage):
    server = stage.serve("c", "tcp-upper-server", stage.at(12000))
    for sent, answer in BAD:
        conn = stage.caller(12000)
        conn.sendall(sent)
        conn.shutdown(socket.SHUT_WR)
        assert rest(conn) == answer
    assert server.cried == b""


def test_one_bad_byte_does_not_end_the_udp_server(stage):
    server = stage.serve("c", "udp-upper-server", stage.at(12000))
    oracle = stage.datagrams()
    for sent, answer in BAD:
        oracle.sendto(sent, (stage.host, 12000))
        assert oracle.recv(65536) == answer
    assert server.cried == b""


@pytest.mark.parametrize("name", ["tcp-upper-server", "udp-upper-server"])
def test_one_bad_byte_ends_the_twin(stage, name):
    server = stage.serve("python", name, stage.at(12000))
    if name.startswith("tcp"):
        stage.caller(12000).send(b"\xff")
    else:
        stage.datagrams().sendto(b"\xff", (stage.host, 12000))
    assert server.end() == 1
    assert b"UnicodeDecodeError" in server.cried


def test_bad_bytes_typed_by_the_user_come_back(stage):
    for proto, head in (("tcp", b"From Server: "), ("udp", b"")):
        stage.serve("c", f"{proto}-upper-server", stage.at(12000))
        client = stage.start("c", f"{proto}-upper-client", stage.at(12000))
        client.type(b"a\xffb\xc3\n")
        assert client.end() == 0
        assert client.said == PROMPT + head + b"A\xffB\xc3\n"


# -- Long sentences, cut sentences -----------------------------------------------

@pytest.mark.parametrize("letter", ["é", "ῦ", "ŉ", "𐐨", GROWING])
def test_a_character_cut_between_segments_is_upper_cased_whole(stage, letter):
    server = stage.serve("c", "tcp-upper-server", stage.at(12000))
    data, seen = letter.encode(), 0
    for cut in range(1, len(data)):
        conn = stage.caller(12000)
        conn.sendall(b"a" + data[:cut])
        seen += 1
        server.wait_call("recv", times=seen)
        conn.sendall(data[cut:])
        assert rest(conn) == b"A" + letter.upper().encode()
        seen += 1


@pytest.mark.parametrize("head", range(4))
def test_a_sentence_longer_than_the_buffer_is_answered_whole(stage, head):
    stage.serve("c", "tcp-upper-server", stage.at(12000))
    text = "x" * head + GROWING * 2000 + "𐐨" * 700
    conn = stage.caller(12000)
    conn.sendall(text.encode())
    conn.shutdown(socket.SHUT_WR)
    assert rest(conn) == text.upper().encode()


def test_text_that_grows_threefold_reaches_the_tcp_client_whole(stage):
    stage.serve("c", "tcp-upper-server", stage.at(12000))
    client = stage.start("c", "tcp-upper-client", stage.at(12000))
    client.type((GROWING * 2000 + "\n").encode())
    assert client.end() == 0, client.cried
    assert client.said == PROMPT + f"From Server: {(GROWING * 2000).upper()}\n".encode()


def test_a_server_that_reads_a_part_and_closes_is_reported(stage):
    stage.serve("python", "tcp-upper-server", stage.at(12000))
    client = stage.start("c", "tcp-upper-client", stage.at(12000))
    client.type((GROWING * 2000 + "\n").encode())
    assert client.end() == 1
    assert b"reset by peer" in client.cried


def test_text_that_grows_threefold_reaches_the_udp_client_whole(stage, kind):
    stage.serve(kind, "udp-upper-server", stage.at(12000))
    client = stage.start("c", "udp-upper-client", stage.at(12000))
    client.type((GROWING * 1000 + "\n").encode())
    assert client.end() == 0, client.cried
    assert client.said == PROMPT + f"{(GROWING * 1000).upper()}\n".encode()


def test_a_datagram_that_is_cut_is_answered_in_part_and_noted(stage):
    server = stage.serve("c", "udp-upper-server", stage.at(12000))
    client = stage.start("c", "udp-upper-client", stage.at(12000))
    client.type((GROWING * 2000 + "\n").encode())
    assert client.end() == 0, client.cried
    assert client.said == PROMPT + f"{(GROWING * 1024).upper()}\n".encode()
    server.signal()
    assert server.cried.endswith(b": cut to 2048 bytes\n")


def test_the_largest_answer_reaches_the_udp_client(stage):
    oracle = stage.datagrams(12000)
    client = stage.start("c", "udp-upper-client", stage.at(12000))
    client.type(b"z\n")
    sender = oracle.recvfrom(64)[1]
    oracle.sendto(b"Z" * 65507, sender)
    assert client.end() == 0
    assert client.said == PROMPT + b"Z" * 65507 + b"\n"


def test_a_line_too_long_for_a_datagram_is_refused_with_a_sentence(stage):
    client = stage.start("c", "udp-upper-client", stage.at(12000))
    client.type(b"a" * 65508 + b"\n")
    assert client.end() == 1
    assert b"Message too long" in client.cried


@pytest.mark.parametrize("name, port, sent, said", [
    ("tcp-echo-client", 65432, b"Hello, world", b"Received b'Hello, world'\n"),
    ("lab-echo-client", 1234, b"Hello, echo server!", b"Hello, echo server!\n"),
    ("tcp-hello-client", 1337, b"Hello world!", b"Hello world!\n"),
    ("greet-client", 1234, b"Welcome!", b"Welcome!\n")])
def test_an_answer_in_two_parts_is_read_whole(stage, name, port, sent, said):
    listener = stage.listener(port)
    client = stage.start("c", name, stage.at(port))
    conn = stage.keep(listener.accept()[0])
    if name != "greet-client":
        assert take(conn, len(sent)) == sent
    conn.sendall(sent[:5])
    client.wait_call("recv")
    conn.sendall(sent[5:])
    conn.shutdown(socket.SHUT_WR)
    assert client.end() == 0, client.cried
    assert client.said == said


# -- Servers that do not answer, are not there, are full ---------------------------

def test_no_client_waits_for_ever_for_an_answer(stage):
    """All at once, since each takes its limit of five seconds."""
    clients = {}
    for name, port in (("tcp-echo", 65432), ("tcp-upper", 12000), ("tcp-hello", 1337),
                       ("greet", 1234)):
        stage.listener(port)
        clients[name] = stage.start("c", name + "-client", stage.at(port))
    clients["lab-echo"] = stage.start("c", "lab-echo-client", stage.at(1234))
    for name, port in (("udp-echo", 65432), ("udp-upper", 12000), ("udp-hello", 1337)):
        stage.datagrams(port)
        clients[name] = stage.start("c", name + "-client", stage.at(port))
    for name in ("tcp-upper", "udp-upper"):
        clients[name].type(b"hello\n")
    for name, client in clients.items():
        assert client.end() == 5, (name, client.said, client.cried)
        assert b"recv" in client.cried and client.cried.count(b"\n") == 1, (name, client.cried)


def test_no_client_waits_for_ever_for_a_full_queue(stage):
    """The kernel drops what a full queue cannot take: there is silence, not refusal."""
    listener = stage.keep(socket.socket())
    listener.bind((stage.host, 1234))
    listener.listen(0)
    stage.caller(1234)
    for name in ("connect-client", "steps-client", "tcp-echo-client"):
        stage.start("c", name, stage.at(1234))
    for client in stage.all:
        assert client.end() == 5, client.cried
        assert stage.at(1234).encode() in client.cried


@pytest.mark.parametrize("name", ["tcp-echo-client", "tcp-upper-client", "connect-client",
                                  "greet-client", "lab-echo-client", "tcp-hello-client",
                                  "steps-client"])
def test_a_client_says_that_nobody_is_there(stage, name):
    client = stage.start("c", name, stage.at(9))
    assert client.end() == 4
    assert client.said == b""
    assert stage.at(9).encode() in client.cried and b"Connection refused" in client.cried


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_a_server_says_that_its_port_is_taken(stage, name):
    port = SERVERS[name]
    holder = stage.listener if name in TCP_SERVERS else stage.datagrams
    holder(port)
    server = stage.start("c", name, stage.at(port))
    assert server.end() == 1
    assert server.said == b""
    assert stage.at(port).encode() in server.cried and b"in use" in server.cried


@pytest.mark.parametrize("name", sorted(p.stem for p in (
    pathlib.Path(__file__).parent / "twins").glob("*-*.py")))
def test_a_wrong_address_is_refused_with_a_sentence_that_quotes_it(stage, name):
    program = stage.start("c", name, "127.0.0.1:99999")
    program.type(b"hello\n")
    assert program.end() == 2
    assert b"99999" in program.cried
    assert program.said in (b"", PROMPT, b"Sending message to server\n")


# -- A server lives on, and starts again -------------------------------------------

@pytest.mark.parametrize("name", sorted(TCP_SERVERS))
def test_a_server_starts_again_at_once_on_its_port(stage, name):
    port = TCP_SERVERS[name]
    for _ in range(2):
        server = stage.serve("c", name, stage.at(port))
        conn = stage.caller(port)
        server.wait_call("accept")
        server.signal(signal.SIGKILL)
        rest(conn)
        conn.close()
        wait_fading(stage.host, port)
    assert server.cried == b""


def test_the_twin_cannot_start_again_while_its_port_fades(stage):
    server = stage.serve("python", "tcp-upper-server", stage.at(12000))
    conn = stage.caller(12000)
    server.wait_call("accept")
    server.signal(signal.SIGKILL)
    rest(conn)
    conn.close()
    wait_fading(stage.host, 12000)
    again = stage.start("python", "tcp-upper-server", stage.at(12000))
    assert again.end() == 1
    assert b"Address already in use" in again.cried


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("name", ENDLESS)
def test_a_signal_ends_an_endless_server(stage, name, number):
    server = stage.serve("c", name, stage.at(SERVERS[name]))
    assert server.signal(number) == -number
    assert server.cried == b""


@pytest.mark.parametrize("name", ITERATIVE)
def test_a_caller_that_resets_does_not_end_the_server(stage, name):
    server = stage.serve("c", name, stage.at(TCP_SERVERS[name]))
    os.kill(server.pid, signal.SIGSTOP)
    os.waitpid(server.pid, os.WUNTRACED)
    reset(stage.caller(TCP_SERVERS[name]))      # gone before it is accepted
    os.kill(server.pid, signal.SIGCONT)
    conn = stage.caller(TCP_SERVERS[name])
    server.wait_call("accept", times=2)
    reset(conn)                                 # gone while it is served
    last = stage.caller(TCP_SERVERS[name])
    server.wait_call("accept", times=3)
    last.sendall(b"x")
    if name != "accept-server":
        assert last.recv(1) == {"tcp": b"X", "greet": b"W", "lab": b"x"}[name.split("-")[0]]


# -- The own host name ---------------------------------------------------------------

@pytest.mark.parametrize("server, client", [("accept", "connect"), ("greet", "greet"),
                                            ("lab-echo", "lab-echo")])
def test_an_own_name_that_does_not_resolve_means_127_0_0_1(stage, server, client):
    island = stage.island("no-such-name.invalid")
    twin = stage.start("python", "connect-client", island=island)
    assert twin.end() == 1
    if b"gaierror" not in twin.cried:
        pytest.skip("this system resolves any own host name")
    note = b"no-such-name.invalid does not resolve, using 127.0.0.1\n"
    server = stage.serve("c", server + "-server", island=island)
    client = stage.start("c", client + "-client", island=island)
    assert client.end() == 0
    assert client.cried == note
    server.wait_lines(1)
    server.signal()
    assert server.said.startswith(b"Connection from ('127.0.0.1', ")
    assert server.cried == note
