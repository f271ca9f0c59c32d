# SPDX-License-Identifier: MIT
"""`sockeye demo`: every conversation as the lectures have it, programs of one's own, and the lab's report.

The programs are at the lectures' own ports, so all of it is played in a network
of its own, whose host name is an address of the loopback.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import zipfile

import pytest
from conftest import BUILD, LIMIT, ROOT, environment, run

SLOWLY = ["--grace", "1s"]      # a loaded machine lets a server wait before it sees that its client has left
PROMPT = "Input lowercase sentence:"
READY = "The server is ready to receive\n"
CONNECTED = "Connection from ('127.0.0.1', PORT) has been established.\n"

# What server and client print.
SAID = {
    "tcp-echo": ("Connected by ('127.0.0.1', PORT)\n", "Received b'Hello, world'\n"),
    "udp-echo": ("Server listening: 127.0.0.1 65432\n"
                 "Received from client: (b'Hello, world', ('127.0.0.1', PORT))\n"
                 "Sent to client: b'Hello, world' 12\n",
                 "Sending message to server\nReceived (b'Hello, world', ('127.0.0.1', 65432))\n"),
    "tcp-upper": (READY, PROMPT + "From Server: HELLO, WORLD\n"),
    "udp-upper": (READY, PROMPT + "HELLO, WORLD\n"),
    "accept": (CONNECTED, ""),
    "greet": (CONNECTED, "Welcome to the server!\n"),
    "lab-echo": (CONNECTED, "Hello, echo server!\n"),
    "tcp-hello": ("Hello world!\n", "Hello world!\n"),
    "udp-hello": ("Message from: ('127.0.0.1', PORT)\nHello world!\n", "Message from: ('127.0.0.1', 1337)\nHello world!\n"),
    "steps": ("Incoming connection from ('127.0.0.1', PORT)\nHello!\n", ""),
}
NAMES = list(SAID)
ENDLESS = {"udp-echo", "tcp-upper", "udp-upper", "accept", "greet", "lab-echo"}

# The calls of the four roles, in the order in which each is first made.
UDP_CLIENT = ["socket", "sendto", "recvfrom", "close"]
UDP_SERVER = ["socket", "bind", "recvfrom", "sendto"]
TCP_CLIENT = ["socket", "connect", "send", "recv", "close"]
TCP_SERVER = ["socket", "bind", "listen", "accept", "recv", "send", "close"]
# What a conversation has not, for its lecture has it not.
LACKS = {
    "accept": ({"recv", "send", "close"}, {"recv", "send"}),
    "greet": ({"recv"}, {"send"}),
    "steps": ({"send"}, {"recv"}),
}
SPEAKS_FIRST = {"tcp-hello"}


def island():
    """A command that runs another in a network of its own."""
    holder = subprocess.Popen([sys.executable, ROOT / "tests/lectures/island.py", "127.0.0.1"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kind = holder.stdout.readline().strip()
    if not kind:
        pytest.skip(f"no network of its own: {holder.communicate(timeout=LIMIT)[1]}")
    entry = [shutil.which("nsenter"), "--target", str(holder.pid), "--net", "--uts"]
    yield [*entry, *(["--user", "--preserve-credentials"] if kind == "user" else []), "--"]
    holder.communicate(timeout=LIMIT)


alone = pytest.fixture(island, scope="module")
apart = pytest.fixture(island)


@pytest.fixture
def demo(alone):
    def go(*arguments, **more):
        return run("demo", *arguments, under=alone, **more)
    return go


def said(text, side):
    """What a side printed, with the ports that the system chose masked."""
    lines = "".join(line.removeprefix(f"{side} | ") + "\n" for line in text.splitlines() if line.startswith(f"{side} | "))
    known = {"65432", "12000", "1234", "1337"}
    return re.sub(r"(?<=', )(\d+)(?=\))", lambda found: found[0] if found[0] in known else "PORT", lines)


def calls(path, server):
    """The calls of server and client that returned, from the records of a run: each name once, in its order."""
    made = {}
    for line in path.read_text().splitlines():
        told = json.loads(line)
        if told["phase"] == "return":
            made.setdefault(told["pid"], {})[told["call"]] = told
    sides = {bool({"bind", "accept"} & set(names)): list(names) for names in made.values()}
    assert set(sides) == {True, False}
    return sides[server]


def roles(name):
    """The calls that server and client must have made."""
    server, client = (UDP_SERVER, UDP_CLIENT) if name.startswith("udp") else (TCP_SERVER, TCP_CLIENT)
    lacks = LACKS.get(name, (set(), set()))
    return [call for call in server if call not in lacks[0]], [call for call in client if call not in lacks[1]]


# -- Conversations -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_prints_and_draws_what_its_lecture_does(name, demo, tmp_path):
    done = demo(*SLOWLY, name, "-o", tmp_path / "talk.json", "-o", tmp_path / "talk.svg", "--width", "120")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name}: ")
    assert (said(done.stdout, "server"), said(done.stdout, "client")) == SAID[name]
    for side, wanted in zip((True, False), roles(name)):
        made = calls(tmp_path / "talk.json", side)
        assert [call for call in wanted if call not in made] == []
        if name not in SPEAKS_FIRST:
            order = [call for call in made if call in wanted]
            assert [call for call in order if call != "close"] == [call for call in wanted if call != "close"]
        assert [call for call in wanted if not re.search(rf"\b{call}\b", done.stdout)] == []
    assert f"<title>sockeye demo {name}</title>" in (tmp_path / "talk.svg").read_text()


def test_both_ends_are_in_the_ladder_with_their_calls(demo):
    text = demo(*SLOWLY, "tcp-echo", "--width", "140").stdout
    assert "tcp-echo-server" in text and "tcp-echo-client" in text
    for call in ("socket(AF_INET", "bind(3, 127.0.0.1:65432)", "listen(3, 128)", "accept", "connect(3, 127.0.0.1:65432)",
                 "send(3, 12", "12 B [0,12)", "close(3)", '"Hello, world"', "SYN, ACK", "FIN"):
        assert call in text, call
    assert "▸ 127.0.0.1:65432 is the loopback" in text


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_a_server_that_never_ends_is_ended(name, demo):
    assert "exit(SIGTERM)" in demo(*SLOWLY, name).stdout


def test_alone_it_plays_all_of_them_in_their_order(demo):
    done = demo(*SLOWLY)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^([a-z-]+): ", done.stdout, flags=re.M) == NAMES
    parts = re.split(r"^(?=[a-z-]+: )", done.stdout, flags=re.M)[1:]
    assert {name: (said(part, "server"), said(part, "client")) for name, part in zip(NAMES, parts)} == SAID


def test_the_list_is_of_what_can_be_played(demo):
    done = demo("--list")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == NAMES
    page = (ROOT / "man/sockeye-demo.1").read_text()
    assert re.findall(r"^\.It Cm (\S+) Ta \d+ Ta ", page, flags=re.M) == NAMES
    assert [line for line in done.stdout.splitlines() if f'Ta "{line.split(maxsplit=1)[1]}"\n' not in page] == []


def test_what_was_typed_is_told_and_nobody_has_to_type(demo):
    told = demo(*SLOWLY, "tcp-upper").stdout
    assert "\ntyped  | Hello, world\n" in told
    assert "typed" not in demo("tcp-echo").stdout


# -- How it is drawn -------------------------------------------------------------------------------


def test_the_options_of_drawing_do_what_they_do_in_trace(demo):
    plain = demo("tcp-echo", "--width", "60")
    assert max(len(line) for line in plain.stdout.split("\n\n", 1)[1].splitlines()) <= 60
    assert demo("tcp-echo", "--ascii", "--width=100").stdout.isascii()
    assert "\x1b[" in demo("tcp-echo", "--colour", "always").stdout
    assert "\x1b[" not in demo("tcp-echo", "--colour=never").stdout
    assert "▸" in plain.stdout and "▸" not in demo("tcp-echo", "--no-explain").stdout


def test_quiet_leaves_what_the_programs_print(demo):
    done = demo("-q", "greet")
    assert "accept(" not in done.stdout
    assert (said(done.stdout, "server"), said(done.stdout, "client")) == SAID["greet"]


def test_every_form_of_trace_is_written(demo, tmp_path):
    files = [tmp_path / f"talk.{ending}" for ending in ("svg", "html", "mmd", "txt", "json", "pcapng")]
    done = demo("-q", "steps", *[word for file in files for word in ("--output", file)])
    assert done.returncode == 0, done.stderr
    assert all(file.stat().st_size > 100 for file in files)


def test_a_full_disk_is_told(demo):
    with open("/dev/full", "w") as full:
        done = demo("steps", stdout=full)
    assert done.returncode == 1 and "stdout: No space left on device" in done.stderr


# -- Programs of one's own -----------------------------------------------------------------------


SERVER = """
import socket
with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 65432))
    server.listen()
    print("mine waits")
    conn, peer = server.accept()
    with conn:
        while data := conn.recv(1024):
            conn.sendall(data)
"""
CLIENT = """
import socket, sys
with socket.socket() as sock:
    sock.connect(("127.0.0.1", 12000))
    sock.sendall(input("say: ").encode())
    sock.shutdown(socket.SHUT_WR)
    print(sock.recv(1024).decode(), repr(sys.stdin.read()))
"""


@pytest.fixture
def own(tmp_path):
    """A folder with programs of one's own."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "client.py").write_text(CLIENT)
    return tmp_path


def test_a_python_program_takes_the_place_of_the_server(demo, own):
    done = demo(*SLOWLY, "tcp-echo", "--server", own / "server.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert said(done.stdout, "server") == "mine waits\n"
    assert said(done.stdout, "client") == SAID["tcp-echo"][1]
    assert "server.py" in done.stdout and "accept" in done.stdout


def test_a_python_program_takes_the_place_of_the_client_and_is_typed_to(demo, own):
    done = demo(*SLOWLY, "tcp-upper", "--client", own / "client.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert said(done.stdout, "client") == "say: HELLO, WORLD ''\n"
    assert "client.py" in done.stdout and "connect" in done.stdout


def test_both_may_be_of_ones_own_and_without_a_folder(demo, own):
    script = own / "client"
    script.write_text("#!/bin/sh\necho it is $0\ncat\nexit 3\n")
    script.chmod(0o755)
    done = demo(*SLOWLY, "tcp-echo", "--server", "server.py", "--client", "client", cwd=own)
    assert done.returncode == 1
    assert said(done.stdout, "client") == "it is ./client\n"
    assert "tcp-echo: the client ended with exit code 3\n" in done.stderr and done.stderr.count("\n") == 2


def test_what_a_server_prints_before_it_is_ended_is_not_lost(demo, own):
    endless = own / "endless.py"
    endless.write_text(SERVER.replace("    conn, peer", "    while True:\n     conn, peer").replace("    with", "     with"))
    done = demo(*SLOWLY, "tcp-echo", "--server", endless)
    assert (done.returncode, said(done.stdout, "server")) == (0, "mine waits\n")


@pytest.mark.parametrize("option", ["--server", "--client"])
def test_a_file_that_is_no_program_is_told(option, demo, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program")
    for file, part in ((tmp_path / "none.py", "No such file"), (tmp_path, "Is a directory"), (plain, "Permission denied"),
                       ("no-such-thing", "No such file")):
        done = demo("tcp-echo", option, file)
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), done
        assert part in done.stderr


# -- Python programs of one's own -----------------------------------------------------------------

TALK = {
    "tcp": ("""
import socket
with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", PORT))
    server.listen()
    conn, _ = server.accept()
    with conn:
        print("WORD", conn.recv(100).decode())
        conn.sendall(b"WORD is here")
""", """
import socket
with socket.socket() as sock:
    sock.connect(("127.0.0.1", PORT))
    sock.sendall(b"calls WORD")
    print(sock.recv(100).decode())
"""),
    "udp": ("""
import socket
with socket.socket(type=socket.SOCK_DGRAM) as server:
    server.bind(("", PORT))
    data, peer = server.recvfrom(100)
    print("WORD", data.decode())
    server.sendto(b"WORD is here", peer)
""", """
import socket
with socket.socket(type=socket.SOCK_DGRAM) as sock:
    sock.sendto(b"calls WORD", ("127.0.0.1", PORT))
    print(sock.recv(100).decode())
"""),
}
PORTS = {"tcp-echo": 65432, "udp-echo": 65432, "tcp-upper": 12000, "udp-upper": 12000, "accept": 1234, "greet": 1234,
         "lab-echo": 1234, "tcp-hello": 1337, "udp-hello": 1337, "steps": 1234}
# Where a conversation's programs may be, the first that is there being taken.
PLACES = {name: [(f"{name}/server.py", f"{name}/client.py"), (f"{name}-server.py", f"{name}-client.py")] for name in NAMES}
PLACES["accept"][1] = ("accept-server.py", "connect-client.py")
for name, part in (("accept", "Task01"), ("greet", "Task02"), ("lab-echo", "Task03")):
    PLACES[name].insert(0, (f"{part}/server.py", f"{part}/client.py"))
for name, pair in (("tcp-echo", ("TCP-server.py", "TCP-client.py")), ("udp-echo", ("UDP-server.py", "UDP-client.py")),
                   ("tcp-upper", ("TCPServer.py", "TCPClient.py")), ("udp-upper", ("UDPServer.py", "UDPClient.py")),
                   ("accept", ("server.py", "client.py"))):
    PLACES[name].insert(0, pair)


def place(folder, name, files, word):
    """Two programs that talk, in files of the folder; word tells them from others."""
    for file, text in zip(files, TALK["udp" if name.startswith("udp") else "tcp"]):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("PORT", str(PORTS[name])).replace("WORD", word))
    return folder


@pytest.mark.parametrize("name, files", [(name, files) for name in NAMES for files in PLACES[name]])
def test_python_programs_are_found_by_the_names_of_their_conversation(name, files, demo, tmp_path):
    done = demo(*SLOWLY, "--python", place(tmp_path, name, files, "mine"), name)
    assert (done.returncode, done.stderr) == (0, "")
    assert (said(done.stdout, "server"), said(done.stdout, "client")) == ("mine calls mine\n", "mine is here\n")
    assert all(f"{pathlib.Path(file).name} (" in done.stdout for file in files)


@pytest.mark.parametrize("name", ["tcp-echo", "accept", "lab-echo", "steps"])
def test_the_lectures_own_names_come_first(name, demo, tmp_path):
    for number, files in enumerate(PLACES[name]):
        place(tmp_path, name, files, f"place-{number}")
    assert said(demo("--python", tmp_path, name).stdout, "client") == "place-0 is here\n"


def test_both_programs_are_in_one_place(demo, tmp_path):
    place(tmp_path, "tcp-echo", PLACES["tcp-echo"][0], "half")
    place(tmp_path, "tcp-echo", PLACES["tcp-echo"][1], "whole")
    (tmp_path / "TCP-client.py").unlink()
    done = demo("--python", ".", "tcp-echo", cwd=tmp_path)
    assert (done.returncode, said(done.stdout, "client")) == (0, "whole is here\n")


def test_what_is_not_there_is_passed_over_in_a_line(demo, tmp_path):
    for name in ("udp-echo", "lab-echo"):
        place(tmp_path, name, PLACES[name][0], name)
    place(tmp_path, "tcp-hello", PLACES["tcp-hello"][0], "half")
    (tmp_path / "tcp-hello/client.py").unlink()
    done = demo(*SLOWLY, "--python", ".", "-q", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^client \| (\S+) is here$", done.stdout, flags=re.M) == ["udp-echo", "lab-echo"]
    passed = [line for line in done.stdout.splitlines() if "passed over" in line]
    assert [line.partition(":")[0] for line in passed] == [name for name in NAMES if name not in ("udp-echo", "lab-echo")]
    assert passed[0] == "tcp-echo: passed over: no TCP-server.py and TCP-client.py in ."
    assert "tcp-hello: passed over: no client.py beside tcp-hello/server.py in ." in passed


@pytest.mark.parametrize("name", NAMES)
def test_a_named_one_that_is_not_there_is_told_with_every_name(name, demo, tmp_path):
    other = "udp-hello" if name == "tcp-hello" else "tcp-hello"
    done = demo("--python", place(tmp_path, other, PLACES[other][0], "other"), name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 2)
    why, looked = done.stderr.splitlines()
    assert why.startswith(f"sockeye demo: {name}: no ") and looked.startswith("looked for ")
    for server, client in PLACES[name]:
        assert f"{server} and {client.rpartition('/')[2]}" in looked


def test_a_folder_without_programs_is_told(demo, tmp_path):
    (tmp_path / "file.py").write_text("")
    for folder, part in (("none", "none: No such file or directory"), ("file.py", "file.py: Not a directory"),
                         (".", ". has no programs of any conversation")):
        for more in ([], ["--report", "lab"]):
            if more and folder == ".":
                continue
            done = demo("--python", folder, *more, cwd=tmp_path)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 2), done
            assert part in done.stderr
    assert os.listdir(tmp_path) == ["file.py"]


def test_a_folder_may_look_like_an_option(demo, tmp_path):
    place(tmp_path / "-x", "steps", PLACES["steps"][0], "mine")
    done = demo("--python=-x", "steps", cwd=tmp_path)
    assert (done.returncode, said(done.stdout, "client")) == (0, "mine is here\n")


def test_a_python_program_that_fails_shows_what_it_printed(demo, tmp_path):
    place(tmp_path, "steps", PLACES["steps"][0], "mine")
    (tmp_path / "steps/client.py").write_text("print('here')\nraise SystemExit(3)\n")
    done = demo("--python", tmp_path, "steps")
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    assert "steps: the client ended with exit code 3" in done.stderr and said(done.stdout, "client") == "here\n"


LINGERING = """
import socket
with socket.socket() as server:
    server.bind(("127.0.0.1", 1337))
    server.listen()
    with socket.create_connection(("127.0.0.1", 1337)) as client:
        server.accept()[0].close()
        client.recv(1)
"""


def waits(apart, *arguments):
    """The first line that it says, and its exit code when it is interrupted then."""
    with subprocess.Popen([*apart, BUILD / "src/cmd/sockeye", "demo", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()) as playing:
        line = playing.stderr.readline()
        playing.send_signal(signal.SIGINT)
        return line, playing.wait(timeout=LIMIT)


def test_a_port_that_an_ended_connection_keeps_is_waited_for(apart, tmp_path):
    subprocess.run([*apart, sys.executable, "-c", LINGERING], check=True, timeout=LIMIT)
    place(tmp_path, "tcp-hello", PLACES["tcp-hello"][0], "mine")
    for arguments in (["tcp-hello"], ["--python", tmp_path, "tcp-hello"]):
        line, code = waits(apart, *arguments)
        assert line.startswith("sockeye demo: tcp-hello: port 1337 stays taken for a minute by a connection that has ended")
        assert code == -signal.SIGINT


def test_a_python_server_without_reuse_waits_where_one_with_it_does_not(apart, tmp_path):
    folder = place(tmp_path, "tcp-hello", PLACES["tcp-hello"][0], "mine")
    server = folder / "tcp-hello/server.py"
    slow = (folder / "tcp-hello/client.py")
    slow.write_text(slow.read_text() + "    sock.recv(1)\n")        # the server is the first to close
    for _ in range(2):
        done = run("demo", *SLOWLY, "--python", folder, "tcp-hello", under=apart)
        assert (done.returncode, done.stderr, said(done.stdout, "client")) == (0, "", "mine is here\n")
    server.write_text(server.read_text().replace("    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n", ""))
    assert "port 1337 stays taken" in waits(apart, "--python", folder, "tcp-hello")[0]


# -- Ports ---------------------------------------------------------------------------------------------


HOLD = """
import socket, sys
held = socket.socket(type=getattr(socket, sys.argv[1]))
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sys.argv[1] == "SOCK_STREAM")
held.bind(("127.0.0.1", int(sys.argv[2])))
if sys.argv[1] == "SOCK_STREAM":
    held.listen()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(alone):
    """Somebody who has a port, until the test ends."""
    holders = []

    def begin(kind, port):
        holder = subprocess.Popen([*alone, sys.executable, "-c", HOLD, kind, str(port)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        holders.append(holder)
        assert holder.stdout.readline() == "held\n"
        return holder.pid

    yield begin
    for holder in holders:
        holder.communicate(timeout=LIMIT)


@pytest.mark.parametrize("name, kind, port", [
    ("tcp-echo", "SOCK_STREAM", 65432), ("udp-echo", "SOCK_DGRAM", 65432), ("tcp-upper", "SOCK_STREAM", 12000),
    ("udp-upper", "SOCK_DGRAM", 12000), ("accept", "SOCK_STREAM", 1234), ("udp-hello", "SOCK_DGRAM", 1337),
])
def test_who_has_the_port_is_told(name, kind, port, demo, hold):
    pid = hold(kind, port)
    done = demo(name)
    assert (done.returncode, done.stderr.count("\n")) == (1, 2), done
    assert f":{port}: Address already in use" in done.stderr and f"held by pid {pid} (python" in done.stderr
    assert "socket(" not in done.stdout


def test_the_same_number_of_the_other_protocol_is_no_matter(demo, hold):
    hold("SOCK_DGRAM", 65432)
    assert demo("tcp-echo").returncode == 0


def test_one_that_finds_no_place_does_not_end_the_others(demo, hold):
    hold("SOCK_STREAM", 1234)
    done = demo(*SLOWLY)
    assert done.returncode == 1 and done.stderr.count("Address already in use") == 4
    assert "client | Received b'Hello, world'\n" in done.stdout and "client | Hello world!\n" in done.stdout


def test_a_server_of_ones_own_sees_to_its_port_itself(demo, own, hold):
    """The one that is there is called by the client; ours says what is wrong, or nothing."""
    hold("SOCK_STREAM", 65432)
    server = own / "elsewhere.py"
    server.write_text(SERVER.replace("65432", "65431"))
    client = own / "there.py"
    client.write_text(CLIENT.replace("12000", "65431").replace('input("say: ")', '"abc"'))
    done = demo(*SLOWLY, "tcp-echo", "--server", server, "--client", client)
    assert (done.returncode, said(done.stdout, "client")) == (0, "abc ''\n")


# -- The report ------------------------------------------------------------------------------------------

TASKS = {"Task01": ("accept-server", "connect-client"), "Task02": ("greet-server", "greet-client"),
         "Task03": ("lab-echo-server", "lab-echo-client")}
TEXTS = {"output.txt", "answers.txt", "ladder.svg", "ladder.txt"}


def few(folder, *names):
    """An environment whose PATH has these programs alone."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name, path="/usr/bin:/bin")        # no script that needs more
        (folder / name).symlink_to(found or pytest.skip(f"{name} is not installed"))
    return environment(PATH=str(folder))


@pytest.fixture
def packer(tmp_path):
    return few(tmp_path / "bin", "python3")


def hold_report(folder, page):
    """Every file of it, and what must stand in each."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    wanted = {f"{task}/{name}" for task, (server, client) in TASKS.items() for name in {*TEXTS, server + ".c", client + ".c"}}
    assert names - {page, page.replace(".html", ".pdf")} == wanted
    whole = (folder / page).read_text()
    for task, programs in TASKS.items():
        for name in programs:
            assert (folder / task / f"{name}.c").read_text() == (ROOT / f"examples/{name}.c").read_text()
            assert f"<h4>{name}.c</h4>" in whole
        answers = (folder / task / "answers.txt").read_text()
        for call in ("socket(AF_INET", "bind(3, 127.0.0.1:1234) = 0", "listen(3, 5) = 0", "accept(3) = 4 from 127.0.0.1:",
                     "connect(3, 127.0.0.1:1234)", "Note:"):
            assert call in answers, (task, call)
        assert "SYN, ACK" in (folder / task / "ladder.txt").read_text()
        assert (folder / task / "ladder.svg").read_text().count("<svg") == 1
    return whole


def test_a_report_has_the_three_tasks(demo, tmp_path, packer):
    folder = tmp_path / "lab"
    done = demo(*SLOWLY, "--report", folder, env=packer)
    assert (done.returncode, done.stderr) == (0, "")
    page = hold_report(folder, "report.html")
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        str(folder / "Task01"), str(folder / "Task02"), str(folder / "Task03"), str(folder / "report.html"), "no PDF",
        str(tmp_path / "lab.zip")]
    outputs = [re.sub(r"\d{5}\b", "PORT", (folder / task / "output.txt").read_text()) for task in TASKS]
    assert outputs == [f"$ ./{server}\n{SAID[name][0]}\n$ ./{client}\n{SAID[name][1]}"
                       for name, (server, client) in zip(("accept", "greet", "lab-echo"), TASKS.values())]
    assert page.count("<svg") == 3 and "<i>/* start again while TIME_WAIT lasts */</i>" in page
    with zipfile.ZipFile(tmp_path / "lab.zip") as packed:
        assert packed.testzip() is None
        inside = {name for name in packed.namelist() if not name.endswith("/")}
        assert packed.read("lab/report.html").decode() == page
    assert inside == {str(path.relative_to(tmp_path)) for path in folder.rglob("*") if path.is_file()}


OWN_TASK = {"server.py": """\
\"\"\"A task's server: <b> & "quotes".

It has # in its lines.
\"\"\"
import socket, sys

# one comment é
print("a # that is none", 'nor "# this')        # another
sys.stdout.buffer.write(b"not text: \\xff\\x00\\x1b[1m\\n")
""", "client.py": "#!/usr/bin/env python3\r\n# with the line ends of elsewhere\r\nimport socket\r\n"}


def own_lab(folder):
    for task, name in (("Task01", "accept"), ("Task02", "greet"), ("Task03", "lab-echo")):
        files = (f"{task}/server.py", f"{task}/client.py")
        place(folder, name, files, task)
        for file in files:
            path = folder / file
            path.write_bytes(OWN_TASK[path.name].encode() + path.read_bytes())
    return folder


def test_a_report_holds_ones_own_python_programs(demo, tmp_path, packer):
    mine, folder = own_lab(tmp_path / "mine"), tmp_path / "lab"
    done = demo(*SLOWLY, "--report", folder, "--python", mine, "--name", "E18042", env=packer)
    assert (done.returncode, done.stderr) == (0, "")
    page = (folder / "E18042_Report.html").read_text()
    for task in TASKS:
        assert {path.name for path in (folder / task).iterdir()} == {*TEXTS, *OWN_TASK}
        for name in OWN_TASK:
            assert (folder / task / name).read_bytes() == (mine / task / name).read_bytes()
        output = (folder / task / "output.txt").read_bytes()
        assert output == (b"$ python3 server.py\na # that is none nor \"# this\nnot text: \xff\x00\x1b[1m\n" +
                          f"{task} calls {task}\n\n$ python3 client.py\n{task} is here\n".encode())
        answers = (folder / task / "answers.txt").read_text()
        assert "server.py: accept(3) = 4 from 127.0.0.1:" in answers and "client.py: connect(3, 127.0.0.1:1234)" in answers
        assert "server.py (" in (folder / task / "ladder.txt").read_text()
        assert f"{task} calls {task}\n" in page
    assert page.count("<h4>server.py</h4>") == page.count("<h4>client.py</h4>") == page.count("<svg") == 3
    assert page.count("<i>\"\"\"A task's server: &lt;b&gt; &amp; &quot;quotes&quot;.\n\nIt has # in its lines.\n\"\"\"</i>"
                      .replace('"""', "&quot;" * 3)) == 3
    assert page.count("<i># one comment é</i>\n") == 3
    assert page.count("""print(&quot;a # that is none&quot;, 'nor &quot;# this')        <i># another</i>\n""") == 3
    assert page.count("<i># with the line ends of elsewhere</i>\nimport socket\n") == 3
    assert page.count(r"not text: \xff\x00\x1b[1m") == 6 and "\r" not in page        # the code, and what it prints
    assert '<b>server.py</b> <code>socket(' in page and 'class="client"><b>client.py</b>' in page
    with zipfile.ZipFile(tmp_path / "E18042_Labo3.zip") as packed:
        assert {"lab/E18042_Report.html", "lab/Task01/server.py", "lab/Task03/client.py"} <= set(packed.namelist())
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--noout", folder / "E18042_Report.html"], capture_output=True, text=True,
                              timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_report_of_ones_own_can_be_played_again(demo, tmp_path, packer):
    assert demo("--report", "lab", "--python", own_lab(tmp_path / "mine"), cwd=tmp_path, env=packer).returncode == 0
    done = demo("-q", "--python", "lab", "greet", cwd=tmp_path, text=False)
    assert done.returncode == 0 and done.stdout.endswith(b"client | Task02 is here\n")


def test_a_report_needs_the_programs_of_all_three_tasks(demo, tmp_path, packer):
    mine = own_lab(tmp_path / "mine")
    (mine / "Task03/server.py").unlink()
    done = demo("--report", tmp_path / "lab", "--python", "mine", cwd=tmp_path, env=packer)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 2)
    assert "lab-echo: no server.py beside Task03/client.py in mine\nlooked for Task03/server.py and client.py" in done.stderr
    assert not (tmp_path / "lab").exists()


def test_a_report_whose_program_fails_shows_what_it_printed(demo, tmp_path, packer):
    mine = own_lab(tmp_path / "mine")
    (mine / "Task02/client.py").write_text("print('too early')\nraise SystemExit(3)\n")
    done = demo("--report", tmp_path / "lab", "--python", mine, env=packer, text=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 2)
    assert b"greet: the client ended with exit code 3" in done.stderr and b"client | too early\n" in done.stdout


def test_the_page_fetches_nothing_and_is_right_markup(demo, tmp_path, packer):
    folder = tmp_path / "lab"
    assert demo("--report", folder, env=packer).returncode == 0
    page = (folder / "report.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'; style-src 'sha256-" in policy and "unsafe" not in policy
    assert re.findall(r"<script|<img|<link|<iframe|\bstyle=|\bon\w+=|https?://(?!www\.w3\.org/)", page) == []
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and set(re.findall(r"url\(#([\w-]+)\)", page)) <= set(ids)
    if not shutil.which("xmllint"):
        pytest.skip("xmllint is not installed")
    for file in [folder / "report.html", *folder.rglob("*.svg")]:
        done = subprocess.run(["xmllint", "--noout", file], capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, ""), file


def test_the_page_names_its_style_by_the_right_hash(demo, tmp_path, packer):
    import base64
    import hashlib
    assert demo("--report", tmp_path / "lab", env=packer).returncode == 0
    page = (tmp_path / "lab/report.html").read_text()
    style = re.search(r"<style>(.*?)</style>", page, flags=re.S)[1]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in page.partition("<style>")[0]
    assert page.count("<style>") == 1


def test_a_name_names_the_files_as_the_lab_wants_them(demo, tmp_path, packer):
    done = demo("--report", tmp_path / "lab", "--name", "E18042", env=packer)
    assert (done.returncode, done.stderr) == (0, "")
    page = hold_report(tmp_path / "lab", "E18042_Report.html")
    assert "<title>E18042: " in page and '<p class="owner">E18042</p>' in page
    with zipfile.ZipFile(tmp_path / "E18042_Labo3.zip") as packed:
        assert {"lab/E18042_Report.html", "lab/Task02/greet-server.c"} <= set(packed.namelist())


@pytest.mark.parametrize("program", ["zip", "bsdtar"])
def test_the_first_archiver_that_is_there_packs(program, demo, tmp_path):
    done = demo("--report", tmp_path / "lab", env=few(tmp_path / "bin", program))
    assert (done.returncode, done.stderr) == (0, "")
    with zipfile.ZipFile(tmp_path / "lab.zip") as packed:
        assert "lab/Task03/answers.txt" in packed.namelist() and packed.testzip() is None


def test_what_is_not_installed_is_told_and_no_failure(demo, tmp_path):
    done = demo("--report", tmp_path / "lab", env=few(tmp_path / "bin"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nno PDF: no Chromium is installed" in done.stdout
    assert "\nno archive: neither zip, bsdtar nor python3 is installed\n" in done.stdout
    assert not (tmp_path / "lab.zip").exists()


def test_a_browser_or_an_archiver_that_fails_is_told(demo, tmp_path):
    env = few(tmp_path / "bin")
    for name in ("chromium", "zip"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexit 4\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = demo("--report", tmp_path / "lab", env=env)
    assert (done.returncode, done.stderr.count("\n")) == (1, 4)
    assert "report.pdf: Chromium failed" in done.stderr and "lab.zip: the archiver failed" in done.stderr
    assert (tmp_path / "lab/report.html").exists()


def test_chromium_prints_the_page(demo, tmp_path):
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed")
    done = subprocess.run([*demo.__closure__[0].cell_contents, str(BUILD / "src/cmd/sockeye"), "demo", "--report",
                           str(tmp_path / "lab")], capture_output=True, text=True, timeout=3 * LIMIT,
                          stdin=subprocess.DEVNULL, env=environment(TMPDIR=str(tmp_path)))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "lab/report.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab", "lab.zip"]


def test_nothing_is_written_over(demo, tmp_path, packer):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine")
    (tmp_path / "packed.zip").write_text("mine")
    for folder, part in ((full, "is there already, and no empty folder"), (file, "is there already, and no empty folder"),
                         (tmp_path / "none/lab", "No such file or directory"),
                         (tmp_path / "packed", "packed.zip is there already")):
        done = demo("--report", folder, env=packer)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 2), done
        assert part in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "full", "file", "packed.zip"}
    assert [path.name for path in full.iterdir()] == ["mine"] and file.read_text() == "mine"


def test_an_empty_folder_is_taken(demo, tmp_path, packer):
    (tmp_path / "lab").mkdir()
    assert demo("--report", "lab/", cwd=tmp_path, env=packer).returncode == 0
    assert (tmp_path / "lab.zip").exists() and (tmp_path / "lab/report.html").exists()


def test_a_report_whose_port_is_taken_is_told(demo, tmp_path, packer, hold):
    pid = hold("SOCK_STREAM", 1234)
    done = demo("--report", tmp_path / "lab", env=packer)
    assert (done.returncode, done.stderr.count("\n")) == (1, 2) and f"held by pid {pid}" in done.stderr


# -- Where the programs are ----------------------------------------------------------------------------


def test_an_installed_command_finds_its_programs(alone, tmp_path):
    tree = tmp_path / "tree"
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tree],
                          capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    command = next(tree.rglob("bin/sockeye"))
    lectures = next(tree.rglob("sockeye/lectures"))
    assert {path.name for path in lectures.iterdir()} == {name for path in (ROOT / "examples").glob("*.c")
                                                          for name in (path.name, path.stem)}
    assert all(path.stat().st_mode & stat.S_IXUSR for path in lectures.iterdir() if path.suffix != ".c")

    def play():
        return subprocess.run([*alone, command, "demo", "steps"], cwd="/", capture_output=True, text=True, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, env=environment())

    done = play()
    assert (done.returncode, done.stderr) == (0, "") and said(done.stdout, "server") == SAID["steps"][0]
    (lectures / "steps-server").unlink()
    done = play()
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    assert "steps-server is missing: not beside this command, nor in /" in done.stderr


# -- The command line -------------------------------------------------------------------------------------

WRONG = {
    "list": ["yes"], "python": [""], "server": [""], "client": [""], "grace": ["", "0", "-1s", "31d", "off", "soon"], "no-explain": ["x"],
    "ascii": ["x"], "colour": ["", "red", "auto|never"], "width": ["", "39", "1001", "wide"],
    "output": ["", "x", "x.png", ".svg", "x.SVG"], "quiet": ["x"], "report": [""],
    "name": ["", "E 18", "../x", "-x", "a" * 33, "é"], "help": ["me"],
}


@pytest.mark.parametrize("name, value", [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_two_lines_and_exit_2(name, value):
    done = run("demo", f"--{name}={value}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)
    assert done.stderr.startswith("sockeye demo: ") and "usage: sockeye demo" in done.stderr


def test_every_option_has_wrong_values_here():
    assert set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", run("demo", "-h").stdout, flags=re.M)) == set(WRONG)


@pytest.mark.parametrize("arguments, part", [
    (["tcp-ehco"], "no conversation 'tcp-ehco': did you mean tcp-echo?"),
    (["UDP-HELO"], "did you mean udp-hello?"),
    (["a-conversation-of-mine"], "sockeye demo --list tells which there are"),
    ([""], "no conversation ''"),
    (["tcp-echo", "udp-echo"], "udp-echo: a second name"),
    (["--list", "steps"], "--list plays nothing"),
    (["--list", "--report", "x"], "--list plays nothing"),
    (["--list", "--python", "x"], "--list plays nothing"),
    (["steps", "--python", "x", "--server", "x.py"], "--python has both programs: write no --server beside it"),
    (["steps", "--python", "x", "--client", "x.py"], "--python has both programs: write no --client beside it"),
    (["--report", "x", "--python", "x", "steps"], "--report makes three tasks of its own"),
    (["--python", "x", "-o", "x.svg"], "-o takes one conversation: name it"),
    (["--python"], "--python needs"),
    (["--report", "x", "steps"], "--report makes three tasks of its own"),
    (["--report", "x", "-o", "x.svg"], "--report makes three tasks of its own"),
    (["--name", "E18042"], "--name belongs to --report"),
    (["--server", "x.py"], "--server takes part in one conversation: name it"),
    (["--client", "x.py"], "--client takes part in one conversation: name it"),
    (["-o", "x.svg"], "-o takes one conversation: name it"),
    (["steps", "-o", "x.svg", "-o", "x.svg"], "named twice"),
    (["--no-explian"], "did you mean --no-explain?"),
    (["-z"], "-z is no option"),
])
def test_a_wrong_command_line_is_two_lines_and_exit_2(arguments, part, tmp_path):
    done = run("demo", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)
    assert part in done.stderr and "usage: sockeye demo [OPTIONS] [NAME]" in done.stderr
    assert os.listdir(tmp_path) == []


def test_help_lists_the_conversations():
    done = run("demo", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in NAMES if f"\n  {name} " not in done.stdout] == []


def test_nothing_is_left(demo):
    shm = pathlib.Path("/dev/shm")
    before = {path.name for path in shm.glob("sockeye-trace-*")}
    demo("udp-echo", "--grace", "1ms")
    demo("steps")
    left = {path.name for path in shm.glob("sockeye-trace-*")} - before
    assert [name for name in left if str(os.getpid()) in name] == []
