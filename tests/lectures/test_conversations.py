# SPDX-License-Identifier: MIT
"""Each client of the lectures against its server, C and Python on either side.

What both print is compared byte for byte; only the client's port, which the
system chooses, is masked.
"""
import re
import signal
import socket

import pytest
from conftest import PAIRS, listening, pair_name


class Talk:
    """One conversation: who, where, what is typed and what is printed."""

    def __init__(self, name, port, server, client, typed=b"", bound="", ends=False):
        self.name, self.port, self.typed = name, port, typed
        self.server, self.client = server, client
        self.bound = bound              # the address that the lecture binds
        self.ends = ends                # the server ends by itself
        self.kind = "udp" if name.startswith("udp") else "tcp"

    @property
    def names(self):
        if self.name == "accept":
            return "accept-server", "connect-client"
        return self.name + "-server", self.name + "-client"


PROMPT = "Input lowercase sentence:"
READY = "The server is ready to receive\n"
TYPED = "straße, ŉ ﬃ ὖ and Ελλάς\n".encode()
SHOUTED = "STRASSE, ʼN FFI Υ̓͂ AND ΕΛΛΆΣ\n"
CONNECTED = "Connection from ('{ip}', PORT) has been established.\n"

TALKS = [
    Talk("tcp-echo", 65432, "Connected by ('{ip}', PORT)\n", "Received b'Hello, world'\n",
         bound="127.0.0.1", ends=True),
    Talk("udp-echo", 65432,
         "Server listening: {host} 65432\n"
         "Received from client: (b'Hello, world', ('{ip}', PORT))\n"
         "Sent to client: b'Hello, world' 12\n",
         "Sending message to server\nReceived (b'Hello, world', ('{host}', 65432))\n",
         bound="127.0.0.1"),
    Talk("tcp-upper", 12000, READY, PROMPT + "From Server: " + SHOUTED, TYPED, "0.0.0.0"),
    Talk("udp-upper", 12000, READY, PROMPT + SHOUTED, TYPED, "0.0.0.0"),
    Talk("accept", 1234, CONNECTED, "", bound="127.0.0.1"),
    Talk("greet", 1234, CONNECTED, "Welcome to the server!\n", bound="127.0.0.1"),
    Talk("lab-echo", 1234, CONNECTED, "Hello, echo server!\n", bound="127.0.0.1"),
    Talk("tcp-hello", 1337, "Hello world!\n", "Hello world!\n", bound="0.0.0.0", ends=True),
    Talk("udp-hello", 1337, "Message from: ('{ip}', PORT)\nHello world!\n",
         "Message from: ('{host}', 1337)\nHello world!\n", bound="0.0.0.0", ends=True),
    Talk("steps", 1234, "Incoming connection from ('{ip}', PORT)\nHello!\n", "",
         bound="0.0.0.0", ends=True),
]


def masked(said, ip):
    """The output with the ports of callers at ip replaced by PORT, the lectures' own ports kept."""
    known = {str(talk.port) for talk in TALKS}
    pattern = re.compile(r"\('" + re.escape(ip) + r"', (\d+)\)")
    return pattern.sub(lambda m: m[0] if m[1] in known else f"('{ip}', PORT)", said.decode())


def source(host):
    """The address that the system gives to one who calls host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return probe.getsockname()[0]


def converse(stage, talk, pair, place, ip, host, island=None):
    """Run it, and hold what both sides print against the lecture."""
    address = [place] if place else []
    server = stage.serve(pair[0], talk.names[0], *address, island=island)
    if island:
        assert listening(server.pid, talk.kind) == {(talk.bound, talk.port)}
    client = stage.start(pair[1], talk.names[1], *address, island=island)
    client.type(talk.typed)
    assert client.end() == 0, client.cried
    assert masked(client.said, host) == talk.client.format(ip=ip, host=host)
    expected = talk.server.format(ip=ip, host=host)
    if talk.ends:
        assert server.end() == 0, server.cried
    else:
        server.wait_lines(expected.count("\n"))
        assert server.signal(signal.SIGTERM) == -signal.SIGTERM
    assert masked(server.said, ip) == expected
    assert client.cried == b""
    assert server.cried == b""


def calls(program):
    """Its calls without what Python hides or names otherwise, and without what was added with reason."""
    added = {"socket", "close", "setsockopt", "getsockopt", "getsockname", "getaddrinfo", "fcntl",
             "poll", "shutdown"}
    made = ["send" if call == "sendall" else call for call in program.done() if call not in added]
    return [call for call, before in zip(made, [None, *made]) if call != before]


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
def test_an_example_makes_its_lectures_calls_in_their_order(stage, talk):
    made = {}
    for kind, port in (("c", talk.port), ("python", talk.port + 1)):
        server = stage.serve(kind, talk.names[0], stage.at(port))
        client = stage.start(kind, talk.names[1], stage.at(port))
        client.type(talk.typed)
        assert client.end() == 0
        if talk.ends:
            assert server.end() == 0
        else:
            server.wait_call("accept" if talk.kind == "tcp" else "recvfrom", "enter", 2)
        made[kind] = calls(server), calls(client)
    assert made["c"] == made["python"]


@pytest.mark.parametrize("pair", PAIRS, ids=pair_name)
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
def test_both_sides_print_what_the_lecture_prints(stage, talk, pair):
    converse(stage, talk, pair, stage.at(talk.port), source(stage.host), stage.host)


@pytest.mark.parametrize("pair", PAIRS, ids=pair_name)
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
def test_without_arguments_the_lectures_own_address_is_used(stage, talk, pair):
    converse(stage, talk, pair, None, "127.0.0.1", "127.0.0.1", stage.island())
