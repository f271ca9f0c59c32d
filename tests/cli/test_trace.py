# SPDX-License-Identifier: MIT
"""SOCKEYE_TRACE=FILE writes down what the server does with its sockets, whatever engine does it."""
import json
import socket

import pytest
from conftest import rest, take

CHUNK = 6


@pytest.fixture
def traced(serve, tmp_path):
    """A server with a trace, and the trace once the server has ended."""
    path = tmp_path / "trace"
    server = serve("echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", env={"SOCKEYE_TRACE": str(path)})

    def told():
        server.stop()
        assert path.exists(), "no trace was written"
        return [event for event in map(json.loads, path.read_text().splitlines()) if event["phase"] == "return"]

    return server, told


def test_a_trace_tells_of_a_connection_from_its_accept_to_its_close(traced):
    server, told = traced
    with server.caller() as sock:
        name = "tcp://%s:%d" % sock.getsockname()
        for said in (b"first.", b"second"):
            sock.sendall(said)
            assert take(sock, CHUNK) == said
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
    where = server.where
    events = [event for event in told() if event.get("peer") == name and "error" not in event]
    assert [(event["call"], event["moved"], event.get("data")) for event in events
            if event["call"] in ("accept", "recv", "send", "close")] == [
        ("accept", 0, None), ("recv", CHUNK, "first."), ("send", CHUNK, "first."), ("recv", CHUNK, "second"),
        ("send", CHUNK, "second"), ("recv", 0, None), ("close", 0, None)]
    assert {event["local"] for event in events} == {where}
    assert {event["fd"] for event in events if event["call"] != "accept"} == {events[0]["other"]}


def test_a_trace_tells_where_it_listens(traced):
    server, told = traced
    wheres = server.wheres
    events = told()
    for where in wheres:
        calls = [event["call"] for event in events if event["local"] == where]
        assert "bind" in calls
        assert ("listen" in calls) == where.startswith("tcp")
        assert calls[-1] == "close"


def test_a_trace_tells_of_datagrams(traced):
    server, told = traced
    with server.caller(1) as sock:
        name = "udp://%s:%d" % sock.getsockname()
        sock.send(b"packet")
        assert sock.recv(100) == b"packet"
    events = [event for event in told() if event.get("peer") == name and "error" not in event]
    assert [(event["call"], event["moved"], event.get("data")) for event in events] == [
        ("recvmmsg", CHUNK, "packet"), ("sendmmsg", CHUNK, "packet")]
