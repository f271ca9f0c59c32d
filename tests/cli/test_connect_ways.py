# SPDX-License-Identifier: MIT
"""What connect does besides its ends: addresses, callers, programs, dumps, records, and streams in trouble."""
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading

import pytest
from conftest import COMMAND, LIMIT, environment, rest, run, take
from fault import island, place  # noqa: F401
from talks import MIB, answering, calling, digest, pieces, spoken, talk, until, written  # noqa: F401

TCP = place()           # a single caller must be ours, and no stranger who looks at every port
PYTHON = "/usr/bin/python3"


def echo(sock):
    """Say back all that comes, to its end."""
    while data := sock.recv(1 << 16):
        sock.sendall(data)


def say(data):
    """A peer that says this and ends; then it hears to our end."""
    def work(sock):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        rest(sock)
    return work


# -- Datagrams ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["udp", "udp6", "unix-dgram"])
def test_datagrams_go_both_ways_and_silence_ends_them(talk, kind, tmp_path):
    where = {"udp": "udp://127.0.0.1:0", "udp6": "udp://[::1]:0", "unix-dgram": f"unix-dgram:{tmp_path}/s"}[kind]
    one = talk("connect", "--linger", "200ms", "--listen", where)
    two = talk("connect", "--linger", "200ms", one.where)
    two.say(b"first\n")
    assert one.out.take(6) == b"first\n"
    one.say(b"second\n")
    assert two.out.take(7) == b"second\n"
    two.say(b"third\n")
    assert one.out.take(12) == b"first\nthird\n"
    for each in (one, two):
        each.end()
        each.ends(0)
    assert os.listdir(tmp_path) == []


def test_what_one_read_brings_is_one_datagram_and_an_empty_one_is_no_end(talk):
    def work(sock):
        heard, who = sock.recvfrom(65536)
        for data in (b"", b"one", b"", bytes(60000), heard):
            sock.sendto(data, who)

    with answering(work, kind=socket.SOCK_DGRAM) as where:
        ours = talk("connect", "--linger", "300ms", where)
        ours.say(bytes(range(256)) * 32)
        ours.out.take(3 + 60000 + 8192)
        ours.end()
        ours.ends(0)
        assert ours.said == b"one" + bytes(60000) + bytes(range(256)) * 32


def test_a_second_sender_is_not_heard(talk):
    ours = talk("connect", "--linger", "200ms", "--listen", "udp://127.0.0.1:0")
    with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
        first.sendto(b"first ", ("127.0.0.1", ours.port))
        ours.out.take(6)
        second.sendto(b"second", ("127.0.0.1", ours.port))
        first.sendto(b"again", ("127.0.0.1", ours.port))
        assert ours.out.take(11) == b"first again"
    ours.end()
    ours.ends(0)


# -- Half of a connection ------------------------------------------------------------------


def test_after_the_peers_end_we_go_on(talk):
    ended = threading.Event()
    heard = []

    def work(sock):
        sock.sendall(b"that is all\n")
        sock.shutdown(socket.SHUT_WR)
        ended.set()
        heard.append(digest(rest(sock)))

    with answering(work) as where:
        ours = talk("connect", where)
        ours.out.take(12)
        assert ended.wait(LIMIT)
        ours.feed(pieces(3 * MIB))
        ours.ends(0)
    assert heard == [digest(pieces(3 * MIB))]


def test_after_our_end_the_peer_goes_on(talk):
    heard = []

    def work(sock):
        heard.append(rest(sock))        # our FIN
        for piece in pieces(3 * MIB):
            sock.sendall(piece)

    with answering(work) as where:
        ours = talk("connect", where)
        ours.say(b"a question")
        ours.end()
        ours.ends(0)
        assert ours.sum == digest(pieces(3 * MIB))
    assert heard == [b"a question"]


def test_hold_tells_no_end_and_linger_ends_it(talk):
    told = threading.Event()

    def work(sock):
        assert take(sock, 4) == b"data"
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)                # no FIN, though the input has ended
        told.set()
        sock.settimeout(LIMIT)
        sock.sendall(b"late")
        assert rest(sock) == b""

    with answering(work) as where:
        ours = talk("connect", "--hold", "--linger", "2s", where)
        ours.say(b"data")
        ours.end()
        assert told.wait(LIMIT)
        ours.ends(0)
        assert ours.said == b"late"


@pytest.mark.parametrize("linger, code", [("100ms", 5), ("off", None), ("30s", None)])
def test_a_peer_that_does_not_end_is_waited_for_as_long_as_linger_says(talk, linger, code):
    go, heard = threading.Event(), []

    def work(sock):
        heard.append(rest(sock))
        if code is None:
            sock.sendall(b"at last")
        else:
            go.wait(LIMIT)

    with answering(work) as where:
        ours = talk("connect", "--linger", linger, where)
        ours.end()
        if code is None:
            ours.ends(0)
            assert ours.said == b"at last"
        else:
            ours.ends(code, lambda told: "no end came, and nothing else for 100ms" in told and "--linger" in told)
        go.set()


@pytest.mark.parametrize("linger", ["100ms"])
def test_our_input_is_not_waited_for_longer_than_linger_when_the_peer_has_ended(talk, linger):
    with answering(say(b"bye")) as where:
        ours = talk("connect", "-v", "--linger", linger, where)
        ours.ends(0, lambda told: "the peer has ended; 0 bytes sent, 3 received" in told)
        assert ours.said == b"bye"


# -- Callers ---------------------------------------------------------------------------------


def test_listen_takes_one_caller_and_the_next_finds_nobody(talk):
    ours = talk("connect", "--listen", TCP)
    with calling(ours) as sock:
        with pytest.raises(OSError):
            with calling(ours) as second:
                second.settimeout(0.2)
                assert second.recv(1) != b""
        sock.sendall(b"only me")
        sock.shutdown(socket.SHUT_WR)
        ours.end()
        assert rest(sock) == b""
    ours.ends(0)
    assert ours.said == b"only me"


def test_keep_takes_one_caller_after_the_other(talk):
    ours = talk("connect", "-l", "-k", TCP)
    ours.end()
    for i in range(5):
        with calling(ours) as sock:
            sock.sendall(b"caller %d\n" % i)
            sock.shutdown(socket.SHUT_WR)
            assert rest(sock) == b""
    ours.out.take(45)
    ours.kill()
    assert ours.wait() == -signal.SIGTERM
    assert ours.said == b"".join(b"caller %d\n" % i for i in range(5))


def test_keep_goes_on_after_a_caller_that_resets(talk):
    ours = talk("connect", "-lk", TCP)
    with calling(ours) as sock:
        sock.sendall(b"x")
        ours.out.take(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    ours.told("reset by peer")
    ours.end()
    with calling(ours) as sock:
        sock.sendall(b"y")
        sock.shutdown(socket.SHUT_WR)
        rest(sock)
    ours.out.take(2)
    ours.kill()
    assert ours.wait() == -signal.SIGTERM


def test_keep_goes_on_after_a_datagram_whose_sender_has_gone(talk):
    ours = talk("connect", "--linger", "100ms", "-lk", "udp://127.0.0.1:0")
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"gone ", ("127.0.0.1", ours.port))
    ours.out.take(5)
    ours.say(b"who is there?\n")
    ours.told("Connection refused")
    ours.end()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", ours.port))

        def heard():
            with contextlib.suppress(ConnectionRefusedError):   # until it listens again
                sock.send(b"here")
            return ours.out.n > 5

        until(heard, "a second conversation")
    assert ours.out.take(9)[:9] == b"gone here"
    ours.kill()
    assert ours.wait() == -signal.SIGTERM


def test_keep_with_a_timeout_ends_when_nobody_calls(talk):
    ours = talk("connect", "-lk", "--timeout", "2s", TCP)
    ours.end()
    with calling(ours) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
    ours.ends(5, lambda told: "timed out after 2 s" in told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("busy", [False, True])
def test_a_socket_file_is_removed_by_a_signal(talk, tmp_path, number, busy):
    ours = talk("connect", "--listen", f"unix:{tmp_path}/s")
    assert ours.where == f"unix:{tmp_path}/s"
    with socket.socket(socket.AF_UNIX) as sock:
        if busy:
            sock.connect(f"{tmp_path}/s")
            sock.sendall(b"x")
            ours.out.take(1)
        ours.kill(number)
        assert ours.wait() == -number
    assert os.listdir(tmp_path) == []


def test_a_socket_file_that_another_has_put_in_our_place_stays(talk, tmp_path):
    ours = talk("connect", "--listen", f"unix:{tmp_path}/s")
    assert ours.where
    os.unlink(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{tmp_path}/s")
        ours.kill()
        assert ours.wait() == -signal.SIGTERM
    assert os.listdir(tmp_path) == ["s"]


def test_a_socket_file_that_a_killed_one_has_left_is_taken_over(talk, tmp_path):
    ours = talk("connect", "--listen", f"unix:{tmp_path}/s")
    assert ours.where
    ours.kill(signal.SIGKILL)
    ours.wait()
    assert os.listdir(tmp_path) == ["s"]
    again = talk("connect", "--listen", f"unix:{tmp_path}/s")
    with socket.socket(socket.AF_UNIX) as sock:
        assert again.where
        sock.connect(f"{tmp_path}/s")
    again.end()
    again.ends(0)
    assert os.listdir(tmp_path) == []


# -- Programs ---------------------------------------------------------------------------------

# What a program sees, as JSON.
LOOK = (f"{PYTHON} -c 'import json, os, signal, sys; sys.stdout.write(json.dumps({{"
        '"env": dict(os.environ), "fds": sorted(map(int, os.listdir("/proc/self/fd")))[:-1], '
        '"pipe": open("/proc/self/status").read().split("SigIgn:")[1].split()[0], '
        '"same": os.path.sameopenfile(0, 1)}))\'')


def seen(data):
    look = json.loads(data)
    names = ("PROTO", "TCP", "UNIX", "UDP")
    return look, {name: value for name, value in look["env"].items() if name.startswith(names)}


def test_a_program_is_told_who_is_at_both_ends(talk):
    ours = talk("connect", "--listen", "--exec", LOOK, TCP, env={"TCPREMOTEHOST": "a lie"})
    with calling(ours) as sock:
        look, told = seen(rest(sock))
        assert told == {"PROTO": "TCP", "TCPLOCALIP": ours.host, "TCPLOCALPORT": str(ours.port),
                        "TCPREMOTEIP": "127.0.0.1", "TCPREMOTEPORT": str(sock.getsockname()[1])}
    assert look["same"]
    assert ours.wait() == 0


@pytest.mark.parametrize("keep", [[], ["--keep"]], ids=["once", "keep"])
def test_a_program_has_three_descriptors_and_dies_of_a_broken_pipe(talk, keep):
    ours = talk("connect", "--listen", *keep, "-e", LOOK, TCP)
    with calling(ours) as sock:
        look, _ = seen(rest(sock))
    assert look["fds"] == [0, 1, 2]
    # Python itself ignores SIGPIPE (13) and SIGXFSZ (25), so the shell is asked.
    ours.kill()
    ours.wait()
    ours = talk("connect", "--listen", *keep, "-e", "grep SigIgn /proc/$$/status", TCP)
    with calling(ours) as sock:
        ignored = int(rest(sock).split()[1], 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)
    ours.kill()
    ours.wait()


def test_a_program_on_a_unix_socket(talk, tmp_path):
    ours = talk("connect", "--listen", "--exec", LOOK, f"unix:{tmp_path}/s")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"{tmp_path}/c")
        assert ours.where
        sock.connect(f"{tmp_path}/s")
        _, told = seen(rest(sock))
    assert told == {"PROTO": "UNIX", "UNIXLOCALPATH": f"{tmp_path}/s", "UNIXREMOTEPATH": f"{tmp_path}/c"}
    assert ours.wait() == 0
    assert os.listdir(tmp_path) == ["c"]


# A datagram is read in one piece; what read(1) of a shell leaves is lost.
ANSWER = f"{PYTHON} -c 'import os; os.write(1, os.environ[\"UDPREMOTEPORT\"].encode() + b\" \" + os.read(0, 99))'"


def test_a_program_on_datagrams(talk):
    ours = talk("connect", "--listen", "--exec", ANSWER, "udp://127.0.0.1:0")
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.connect(("127.0.0.1", ours.port))
        sock.send(b"hello\n")
        assert sock.recv(100) == b"%d hello\n" % sock.getsockname()[1]
    assert ours.wait() == 0


@pytest.mark.parametrize("command, code", [("exit 0", 0), ("exit 37", 37), ("no-such-command", 127), ("kill -9 $$", -9)])
def test_the_programs_exit_code_is_ours(talk, command, code):
    with answering(rest) as where:
        ours = talk("connect", "--exec", command, where)
        assert ours.wait() == code


def test_a_program_talks_to_whom_we_call(talk):
    heard = []

    def work(sock):
        sock.sendall(b"question\n")
        heard.append(rest(sock))

    with answering(work) as where:
        assert talk("connect", "--exec", "read line; echo answer to $line", where).wait() == 0
    assert heard == [b"answer to question\n"]


def test_many_programs_at_once(talk):
    ours = talk("connect", "--listen", "--keep", "--exec", "cat", TCP)
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(calling(ours)) for _ in range(8)]
        for i in reversed(range(8)):    # the last comes first: they do not wait for each other
            socks[i].sendall(b"caller %d" % i)
            assert take(socks[i], 8) == b"caller %d" % i
        for sock in socks:
            sock.shutdown(socket.SHUT_WR)
            assert rest(sock) == b""
    ours.kill()
    assert ours.wait() == -signal.SIGTERM


def test_more_programs_than_may_run_wait_for_their_turn(talk):
    ours = talk("connect", "--listen", "--keep", "--exec", "cat", TCP)
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(calling(ours)) for _ in range(66)]
        for sock in socks[:64]:
            sock.sendall(b"x")
            assert take(sock, 1) == b"x"
        socks[65].sendall(b"y")
        socks[65].settimeout(0.2)
        with pytest.raises(TimeoutError):
            socks[65].recv(1)
        for sock in socks[:2]:
            sock.shutdown(socket.SHUT_WR)
            assert rest(sock) == b""
        socks[65].settimeout(LIMIT)
        assert take(socks[65], 1) == b"y"
    ours.kill()
    assert ours.wait() == -signal.SIGTERM


def test_programs_that_have_ended_are_not_left_as_zombies(talk):
    ours = talk("connect", "--listen", "--keep", "--exec", "true", TCP)
    for _ in range(3):
        with calling(ours) as sock:
            assert rest(sock) == b""
    until(lambda: open(f"/proc/{ours.pid}/task/{ours.pid}/children").read() == "", "no child left")
    ours.kill()
    ours.wait()


# -- Calls -------------------------------------------------------------------------------------


def calls_of(record):
    """How often a record tells that connect was called."""
    lines = [json.loads(line) for line in written(record).split(b"\n")[:-1]]
    return sum(line["call"] == "connect" and line["phase"] == "return" for line in lines)


def test_wait_calls_again_until_the_server_is_there(talk, tmp_path):
    record = tmp_path / "record"
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        ours = talk("connect", "--record", record, "--wait", "60s", "tcp://127.0.0.1:%d" % server.getsockname()[1])
        until(lambda: calls_of(record) >= 2, "two calls in vain")
        server.listen()
        server.settimeout(LIMIT)
        conn, _ = server.accept()
        with conn:
            conn.sendall(b"here I am")
            conn.shutdown(socket.SHUT_WR)
            ours.end()
            assert rest(conn) == b""
    ours.ends(0)
    assert ours.said == b"here I am"


def test_wait_has_an_end(talk):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        ours = talk("connect", "--wait", "300ms", "tcp://127.0.0.1:%d" % nobody.getsockname()[1])
        ours.ends(4, lambda told: "Connection refused" in told)


def test_without_wait_there_is_one_call(talk, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        ours = talk("connect", "--record", tmp_path / "record", "tcp://127.0.0.1:%d" % nobody.getsockname()[1])
        assert ours.wait() == 4
    assert calls_of(tmp_path / "record") == 1


@pytest.mark.parametrize("source", ["tcp://127.0.0.2:0", "127.0.0.2:0", "127.0.0.2"])
def test_source_is_where_the_call_comes_from(talk, source):
    heard = []
    with answering(lambda sock: heard.append(sock.getpeername()[0])) as where:
        ours = talk("connect", "--source", source, where)
        ours.end()
        ours.ends(0)
    assert heard == ["127.0.0.2"]


ASK = f"{PYTHON} -c 'import socket; s = socket.socket(fileno=0); print(s.getsockopt(1, 8), s.getsockopt(6, 1), flush=True)'"


@pytest.mark.parametrize("listens", [False, True], ids=["calls", "listens"])
def test_socket_options_are_set(talk, listens):
    options = ["-o", "rcvbuf=64k", "--option", "nodelay=on"]
    heard = []
    if listens:
        ours = talk("connect", "--listen", *options, "--exec", ASK, TCP)
        with calling(ours) as sock:
            heard.append(rest(sock))
    else:
        with answering(lambda sock: heard.append(rest(sock))) as where:
            ours = talk("connect", *options, "--exec", ASK, where)
            ours.wait()
    assert ours.wait() == 0
    assert heard == [b"131072 1\n"]


def test_timeout_ends_a_call_that_nobody_takes(talk):
    with socket.socket() as server, contextlib.ExitStack() as stack:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):              # the queue is full, and a SYN more is not answered
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(server.getsockname())
        ours = talk("connect", "--timeout", "200ms", "tcp://127.0.0.1:%d" % server.getsockname()[1])
        ours.ends(5, lambda told: "timed out after 200 ms" in told)


@pytest.mark.parametrize("where", [TCP, "udp://127.0.0.1:0", "unix:{}/s", "unix-dgram:{}/s"],
                         ids=["tcp", "udp", "unix", "unix-dgram"])
def test_timeout_ends_the_wait_for_a_caller(talk, where, tmp_path):
    ours = talk("connect", "--listen", "-t", "100ms", where.format(tmp_path))
    ours.ends(5, lambda told: "timed out after 100 ms" in told)
    assert os.listdir(tmp_path) == []


def test_the_name_of_a_service_is_where_it_is_served(talk, island):
    with island:
        server = talk("serve", "echo", "--", "upper")
        server.out.wait(lambda: server.out.kept.count(b"listening") == 4, "four lines")
        assert spoken("connect", "echo", data=b"echo!").stdout == b"echo!"
        assert spoken("connect", "upper", data=b"upper!").stdout == b"UPPER!"
        assert spoken("send", "upper", "sent!").stdout == b"SENT!"
    server.kill()
    server.wait()


@pytest.mark.parametrize("verb", ["connect", "send"])
def test_the_name_of_a_service_that_nobody_serves_is_its_address(island, verb):
    with island:
        done = run(verb, "echo", *(["text"] if verb == "send" else []))
    assert done.returncode == 4
    assert f"sockeye {verb}: dial tcp://127.0.0.1:65432: Connection refused" in done.stderr


# -- Descriptors that somebody hands over ----------------------------------------------------


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET], ids=["stream", "seqpacket"])
def test_a_descriptor_is_talked_through_to_its_end(talk, kind):
    mine, yours = socket.socketpair(socket.AF_UNIX, kind)
    with mine, yours:
        ours = talk("connect", f"fd:{yours.fileno()}", fds=[yours.fileno()])
        yours.close()
        mine.settimeout(LIMIT)
        mine.send(b"hello")
        ours.out.take(5)
        ours.say(b"goodbye")
        assert mine.recv(100) == b"goodbye"
        ours.end()
        assert mine.recv(100) == b""    # the end is told
        mine.shutdown(socket.SHUT_WR)
        ours.ends(0)


def test_a_descriptor_that_listens_is_listened_at(talk):
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = talk("connect", "--listen", f"fd:{server.fileno()}", fds=[server.fileno()])
        assert ours.port == server.getsockname()[1]
        with calling(ours) as sock:
            sock.sendall(b"hello")
            sock.shutdown(socket.SHUT_WR)
            ours.end()
            assert rest(sock) == b""
    ours.ends(0)
    assert ours.said == b"hello"


def test_a_program_does_not_inherit_a_descriptor_that_was_handed_over(talk):
    mine, yours = socket.socketpair()
    with mine, yours:
        ours = talk("connect", "--exec", LOOK, f"fd:{yours.fileno()}", fds=[yours.fileno()])
        yours.close()
        mine.settimeout(LIMIT)
        look, _ = seen(rest(mine))
    assert look["fds"] == [0, 1, 2]
    assert ours.wait() == 0


# -- What is shown --------------------------------------------------------------------------------


def undump(text, way):
    """The bytes of one way, each line held against its form and its place."""
    data = b""
    for line in text.splitlines():
        match = re.fullmatch(r"([<>]) ([0-9a-f]{8})  ((?:[0-9a-f]{2} ?| {3}){8}) ((?:[0-9a-f]{2} ?| {3}){8}) (.{1,16})", line)
        assert match, line
        if match[1] == way:
            some = bytes.fromhex(match[3] + match[4])
            assert int(match[2], 16) == len(data)
            assert match[5] == "".join(chr(c) if 32 <= c < 127 else "." for c in some)
            data += some
    return data


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000, 70000])
def test_hex_shows_both_ways_exactly(talk, size):
    ours, theirs = b"".join(pieces(size, "us")), b"".join(pieces(size, "them"))
    with answering(say(theirs)) as where:
        done = spoken("connect", "--hex", where, data=ours)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    assert (undump(text, ">"), undump(text, "<")) == (ours, theirs)


def test_the_dump_is_as_the_manual_shows_it(talk):
    with answering(lambda sock: (take(sock, 6), sock.sendall(b"0123456789abcdefg"))) as where:
        done = spoken("connect", "-x", where, data=b"Hello\n")
    assert done.stdout == (b"> 00000000  48 65 6c 6c 6f 0a                                 Hello.\n"
                           b"< 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n"
                           b"< 00000010  67                                                g\n")


@pytest.mark.parametrize("raw", [[], ["--raw"]], ids=["plain", "raw"])
def test_a_pipe_gets_what_came_as_it_came(talk, raw):
    data = bytes(range(256)) + b"\x1b]0;title\x07\r\n\xc2\x9b"
    with answering(say(data)) as where:
        done = spoken("connect", *raw, where)
    assert (done.returncode, done.stdout) == (0, data)


def test_a_record_has_a_line_for_each_call_and_is_for_its_owner_alone(talk, tmp_path):
    record = tmp_path / "record"
    with answering(echo) as where:
        done = spoken("connect", "--record", record, where, data=b"hello record")
    assert (done.returncode, done.stdout) == (0, b"hello record")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    calls = [line.get("call") for line in lines]
    assert [name for name in ("socket", "connect", "send", "recv", "shutdown", "close") if name not in calls] == []
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_a_record_is_kept_of_a_program_too(talk, tmp_path):
    record = tmp_path / "record"
    with answering(rest) as where:
        assert talk("connect", "--record", record, "--exec", "true", where).wait() == 0
    calls = [json.loads(line).get("call") for line in record.read_text().splitlines()]
    assert "connect" in calls


def test_a_record_is_appended_to(talk, tmp_path):
    record = tmp_path / "record"
    sizes = []
    for _ in range(2):
        with answering(rest) as where:
            assert spoken("connect", "--record", record, where).returncode == 0
        sizes.append(record.stat().st_size)
    assert sizes[1] > sizes[0] > 0


def test_verbose_tells_both_ends_and_how_it_ends(talk):
    with answering(say(b"123")) as where:
        ours = talk("connect", "-v", where)
        ours.say(b"12345")
        ours.end()
        ours.ends(0, lambda told: True)
    lines = ours.complaint.splitlines()
    assert re.fullmatch(rf"tcp://127\.0\.0\.1:\d+ is connected with {re.escape(where)}", lines[0])
    assert lines[1] == "the end of input is told to it (FIN); it may then go on, with up to 30s of silence"
    assert lines[2:] == ["both sides have ended; 5 bytes sent, 3 received"]


@pytest.mark.parametrize("options, kind, words", [
    (["--hold"], "tcp", "the end of input is not told to it: then 30s of silence ends this"),
    (["--hold", "--linger", "off"], "tcp", "the end of input is not told to it: then any length of silence ends this"),
    (["--linger", "5s"], "tcp", "the end of input is told to it (FIN); it may then go on, with up to 5s of silence"),
    ([], "udp", "the end of input is not told to it, datagrams have no end: then 1s of silence ends this"),
])
def test_verbose_tells_which_rule_applies(talk, options, kind, words):
    if kind == "udp":
        ours = talk("connect", "--verbose", *options, "udp://127.0.0.1:9")
        ours.told(words)
        ours.kill()
        ours.wait()
        return
    with answering(lambda sock: None) as where:
        ours = talk("connect", "--verbose", *options, where)
        ours.told(words)
        ours.end()
        ours.ends(0, lambda told: True)


@pytest.mark.parametrize("quiet", [[], ["-q"], ["--quiet"], ["-qv"]])
def test_quiet_tells_errors_only(talk, quiet):
    with answering(say(b"x")) as where:
        done = spoken("connect", *quiet, where)
    assert (done.stdout, done.stderr) == (b"x", b"")


def test_quiet_does_not_tell_where_it_listens(talk, tmp_path):
    ours = talk("connect", "-q", "--listen", f"unix:{tmp_path}/s")
    until(lambda: os.path.exists(tmp_path / "s"), "the socket")
    with socket.socket(socket.AF_UNIX) as sock:
        until(lambda: sock.connect_ex(f"{tmp_path}/s") == 0, "a listener")
        ours.end()
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
    assert ours.wait() == 0
    assert ours.err.lines() == []


# -- Streams in trouble --------------------------------------------------------------------------


def test_an_output_that_is_closed_early_ends_it(tmp_path):
    def endless(sock):
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(bytes(65536))

    with answering(endless) as where:
        done = subprocess.run(["bash", "-c", f"ulimit -c unlimited; {COMMAND} connect {where} | head -c1 | wc -c; "
                               'echo ${PIPESTATUS[0]}'], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path,
                              env=environment(), stdin=subprocess.DEVNULL)
    assert (done.stdout.split(), done.stderr) == (["1", "1"], "")
    assert os.listdir(tmp_path) == []   # no core


def test_an_output_whose_reader_has_left_is_noticed_in_silence(talk):
    go = threading.Event()

    def work(sock):
        sock.sendall(b"line\n")
        assert go.wait(LIMIT)

    with answering(work) as where:
        read, write = os.pipe()
        ours = talk("connect", where, stdout=write)
        os.close(write)
        assert os.read(read, 100) == b"line\n"
        os.close(read)
        ours.ends(1)
        go.set()


def test_an_output_that_is_full_is_told(talk):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with answering(say(b"x")) as where, open("/dev/full", "wb") as full:
        talk("connect", where, stdin=subprocess.DEVNULL, stdout=full).ends(
            1, lambda told: told.startswith("sockeye connect: stdout: No space left on device\n"))


@pytest.mark.parametrize("closed, heard, code", [("<&-", b"answer", 0), (">&-", b"", 1), ("2>&-", b"answer", 0)])
def test_a_stream_that_is_closed_from_the_start(closed, heard, code):
    with answering(say(b"answer")) as where:
        done = subprocess.run(["sh", "-c", f"exec {COMMAND} connect {where} {closed}"], capture_output=True,
                              timeout=LIMIT, env=environment(), stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (code, heard)


@pytest.mark.parametrize("path", ["/proc/self/status", "/proc/cpuinfo", "/dev/null"])
def test_a_file_without_a_size_is_sent_whole(talk, path):
    heard = []
    with answering(lambda sock: heard.append(rest(sock))) as where, open(path, "rb") as said:
        ours = talk("connect", where, stdin=said)
        ours.ends(0)
    assert len(heard[0]) > 100 or path == "/dev/null"


def test_a_file_is_sent_from_where_it_is_and_left_at_its_end(talk, tmp_path):
    (tmp_path / "file").write_bytes(b"skipped, sent")
    heard = []
    with answering(lambda sock: heard.append(rest(sock))) as where, open(tmp_path / "file", "rb") as said:
        os.lseek(said.fileno(), 9, os.SEEK_SET)
        talk("connect", where, stdin=said).ends(0)
        assert os.lseek(said.fileno(), 0, os.SEEK_CUR) == 13
    assert heard == [b"sent"]


WRITES = "import os, sys\nfor i in range(int(sys.argv[1])): os.write(1, b'%c' % (i % 251))"


def test_a_million_small_writes_arrive_in_their_order(talk):
    n = 1_000_000
    expected = digest((bytes(range(251)) * (n // 251 + 1))[:n])
    one = talk("connect", "--listen", TCP)
    one.end()
    writer = subprocess.Popen([PYTHON, "-c", WRITES, str(n)], stdout=subprocess.PIPE)
    two = talk("connect", one.where, stdin=writer.stdout)
    writer.stdout.close()
    two.ends(0)
    one.ends(0)
    assert writer.wait(LIMIT) == 0
    assert (one.out.n, one.sum, two.out.n) == (n, expected, 0)


def test_a_peer_that_writes_all_before_it_reads_does_not_stop_us(talk):
    data, heard = 8 * MIB, []

    def work(sock):
        for piece in pieces(data, "them"):
            sock.sendall(piece)
        sock.shutdown(socket.SHUT_WR)
        heard.append(digest(rest(sock)))

    with answering(work) as where:
        ours = talk("connect", where)
        ours.feed(pieces(data, "us"))
        ours.ends(0)
        assert ours.sum == digest(pieces(data, "them"))
    assert heard == [digest(pieces(data, "us"))]


def test_a_user_that_writes_all_before_it_reads_does_not_stop_us(talk):
    """And the peer too: what lies between takes all of it while nobody reads our output."""
    data, heard = 8 * MIB, []

    def work(sock):
        heard.append(digest(take(sock, data)))
        for piece in pieces(data, "them"):
            sock.sendall(piece)

    read, write = os.pipe()
    with answering(work) as where:
        ours = talk("connect", where, stdout=write)
        os.close(write)
        for piece in pieces(data, "us"):
            ours.say(piece)
        ours.end()
        with open(read, "rb") as out:
            assert digest(iter(lambda: out.read(4096), b"")) == digest(pieces(data, "them"))
        ours.ends(0)
    assert heard == [digest(pieces(data, "us"))]


def test_a_slow_reader_holds_nobody_up_but_the_peer(talk):
    """Our output is full and nobody reads it: what we say still goes out."""
    data, heard = 8 * MIB, []

    def work(sock):
        def speak():
            for piece in pieces(data, "them"):
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
        speaker = threading.Thread(target=speak)
        speaker.start()
        heard.append(digest(rest(sock)))
        ended.set()
        speaker.join(LIMIT)

    ended = threading.Event()
    read, write = os.pipe()
    with answering(work) as where:
        ours = talk("connect", where, stdout=write)
        os.close(write)
        ours.feed(pieces(data, "us"))
        assert ended.wait(LIMIT)        # all of ours is there, while not a byte was read
        with open(read, "rb") as out:
            assert digest(iter(lambda: out.read(65536), b"")) == digest(pieces(data, "them"))
        ours.ends(0)
    assert heard == [digest(pieces(data, "us"))]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_talk(talk, number):
    with answering(lambda sock: rest(sock)) as where:
        ours = talk("connect", "-v", where)
        ours.told("is connected")
        ours.kill(number)
        assert ours.wait() == -number
