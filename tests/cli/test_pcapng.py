# SPDX-License-Identifier: MIT
"""What programs recorded of themselves, as packets: tshark finds nothing to warn of, and every byte."""
import os
import re
import shutil
import socket
import subprocess

import pytest
from conftest import BUILD, COMMAND, LIMIT, environment, take

PACKETS = BUILD / "tests/cli/packets"
TSHARK = shutil.which("tshark")
WHOLE = 65536

pytestmark = pytest.mark.skipif(not TSHARK, reason="tshark is not installed")


class Capture:
    """The records of a file as packets, and what tshark says of them."""

    def __init__(self, trace):
        self.path = trace.with_suffix(".pcapng")
        made = subprocess.run([PACKETS], input=trace.read_bytes(), capture_output=True, timeout=LIMIT, check=True)
        self.path.write_bytes(made.stdout)
        self.left_out = int(made.stderr)

    def tshark(self, *arguments):
        sums = [word for proto in ("ip", "tcp", "udp") for word in ("-o", f"{proto}.check_checksum:TRUE")]
        done = subprocess.run([TSHARK, "-n", *sums, "-r", self.path, *arguments], capture_output=True, text=True,
                              timeout=LIMIT, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout

    def warnings(self):
        return self.tshark("-q", "-z", "expert,warn").strip()

    def fields(self, *names):
        """A tuple of each packet's fields."""
        out = self.tshark("-T", "fields", *(word for name in names for word in ("-e", name)))
        return [tuple(line.split("\t")) for line in out.splitlines()]

    def follow(self, stream=0):
        """What the first end of a TCP stream sent, and what the second did."""
        said = [b"", b""]
        for line in self.tshark("-q", "-z", f"follow,tcp,raw,{stream}").splitlines():
            if re.fullmatch(r"\t?([0-9a-f]{2})+", line):
                said[line.startswith("\t")] += bytes.fromhex(line.strip())
        return tuple(said)

    def flags(self):
        """The flags of each segment: "S", "SA", "PA", ..."""
        return [re.sub("[^A-Z]", "", flags) for flags, in self.fields("tcp.flags.str")]


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace.json"


def watched(trace, payload=WHOLE):
    return {"SOCKEYE_TRACE": str(trace), "SOCKEYE_TRACE_PAYLOAD": str(payload)}


def talk(program, where, text, env):
    """An example's client to its end; returns what it printed."""
    name = where.partition("://")[2]
    done = subprocess.run([BUILD / "examples" / program, name], input=text, capture_output=True, text=True,
                          timeout=LIMIT, env=environment(**env))
    return done.stdout


def upper(serve, trace, text="some text\n", server=None, client=None):
    """A conversation of two programs, of which each writes down what its env says."""
    server = serve("upper", "tcp://127.0.0.1:0", env=watched(trace) if server is None else server)
    said = talk("tcp-upper-client", server.where, text, watched(trace) if client is None else client)
    assert text.strip().upper() in said
    server.stop()
    return Capture(trace)


def test_a_conversation_that_both_ends_tell_of_is_told_once(serve, trace):
    capture = upper(serve, trace)
    assert capture.warnings() == ""
    assert capture.follow() == (b"some text", b"SOME TEXT")
    flags = capture.flags()
    assert flags[:3] == ["S", "AS", "A"]
    assert [kind for kind in flags if "P" in kind] == ["AP", "AP"]
    assert [kind for kind in flags if "F" in kind] == ["AF", "AF"]
    assert capture.left_out == 0


@pytest.mark.parametrize("only", ["server", "client"])
def test_one_end_alone_tells_the_whole_conversation(serve, trace, only):
    other = {"server": "client", "client": "server"}[only]
    capture = upper(serve, trace, **{other: {}})
    assert capture.warnings() == ""
    assert capture.follow() == (b"some text", b"SOME TEXT")


def test_every_checksum_is_right(serve, trace):
    capture = upper(serve, trace, text="odd\n")
    good = "1"
    assert set(capture.fields("ip.checksum.status", "tcp.checksum.status")) == {(good, good)}


def test_a_comment_tells_the_call(serve, trace):
    comments = [comment for comment, in upper(serve, trace).fields("frame.comment")]
    assert any(re.fullmatch(r"tcp-upper-clien \d+: connect\(\d+, 127.0.0.1:\d+\) = .*", each) for each in comments)
    assert any(re.fullmatch(r"tcp-upper-clien \d+: send\(\d+, 9.*\) = 9", each) for each in comments)
    assert any(re.fullmatch(r"sockeye \d+: (recv|send)\w*\(\d+, \d+.*\) = 9", each) for each in comments)


def test_a_long_stream_has_every_byte_in_its_place(serve, trace):
    server = serve("echo", "tcp://127.0.0.1:0", env=watched(trace))
    data = bytes(i * i % 251 for i in range(300_000))
    step = 60_000       # what is sent at once must fit into one record
    with server.caller() as sock:
        for at in range(0, len(data), step):
            sock.sendall(data[at:at + step])
            assert take(sock, step) == data[at:at + step]
    server.stop()
    capture = Capture(trace)
    assert capture.warnings() == ""
    assert capture.follow() == (data, data)


def test_an_end_that_sends_unseen_is_told_by_the_other(serve, trace):
    server = serve("echo", "tcp://127.0.0.1:0", env=watched(trace))
    data = b"unseen " * 7000
    done = subprocess.run([COMMAND, "connect", server.where], input=data, capture_output=True, timeout=LIMIT,
                          env=environment(**watched(trace)))
    assert done.stdout == data
    server.stop()
    capture = Capture(trace)
    assert capture.warnings() == ""
    assert capture.follow() == (data, data)


def test_what_was_not_recorded_is_cut(serve, trace):
    capture = upper(serve, trace, server=watched(trace, 4), client=watched(trace, 4))
    packets = capture.fields("frame.cap_len", "frame.len", "tcp.len", "frame.comment")
    cut = [(int(length) - int(have), comment) for have, length, n, comment in packets if n == "9"]
    assert [missing for missing, _ in cut] == [5, 5]
    assert all(comment.endswith("; 4 of 9 bytes were recorded") for _, comment in cut)
    assert capture.warnings() == ""


def test_a_refused_connection_is_a_reset(trace):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        talk("tcp-upper-client", f"tcp://127.0.0.1:{port}", "x\n", watched(trace))
    capture = Capture(trace)
    assert capture.flags() == ["S", "AR"]
    assert capture.fields("ip.dst", "tcp.dstport")[0] == ("127.0.0.1", str(port))


def test_each_datagram_is_told_once(serve, trace):
    server = serve("upper", "udp://127.0.0.1:0", env=watched(trace))
    said = talk("udp-upper-client", server.where, "a datagram\n", watched(trace))
    assert "A DATAGRAM" in said
    server.stop()
    capture = Capture(trace)
    assert capture.warnings() == ""
    packets = capture.fields("ip.src", "ip.dst", "udp.dstport", "udp.checksum.status", "data.data")
    where = ("127.0.0.1", "127.0.0.1")
    assert [packet[:2] for packet in packets] == [where, where]
    assert packets[0][2] == str(server.port())
    assert [packet[3] for packet in packets] == ["1", "1"]
    assert [bytes.fromhex(packet[4]) for packet in packets] == [b"a datagram", b"A DATAGRAM"]


def test_datagrams_of_an_end_that_is_not_watched_come_from_their_receives(serve, trace):
    server = serve("echo", "udp://[::1]:0", env=watched(trace))
    with server.caller() as sock:
        for text in (b"same", b"same", b"other"):
            sock.send(text)
            assert sock.recv(100) == text
    server.stop()
    capture = Capture(trace)
    assert capture.warnings() == ""
    packets = capture.fields("ipv6.dst", "udp.checksum.status", "data.data")
    assert [bytes.fromhex(packet[2]) for packet in packets] == [b"same"] * 4 + [b"other"] * 2
    assert {packet[:2] for packet in packets} == {("::1", "1")}


def test_unix_sockets_are_left_out_and_counted(serve, trace, tmp_path):
    server = serve("echo", f"unix:{tmp_path}/s", env=watched(trace))
    with server.caller() as sock:
        sock.sendall(b"x")
        assert take(sock, 1) == b"x"
    server.stop()
    capture = Capture(trace)
    assert capture.left_out == 2
    assert capture.fields("frame.number") == []
