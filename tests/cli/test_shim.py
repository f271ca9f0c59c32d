# SPDX-License-Identifier: MIT
"""The shim tells what programs do with their sockets, and they do not notice.

Where a program is in Python its calls are made by CPython's own C code; what
that has no name for is called in libc by ctypes.
"""
import os
import shutil
import subprocess

import pytest
from conftest import BUILD, LIMIT, ROOT, environment
from shim import PYTHON, SHIM, Eye, own_host, wait_open

EXAMPLES = BUILD / "examples"
TWINS = ROOT / "tests/lectures/twins"
TCP = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
def client():
    with socket.create_connection(server.getsockname()) as c:
        c.sendall(b"hello"); c.sendall(b" you")
        while c.recv(3): pass
thread = threading.Thread(target=client); thread.start()
conn, _ = server.accept()
got = b""
while len(got) < 9: got += conn.recv(100)
conn.sendall(got.upper()); conn.close(); thread.join(); server.close()
"""
UDP = """
import socket
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
a.bind(("127.0.0.1", 0))
b.sendto(b"question", a.getsockname())
data, where = a.recvfrom(4)
a.sendto(b"answer", where)
b.recvfrom(100)
"""
PAIR = "import socket, os; a, b = socket.socketpair()\n"
LIBC = "import ctypes, os, socket; libc = ctypes.CDLL(None, use_errno=True)\n"


@pytest.fixture
def eye(tmp_path):
    eye = Eye(tmp_path / "tapes")
    yield eye
    eye.finish()


# -- What is told ----------------------------------------------------------------------


def test_both_ends_of_a_connection_are_told_alike(eye):
    eye.python(TCP)
    told = eye.records()
    client, server = next(e for e in told if e["call"] == "connect"), next(e for e in told if e["call"] == "accept")
    assert client["local"] == server["peer"] and client["peer"] == server["local"]
    for cookie, calls in ((client["cookie"], "send"), (server["cookie"], "recv")):
        moved = [e for e in told if e.get("cookie") == cookie and e["call"] == calls and e["moved"]]
        assert [e["offset"] for e in moved] == [sum(e["moved"] for e in moved[:i]) for i in range(len(moved))]
        assert "".join(e["data"] for e in moved) == "hello you"
    assert {e["tid"] for e in told if e["call"] in ("connect", "accept")} != {told[0]["tid"]}
    assert (told[-1]["call"], told[-1]["arg"][0]) == ("exit", 0)


def test_a_call_that_may_wait_has_an_entry_before_its_return(eye):
    eye.python(TCP)
    entered = {(e["tid"], e["call"]) for e in eye.records("enter")}
    told = eye.records(None)
    assert {call for _, call in entered} == {"accept", "connect", "send", "recv", "getaddrinfo"}
    for tid in {e["tid"] for e in told}:
        mine = [e for e in told if e["tid"] == tid]
        for before, after in zip(mine, mine[1:]):
            assert before["phase"] == "return" or before["call"] == after["call"] and after["phase"] == "return"


def test_a_call_that_does_not_wait_has_none(eye):
    eye.python(PAIR + """
a.setblocking(False)
for each in (a, b):
    try: each.recv(1, socket.MSG_DONTWAIT)
    except BlockingIOError: pass
try: a.recv(1)
except BlockingIOError: pass
b.setblocking(False); b.setblocking(True); b.send(b"x")
""")
    assert [e["error"] for e in eye.records() if e["call"] == "recv"] == ["EAGAIN"] * 3
    assert eye.calls(phase="enter") == ["send"]


def test_datagrams_name_the_other_end_of_each(eye):
    eye.python(UDP)
    sent, got = ([e for e in eye.records() if e["call"] == call] for call in ("sendto", "recvfrom"))
    assert [(e["peer"], e["local"]) for e in got] == [(e["local"], e["peer"]) for e in sent] or \
        sent[0]["peer"] == got[0]["local"] and got[0]["peer"] == sent[1]["peer"]
    assert (got[0]["moved"], got[0]["data"], got[1]["data"]) == (4, "ques", "answer")


def test_a_datagram_has_its_sender_also_where_nobody_asks(eye):
    eye.python("""
import socket
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
a.bind(("127.0.0.1", 0)), b.bind(("127.0.0.1", 0))
b.sendto(b"x", a.getsockname()); a.recv(100)
""")
    assert eye.only("recv")["peer"] == eye.only("sendto")["local"]


def test_a_unix_connection_knows_its_caller(eye, tmp_path):
    eye.python(f"""
import os, socket
server = socket.socket(socket.AF_UNIX); server.bind({str(tmp_path / "s")!r}); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect({str(tmp_path / "s")!r})
conn, _ = server.accept()
""")
    told = eye.only("accept")
    assert told["arg"][1] == told["pid"]
    assert told["local"] == f"unix:{tmp_path}/s"


def test_what_it_was_told_to_keep_is_kept(eye):
    program = PAIR + "a.sendall(b'x' * 3000); b.recv(4096)"
    for payload, kept in (("0", 0), ("10", 10), ("all", 3000)):
        eye.python(program, payload=payload)
        got = [e for e in eye.records() if e["call"] in ("send", "recv")]
        assert [len(e.get("data", "")) for e in got] == [kept] * 2
        assert got[0]["hash"] == got[1]["hash"] and got[0]["moved"] == 3000
        eye.forget()


def test_gathered_messages_and_files_are_told(eye, tmp_path):
    (tmp_path / "file").write_bytes(b"from a file")
    eye.python(PAIR + f"""
os.writev(a.fileno(), [b"one", b"two"]); os.readv(b.fileno(), [bytearray(4), bytearray(9)])
a.sendmsg([b"three", b"four"]); b.recvmsg(100)
os.write(a.fileno(), b"five"); os.read(b.fileno(), 99)
with open({str(tmp_path / "file")!r}, "rb") as f: os.sendfile(a.fileno(), f.fileno(), 0, 100)
r, w = os.pipe()
os.splice(b.fileno(), w, 100)
a.shutdown(socket.SHUT_WR)
""")
    told = [(e["call"], e["offset"], e["asked"], e["moved"], e.get("data")) for e in eye.records() if e["moved"]]
    assert told == [
        ("writev", 0, 6, 6, "onetwo"), ("readv", 0, 13, 6, "onetwo"),
        ("sendmsg", 6, 9, 9, "threefour"), ("recvmsg", 6, 100, 9, "threefour"),
        ("write", 15, 4, 4, "five"), ("read", 15, 99, 4, "five"),
        ("sendfile", 19, 100, 11, None), ("splice", 19, 100, 11, None)]
    assert eye.only("shutdown")["arg"][0] == 1


def test_a_failure_is_told_with_its_errno(eye):
    done = eye.run(PYTHON, "-c", "import socket; socket.socket().connect(('127.0.0.1', 1))")
    assert done.returncode == 1 and "ConnectionRefusedError" in done.stderr
    told = eye.only("connect")
    assert (told["error"], told["peer"]) == ("ECONNREFUSED", "tcp://127.0.0.1:1")
    assert eye.only("exit")["arg"][0] == 1


def test_a_socket_call_on_what_is_closed_is_told(eye):
    eye.python(LIBC + "s = socket.socket(); n = s.fileno(); s.close(); assert libc.send(n, b'x', 1, 0) == -1\n"
               "assert ctypes.get_errno() == 9 and libc.connect(-1, None, 0) == -1")
    assert [(e["call"], e["error"]) for e in eye.records() if "error" in e] == [("send", "EBADF"), ("connect", "EBADF")]


def test_options_and_flags_are_told(eye):
    eye.python("""
import fcntl, os, socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
assert s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
fcntl.fcntl(s, fcntl.F_SETFL, os.O_NONBLOCK)
""")
    told = {e["call"]: e["arg"] for e in eye.records()}
    assert told["setsockopt"] == [1, 2, 1] and told["getsockopt"] == [1, 3, 1]
    assert told["fcntl"] == [4, os.O_NONBLOCK, 0]


def test_names_are_told(eye):
    eye.python("import socket; socket.getaddrinfo('localhost', 80); "
               "socket.getnameinfo(('127.0.0.1', 80), socket.NI_NUMERICHOST)")
    assert next(e for e in eye.records() if e["call"] == "getaddrinfo")["text"] == "localhost"
    assert eye.only("getnameinfo")["text"] == "127.0.0.1"


# -- Waiting ------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", ["poll", "select", "epoll_wait"])
def test_a_wait_is_about_the_socket_that_is_ready(eye, wait):
    program = {
        "poll": "p = select.poll(); [p.register(each, 1) for each in all]; p.poll(0); kick(); p.poll(5000)",
        "select": "select.select(all, [], [], 0); kick(); select.select(all, [], [], 5)",
        "epoll_wait": "p = select.epoll(); [p.register(each, 1) for each in all]; p.poll(0); kick(); p.poll(5)",
    }[wait]
    eye.python(PAIR + f"""
import select
server = socket.create_server(("127.0.0.1", 0))
all = [b, server]
def kick(): a.send(b"x")
{program}
""")
    told = eye.records(None)
    listener = next(e["cookie"] for e in told if e["call"] == "listen")
    ready = next(e["cookie"] for e in told if e["call"] == "send")
    enter, back = [e for e in told if e["call"] == wait]
    assert (enter["phase"], enter["cookie"], enter["asked"], enter["arg"]) == ("enter", listener, 2, [1, 0, 5000])
    assert (back["moved"], back["arg"]) == (1, [1, 1, 5000])
    assert back["fd"] != enter["fd"] and back["cookie"] != ready


def test_a_wait_without_sockets_is_not_told(eye):
    eye.python("""
import os, select
r, w = os.pipe()
os.write(w, b"x")
p = select.epoll(); p.register(r, 1); q = select.poll(); q.register(r, 1)
p.poll(1), q.poll(1000), select.select([r], [], [], 1)
""")
    assert eye.tapes() == []


def test_an_event_loop_is_told(eye):
    assert eye.python("""
import asyncio
async def main():
    async def serve(reader, writer):
        writer.write((await reader.read(100)).upper()); await writer.drain(); writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"abc"); print(await reader.read()); writer.close(); server.close()
asyncio.run(main())
""") == "b'ABC'\n"
    told = eye.records()
    assert [e["error"] for e in told if e["call"] == "connect"] == ["EINPROGRESS"]
    assert [e["data"] for e in told if e["call"] == "recv" and e["moved"]] == ["abc", "ABC"]
    assert "epoll_wait" in eye.calls(phase="enter") and set(eye.calls(phase="enter")) == {"epoll_wait"}


# -- Descriptors --------------------------------------------------------------------------


def test_copies_are_one_socket_until_the_last_is_closed(eye):
    eye.python(PAIR + """
n = os.dup(a.fileno()); os.write(n, b"one"); a.send(b"two")
os.dup2(n, 77); os.write(77, b"three"); os.close(77); os.close(n)
""")
    told = [e for e in eye.records() if e["call"] in ("dup", "write", "send", "close")]
    assert [(e["call"], e["offset"]) for e in told if e["moved"]] == [("write", 0), ("send", 3), ("write", 6)]
    assert [e["fd"] for e in told if e["call"] == "dup"][1] == [e["other"] for e in told if e["call"] == "dup"][0]
    assert len({e["cookie"] for e in told if e["call"] != "close"}) == 1


def test_a_socket_that_another_takes_the_place_of_is_closed(eye):
    eye.python(PAIR + "f = os.open('/dev/null', 1); os.dup2(f, a.fileno()); os.write(a.fileno(), b'x'); a.detach()")
    made = eye.only("socketpair")
    told = [e for e in eye.records() if e["call"] in ("close", "write", "dup")]
    assert [(e["call"], e["fd"], e["cookie"]) for e in told][0] == ("close", made["fd"], made["cookie"])
    assert {e["call"] for e in told} == {"close"}


@pytest.mark.parametrize("how", ["libc.close_range(lowest, 100, 0)", "libc.closefrom(lowest)",
                                 "[os.close(n) for n in (a.detach(), b.detach())]"])
def test_sockets_that_are_closed_together_are_told_each(eye, how):
    eye.python(LIBC + "a, b = socket.socketpair(); lowest = min(a.fileno(), b.fileno()); r, w = os.pipe()\n" + how +
               "\na.detach(), b.detach()\nfor n in (r, w):\n try: os.close(n)\n except OSError: pass")
    made = eye.only("socketpair")
    assert {e["fd"] for e in eye.records() if e["call"] == "close"} == {made["fd"], made["other"]}


def test_a_stream_of_stdio_is_closed_with_its_socket(eye):
    eye.python(LIBC + "libc.fdopen.restype = ctypes.c_void_p; a, b = socket.socketpair()\n"
               "f = libc.fdopen(a.detach(), b'r'); assert libc.fclose(ctypes.c_void_p(f)) == 0; b.detach()")
    assert eye.only("close")["fd"] == eye.only("socketpair")["fd"]


def test_a_passed_descriptor_is_seen_for_what_it_is(eye):
    eye.python("""
import array, os, socket
a, b = socket.socketpair()
c, d = socket.socketpair()
n = d.fileno()
d.close()
r, w = os.pipe()                # perhaps at that number
socket.send_fds(a, [b"."], [c.fileno(), w])
_, fds, _, _ = socket.recv_fds(b, 10, 2)
os.write(fds[1], b"no socket")
c2 = socket.socket(fileno=fds[0]); e = c2.getsockname()
""")
    told = eye.records()
    assert "write" not in [e["call"] for e in told]
    assert next(e for e in told if e["call"] == "recvmsg")["moved"] == 1
    cookies = [e["cookie"] for e in told if e["call"] == "socketpair"]
    assert told[-1]["call"] == "exit" and cookies[1] in [e.get("cookie") for e in told if e["call"] == "getsockname"]


def test_system_calls_by_number_are_told(eye):
    eye.python(LIBC + """
import platform
if platform.machine() != "x86_64": raise SystemExit
a, b = socket.socketpair()
assert libc.syscall(1, a.fileno(), b"by number", 9) == 9
buf = ctypes.create_string_buffer(50)
assert libc.syscall(45, b.fileno(), buf, ctypes.c_size_t(50), 0, None, None) == 9 and buf.value == b"by number"
assert libc.syscall(39) == os.getpid()
assert libc.syscall(3, 999) == -1 and ctypes.get_errno() == 9
""")
    assert [(e["call"], e["data"]) for e in eye.records() if e["moved"]] in (
        [], [("write", "by number"), ("recvfrom", "by number")])


# -- Processes ------------------------------------------------------------------------------


def test_a_forked_child_goes_on_on_its_parents_tape(eye):
    eye.python(PAIR + """
child = os.fork()
if child == 0:
    b.sendall(b"from the child"); os._exit(3)
a.recv(99); os.waitpid(child, 0)
""")
    assert len(eye.tapes()) == 1
    told = eye.records()
    fork = eye.only("fork")
    child = [e for e in told if e["pid"] == fork["other"]]
    assert [e["call"] for e in child] == ["send", "exit"] and child[1]["arg"][0] == 3
    assert child[0]["tid"] == fork["other"] and fork["pid"] == told[0]["pid"]
    assert fork["time"] <= child[0]["time"]


def test_a_program_that_is_started_has_a_tape_of_its_own(eye):
    eye.python(PAIR + f"""
import subprocess, sys
said = subprocess.run([sys.executable, "-c", "import socket; a, b = socket.socketpair(); a.send(b'x')"], stdin=a,
                      capture_output=True)
assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")
assert subprocess.run(["false"]).returncode == 1
a.send(b"still here")
""")
    assert len(eye.tapes()) == 2
    told = eye.records()
    assert len({e["pid"] for e in told}) == 2
    assert [e["data"] for e in told if e["call"] == "send"] == ["x", "still here"]
    assert "dup" not in [e["call"] for e in told]
    assert sum(e["call"] == "exit" for e in told) == 2


def test_one_process_alone_is_watched_whatever_it_executes(eye):
    program = ("import os, socket, subprocess, sys; a, b = socket.socketpair(); a.send(b'me')\n"
               "if os.fork() == 0: a.send(b'child'); os._exit(0)\n"
               "os.wait(); subprocess.run([sys.executable, '-c', 'import socket; socket.socketpair()'])")
    script = 'SOCKEYE_EYE="pid=$$,dir=$1"; LD_PRELOAD=$2; export SOCKEYE_EYE LD_PRELOAD; shift 2; exec "$@"'
    done = eye.run("/bin/sh", "-c", script, "sh", eye.folder, SHIM, PYTHON, "-c", program, env=environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert len(eye.tapes()) == 1
    assert [e["data"] for e in eye.records() if e["call"] == "send"] == ["me"]
    assert "fork" not in eye.calls()


def test_a_script_is_told_by_its_own_name(eye, tmp_path):
    script = tmp_path / "a-server-with-a-long-name.py"
    script.write_text("import socket; socket.socket()")
    for argv in ([PYTHON, script], [PYTHON, "-B", "-W", "error", script], [PYTHON, "-c", script.read_text()]):
        assert eye.run(*argv).returncode == 0
    assert {e["program"] for e in eye.records()} == {"a-server-with-a", os.path.basename(PYTHON)}


# -- It is not noticed ------------------------------------------------------------------------


def test_a_program_without_sockets_leaves_nothing(eye):
    assert eye.run("/bin/sh", "-c", "ls / >/dev/null; cat </dev/null; exit 5").returncode == 5
    assert eye.tapes() == []


QUIET = {
    "curl": ["curl", "-sS", "http://127.0.0.1:1/"],
    "node": ["node", "-e", "const n = require('net'); const s = n.createServer(c => c.end('hi')).listen(0, () => "
             "n.connect(s.address().port).on('data', d => console.log(String(d))).on('end', () => s.close()))"],
    "perl": ["perl", "-MSocket", "-e", "socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); syswrite A, 'x'; sysread B, $b, 9; "
             "print $b; exit 9"],
    "tcp": [PYTHON, "-c", TCP],
    "udp": [PYTHON, "-c", UDP],
    "killed": [PYTHON, "-c", PAIR + "os.kill(os.getpid(), 15)"],
    "quick": [PYTHON, "-c", PAIR + "os._exit(200)"],
    "descriptors": [PYTHON, "-c", PAIR + "print(sorted(os.listdir('/proc/self/fd')), os.pipe(), a.fileno())"],
    "awkward": [str(BUILD / "tests/cli/awkward")],
    "errors": [PYTHON, "-c", LIBC + """
a, b = socket.socketpair()
for name, rest in (("connect", (1, 16)), ("bind", (1, 16)), ("sendto", (b"x", 1, 0, 1, 16)), ("recv", (1, 9, 64)),
                   ("send", (1, 9, 0)), ("getsockname", (1, 1)), ("setsockopt", (1, 2, 1, 4)), ("sendmsg", (None, 0)),
                   ("accept4", (None, None, 0)), ("shutdown", (9,)), ("listen", (-1,)), ("close", ())):
    ctypes.set_errno(0)
    print(name, getattr(libc, name)(a.fileno(), *rest), os.strerror(ctypes.get_errno()))
libc.fcntl(a.detach(), 1)
"""],
}


@pytest.mark.parametrize("name", QUIET)
def test_a_program_does_the_same_with_and_without(eye, name):
    if not shutil.which(QUIET[name][0]):
        pytest.skip(f"no {name} here")
    plain, watched = eye.run(*QUIET[name], env=environment()), eye.run(*QUIET[name])
    assert (watched.returncode, watched.stdout, watched.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert eye.records()


def test_of_what_is_awkward_all_is_told(eye):
    assert eye.run(BUILD / "tests/cli/awkward").returncode == 6
    told = eye.records()
    assert {e["pid"] for e in told} == {told[0]["pid"]}
    assert [e.get("data") for e in told if e["moved"] and e["call"] in ("read", "recv")][:2] == ["signal", "still"]
    assert [e["call"] for e in told if e["moved"] == 6] == ["write", "recv"]
    assert (told[-1]["call"], told[-1]["arg"][0]) == ("exit", 6)


def test_errno_stays_as_it_was_when_a_call_does_well(eye):
    eye.python(LIBC + """
a, b = socket.socketpair()
for call in (lambda: libc.send(a.fileno(), b"x", 1, 0), lambda: libc.recv(b.fileno(), bytes(1), 1, 0),
             lambda: libc.socket(2, 1, 0), lambda: libc.dup(a.fileno()), lambda: libc.close(b.detach()),
             lambda: libc.poll(None, 0, 0)):
    ctypes.set_errno(77)
    assert call() >= 0 and ctypes.get_errno() == 77
""")


def test_a_full_tape_blocks_nobody(eye):
    eye.python(PAIR + "for i in range(3000): a.send(b'x' * 50); b.recv(50)", room=1)
    assert len(eye.records()) > 100
    assert eye.lost > 10000


@pytest.mark.parametrize("value", ["", "dir=relative", "pid=x,dir={0}", "dir={0}/nowhere", "nonsense"])
def test_what_cannot_be_done_is_not_done(eye, value):
    env = dict(eye.env(), SOCKEYE_EYE=value.format(eye.folder))
    plain, watched = (eye.run(PYTHON, "-c", TCP + "print('well')", env=each) for each in (environment(), env))
    assert (watched.returncode, watched.stdout, watched.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert eye.tapes() == []


def test_where_files_may_not_grow_nothing_is_told_and_nobody_dies(eye):
    eye.python("import resource, socket; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); socket.socketpair()")
    assert eye.tapes() == []


def test_threads_may_have_small_stacks(eye):
    eye.python("""
import socket, threading
threading.stack_size(64 << 10)
def talk():
    a, b = socket.socketpair()
    for _ in range(200): a.sendmsg([b"x"]); b.recvmsg(1)
threads = [threading.Thread(target=talk) for _ in range(8)]
[each.start() for each in threads]; [each.join() for each in threads]
""", room=8 << 20)
    told = eye.records()
    assert sum(e["call"] == "recvmsg" for e in told) == 1600 and eye.lost == 0
    assert len({e["tid"] for e in told if e["call"] == "recvmsg"}) == 8


def test_the_librarys_own_recorder_is_silent_under_it(eye, tmp_path):
    eye.run(EXAMPLES / "tcp-hello-client", "127.0.0.1:1", SOCKEYE_TRACE=str(tmp_path / "trace"))
    assert not (tmp_path / "trace").exists()
    assert eye.only("connect")["error"] == "EINPROGRESS"


def test_only_names_of_libc_are_shown():
    said = subprocess.run(["nm", "-D", "--defined-only", SHIM], capture_output=True, text=True, timeout=LIMIT).stdout
    names = {line.split()[-1] for line in said.splitlines()}
    assert {"send", "recv", "close", "syscall"} <= names
    assert [name for name in names if name.startswith(("sock_", "eye_", "tape_", "event_", "flow_", "real", "kind"))] == []


# -- The lectures' programs ---------------------------------------------------------------------

LECTURE = ("socket", "bind", "listen", "accept", "connect", "send", "sendto", "recv", "recvfrom", "close")
DONE = (None, "EINPROGRESS")
ROLES = {
    "udp client": ["socket", "sendto", "recvfrom", "close"],
    "udp server": ["socket", "bind", "recvfrom", "sendto"],
    "tcp client": ["socket", "connect", "send", "recv", "close"],
    "tcp server": ["socket", "bind", "listen", "accept", "recv", "send", "close"],
}


def program(kind, name):
    return [EXAMPLES / name] if kind == "c" else [PYTHON, "-u", TWINS / f"{name}.py"]


@pytest.mark.parametrize("kind", ["c", "python"])
@pytest.mark.parametrize("talk", ["hello", "echo", "upper"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_lectures_programs_make_the_calls_of_their_roles(eye, transport, talk, kind):
    host, port = own_host(), 21000
    for_ever = talk == "upper" or (transport, talk) == ("udp", "echo")
    server = eye.start(*program(kind, f"{transport}-{talk}-server"), f"{host}:{port}")
    wait_open(transport, host, port)
    for _ in range(2 if for_ever else 1):       # who is answered second sees the first talk over
        client = eye.run(*program(kind, f"{transport}-{talk}-client"), f"{host}:{port}", typed="a line\n")
        assert client.returncode == 0, client.stderr
    if for_ever:
        server.kill()
    server.wait(LIMIT)
    told = eye.records()
    for role, pid in (("server", server.pid), ("client", next(e["pid"] for e in told if e["pid"] != server.pid))):
        calls = [e["call"] for e in told if e["pid"] == pid and e["call"] in LECTURE and e.get("error") in DONE]
        wanted = list(ROLES[f"{transport} {role}"])
        if (transport, talk, role) == ("tcp", "hello", "server"):
            wanted[4:6] = ["send", "recv"]      # it speaks first
        if (transport, talk, role) == ("udp", "hello", "server"):
            wanted.append("close")              # it serves one caller
        assert list(dict.fromkeys(calls)) == wanted
