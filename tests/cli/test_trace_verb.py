# SPDX-License-Identifier: MIT
"""`sockeye trace`: how programs are started, joined and ended, what is left of them, and every option's values."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import time

import pytest
from conftest import COMMAND, LIMIT, Ear, environment, run

PYTHON = "/usr/bin/python3"
SHM = pathlib.Path("/dev/shm")
SERVER = """
import socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    conn, _ = server.accept()
    with conn:
        conn.sendall(conn.recv(100).upper())
"""
CLIENT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[1])
    sock.sendall(b"hello")
    print(sock.recv(100).decode())
"""


def trace(*arguments, **more):
    return run("trace", *arguments, **more)


def is_left(path):
    """Nobody reads there any more."""
    with contextlib.suppress(FileNotFoundError, BlockingIOError):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.exists(path)
        finally:
            os.close(folder)
    return False


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No folder of a run in /dev/shm; those of others who run now are theirs."""
    yield
    assert [path for path in SHM.glob("sockeye-trace-*") if is_left(path)] == []


class Tracer:
    """One that runs; it is ended with the test."""

    def __init__(self, *arguments, **more):
        self.process = subprocess.Popen([COMMAND, "trace", *map(str, arguments)], **{
            "env": environment(), "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE, **more})
        self.pid = self.process.pid
        self.out, self.err = Ear(self.process.stdout), Ear(self.process.stderr)

    def wait_line(self, pattern):
        """Go on when a line of stdout is as it should; returns the match."""
        def find():
            return next(filter(None, (re.search(pattern, line) for line in self.out.lines())), None)
        return self.out.wait(find, repr(pattern))

    def kill(self, number):
        self.process.send_signal(number)
        return self

    def wait(self):
        code = self.process.wait(LIMIT)
        self.out.close()
        self.err.close()
        return code


@pytest.fixture
def tracer():
    running = []

    def start(*arguments, **more):
        running.append(Tracer(*arguments, **more))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.kill(signal.SIGTERM)
            try:
                each.wait()
            except subprocess.TimeoutExpired:
                each.process.kill()
                raise


@pytest.fixture
def pair(tmp_path):
    """argv of a server and of its client at a Unix path."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "client.py").write_text(CLIENT)
    at = str(tmp_path / "at")
    return ["--", PYTHON, str(tmp_path / "server.py"), at, "--", PYTHON, str(tmp_path / "client.py"), at]


def is_alive(pid):
    """A zombie is not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def until_dead(pid):
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            assert select.select([handle], [], [], LIMIT)[0], f"{pid} goes on"
        finally:
            os.close(handle)


def refused(*arguments, code=125, **more):
    """The sentence of what goes wrong in trace itself: two lines."""
    done = trace(*arguments, **more)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 2), done
    return done.stderr.split("\n")[0]


# -- Exit codes, streams, environment ----------------------------------------------------------


@pytest.mark.parametrize("script, code", [
    ("exit 0", 0), ("exit 3", 3), ("exit 125", 125), ("exit 255", 255),
    ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9), ("kill -INT $$", 128 + 2),
])
def test_the_exit_status_is_the_last_programs(script, code):
    assert trace("-q", "sh", "-c", script).returncode == code
    assert trace("-q", "--", "sh", "-c", "exit 9", "--", "sh", "-c", script).returncode == code


def test_what_is_not_found_is_127_and_what_cannot_be_executed_126(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert "no-such-program: No such file or directory" in refused("no-such-program", code=127)
    assert "No such file or directory" in refused(tmp_path / "none", code=127)
    assert "Not a directory" in refused(plain / "x", code=127)
    assert "Permission denied" in refused(plain, code=126)
    assert "Is a directory" in refused(tmp_path, code=126)
    assert "No such file" in refused("none.json", code=127)


def test_all_are_looked_for_before_one_is_started(tmp_path):
    mark = tmp_path / "mark"
    assert "no-such" in refused("--", "touch", mark, "--", "no-such", code=127)
    assert not mark.exists()


def test_the_streams_and_arguments_are_the_programs_own():
    script = 'cat; echo to stderr >&2; printf "%s|" "$@"'
    done = subprocess.run([COMMAND, "trace", "-q", "sh", "-c", script, "x", "--", "-q", "a b", ""], input="to stdin\n",
                          capture_output=True, text=True, timeout=LIMIT, env=environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "to stdin\n--|-q|a b||", "to stderr\n")


def test_the_last_has_the_standard_input_and_the_others_none():
    done = subprocess.run([COMMAND, "trace", "-q", "--", "sh", "-c", "cat; echo first", "--", "cat"], input="mine\n",
                          capture_output=True, text=True, timeout=LIMIT, env=environment())
    assert (done.returncode, done.stdout) == (0, "first\nmine\n")


def test_much_output_passes_untouched():
    done = trace("-q", "head", "-c", "30000000", "/dev/zero", text=False)
    assert done.stdout == bytes(30000000)


def test_what_was_preloaded_stays_behind_the_library():
    env = environment(LD_PRELOAD="libdl.so.2", ASAN_OPTIONS="verify_asan_link_order=0")
    done = trace("-q", "sh", "-c", 'echo "$LD_PRELOAD"', env=env)
    assert re.fullmatch(r"/\S*libsockeye-eye\.so:libdl\.so\.2\n", done.stdout)


def test_the_programs_signals_are_as_they_would_be_without_it():
    script = "grep -E '^Sig(Blk|Ign)' /proc/$$/status"
    plain = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=LIMIT).stdout
    assert trace("-q", "sh", "-c", script).stdout == plain


def test_no_descriptor_of_the_tracer_reaches_a_program(tmp_path):
    words = ["-q", "-o", tmp_path / "x.svg", "-o", tmp_path / "x.json", "ls", "/proc/self/fd"]
    assert trace(*words).stdout.split() == ["0", "1", "2", "3"]       # the last is that of the folder itself


def test_a_library_that_is_missing_is_told(tmp_path):
    said = refused("true", env=environment(SOCKEYE_EYE_LIBRARY=str(tmp_path / "none.so")))
    assert "none.so: no such library" in said


def test_a_library_whose_path_cannot_be_preloaded_is_told(tmp_path):
    library = tmp_path / "a b.so"
    library.touch()
    assert "LD_PRELOAD takes no path with a space" in refused("true", env=environment(SOCKEYE_EYE_LIBRARY=str(library)))


# -- Several programs ----------------------------------------------------------------------------


def test_a_client_is_started_when_its_server_waits(pair):
    done = trace("--patience", "50s", *pair)
    assert (done.returncode, done.stdout) == (0, "HELLO\n")
    assert "accept" in done.stderr and "is started" not in done.stderr


POLLING = """
import select, socket, sys
kind, at = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "recv" else socket.SOCK_STREAM) as server:
    server.bind(at)
    if kind == "recv":
        assert server.recv(9) == b"x"
        sys.exit()
    server.listen()
    server.setblocking(False)
    if kind == "poll":
        ready = select.poll()
        ready.register(server, select.POLLIN)
        ready.poll()
    elif kind == "select":
        select.select([server], [], [])
    elif kind == "epoll":
        with select.epoll() as ready:
            ready.register(server, select.EPOLLIN)
            ready.poll()
    elif kind == "often":
        ready = select.poll()
        ready.register(server, select.POLLIN)
        while not ready.poll(2):
            pass
    server.accept()[0].close()
"""
CALLING = """
import socket, sys
kind, at = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "recv" else socket.SOCK_STREAM) as sock:
    sock.connect(at)
    if kind == "recv":
        sock.send(b"x")
print("called")
"""


@pytest.mark.parametrize("kind", ["recv", "poll", "select", "epoll", "often"])
def test_each_way_to_wait_is_known(kind, tmp_path):
    at = tmp_path / "at"
    done = trace("-q", "--patience", "50s", "--", PYTHON, "-c", POLLING, kind, at,
                 "--", PYTHON, "-c", CALLING, kind, at)
    assert (done.returncode, done.stdout, done.stderr) == (0, "called\n", "")


def test_the_next_is_started_when_the_one_before_has_ended():
    done = trace("-q", "--patience", "50s", "--", "echo", "one", "--", "echo", "two", "--", "echo", "three")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\ntwo\nthree\n", "")


def test_patience_has_an_end_and_that_is_told():
    done = trace("-q", "--patience", "20ms", "--", "sleep", "1000", "--", "echo", "two")
    assert (done.returncode, done.stdout) == (0, "two\n")
    assert done.stderr == "sockeye trace: nothing is seen of sleep after 20ms: echo is started\n"


GROUP = 'trap "echo termed" TERM; echo first $$; sleep 1000 & wait; wait'
STUBBORN = 'trap "" TERM; echo first $$; while :; do sleep 1000; done'


@pytest.mark.parametrize("script, said", [(GROUP, True), (STUBBORN, False)], ids=["term", "kill"])
def test_the_others_are_ended_after_the_last_with_all_that_they_started(script, said):
    done = trace("-q", "--patience", "100ms", "--grace", "100ms", "--", "sh", "-c", script, "--", "echo", "last")
    pid = int(re.search(r"first (\d+)", done.stdout)[1])
    assert done.returncode == 0 and ("termed" in done.stdout) == said
    for stat_file in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            group = int(stat_file.read_text().rpartition(")")[2].split()[2])
            assert group != pid or not is_alive(int(stat_file.parent.name))


def test_the_grace_is_theirs_to_end_by_themselves(tmp_path):
    """Who sees the last one end may say goodbye."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = f'read line <"{fifo}"; echo goodbye; exit 0'
    done = trace("-q", "--grace", "30s", "--patience", "10ms", "--", "sh", "-c", script,
                 "--", "sh", "-c", f'echo now >"{fifo}"')
    assert (done.returncode, done.stdout) == (0, "goodbye\n")


def test_a_stopped_program_is_ended_too():
    done = trace("-q", "--patience", "50ms", "--grace", "50ms", "--", "sh", "-c", "echo $$; kill -STOP $$; echo woken",
                 "--", "true")
    assert done.returncode == 0 and not is_alive(int(done.stdout.split()[0]))


# -- Interrupts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_passed_on_to_all_and_the_rest_is_done(tracer, number):
    name = number.name.removeprefix("SIG")
    script = f'trap "echo got; exit 7" {name}; echo ready $$; while :; do sleep 0.05; done'
    it = tracer("--patience", "50ms", "--", "sh", "-c", script, "--", "sh", "-c", script)
    it.out.wait(lambda: len(it.out.lines()) == 2, "both are ready")
    assert it.kill(number).wait() == 128 + number
    assert it.out.lines()[2:] == ["got", "got"]
    assert all(not is_alive(int(line.split()[1])) for line in it.out.lines()[:2])
    assert "exit(7)" in it.err.said.decode()


def test_who_does_not_hear_an_interrupt_is_killed(tracer):
    it = tracer("-q", "--grace", "50ms", "sh", "-c", 'trap "" INT TERM; echo ready $$; while :; do sleep 0.05; done')
    pid = int(it.wait_line(r"ready (\d+)")[1])
    assert it.kill(signal.SIGINT).wait() == 130
    assert not is_alive(pid)


def test_a_tracer_that_is_killed_leaves_its_program_running(tracer, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    it = tracer("-q", "sh", "-c", f'echo ready $$; read line <"{fifo}"; echo still here')
    pid = int(it.wait_line(r"ready (\d+)")[1])
    it.kill(signal.SIGKILL)
    it.process.wait(LIMIT)
    assert is_alive(pid)
    fifo.write_text("go\n")
    it.wait_line("still here")
    until_dead(pid)
    assert it.wait() == -signal.SIGKILL
    assert trace("-q", "true").returncode == 0      # and the next one clears away what was left


def test_a_reader_of_the_ladder_who_is_gone_stops_nothing(pair):
    read, write = os.pipe()
    os.close(read)
    done = trace(*pair, stderr=write)
    os.close(write)
    assert (done.returncode, done.stdout) == (0, "HELLO\n")


class Terminal:
    """A tracer as the foreground of a terminal of its own."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(COMMAND, [COMMAND, "trace", *arguments], environment(TERM="dumb"))
        self.said = b""

    def read_until(self, text):
        while text not in self.said:
            assert select.select([self.fd], [], [], LIMIT)[0], self.said
            self.said += os.read(self.fd, 1000)

    def wait(self):
        """Its exit code, once the terminal has been read to its end."""
        with contextlib.suppress(OSError):
            while select.select([self.fd], [], [], LIMIT)[0] and (data := os.read(self.fd, 1000)):
                self.said += data
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_key_of_the_terminal_reaches_the_last_program_once_and_it_decides():
    script = 'trap "echo got" INT; echo ready; read a; read b; echo "$b"; exit 3'
    it = Terminal("-q", "--patience", "10ms", "--", "sh", "-c", 'trap "echo first" INT; sleep 1000 & wait',
                  "--", "sh", "-c", script)
    it.read_until(b"ready")
    os.write(it.fd, b"\x03")
    it.read_until(b"got")
    os.write(it.fd, b"one\ntwo\n")
    assert it.wait() == 3
    assert it.said.count(b"got") == 1 and b"first" not in it.said and b"two" in it.said


def test_a_key_of_the_terminal_ends_who_does_not_mind_it():
    it = Terminal("-q", "--patience", "10ms", "--", "sleep", "1000", "--", "sh", "-c", "echo ready; exec sleep 1000")
    it.read_until(b"ready")
    os.write(it.fd, b"\x03")
    assert it.wait() == 130


def test_a_key_of_the_terminal_before_the_last_is_started_ends_all():
    it = Terminal("-q", "--patience", "1h", "--", "sh", "-c", "echo ready; sleep 1000", "--", "echo", "never")
    it.read_until(b"ready")
    os.write(it.fd, b"\x03")
    assert it.wait() == 130 and b"never" not in it.said


# -- What is drawn, and where --------------------------------------------------------------------------


def test_a_short_name_of_a_socket_is_seen(pair, tmp_path):
    pair = ["s" if word.endswith("/at") else word for word in pair]
    assert trace("-q", "-o", "talk.json", *pair, cwd=tmp_path).returncode == 0
    events = [json.loads(line) for line in (tmp_path / "talk.json").read_text().splitlines()]
    assert [event["peer"] for event in events if event["call"] == "connect" and event["phase"] == "return"] == ["unix:s"]


def test_quiet_is_quiet(pair):
    assert trace("--quiet", *pair).stderr == ""


def test_a_file_is_written_for_each_ending(pair, tmp_path):
    endings = ["svg", "html", "mmd", "txt", "json", "pcapng"]
    names = [word for ending in endings for word in ("-o", tmp_path / f"talk.{ending}")]
    assert trace("-q", *names, *pair).returncode == 0
    bytes_of = {ending: (tmp_path / f"talk.{ending}").read_bytes() for ending in endings}
    assert b"<svg" in bytes_of["svg"] and b"<html" in bytes_of["html"] and b"sequenceDiagram" in bytes_of["mmd"]
    assert bytes_of["pcapng"][:4] == b"\x0a\x0d\x0d\x0a"
    assert b"server.py" in bytes_of["txt"] and b"\x1b" not in bytes_of["txt"]
    events = [json.loads(line) for line in bytes_of["json"].splitlines()]
    moved = [event["data"] for event in events if event.get("data")]
    assert moved == ["hello", "hello", "HELLO", "HELLO"]
    assert [event["arg"][:2] for event in events if event["call"] == "exit"] == [[0, 0]] * 2


def test_a_recorded_file_is_drawn_again_in_each_form(pair, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    first.mkdir()
    again.mkdir()
    assert trace("-q", "-o", first / "talk.json", *pair).returncode == 0
    forms = [f"--output={again / 'talk'}.{ending}" for ending in ("svg", "html", "mmd", "txt", "json", "pcapng")]
    done = trace(first / "talk.json", *forms)
    assert done.returncode == 0             # Unix sockets have no packets, which is told
    assert re.fullmatch(r"sockeye trace: .*talk.pcapng: 4 calls that moved bytes have no packets: .*\n", done.stderr)
    assert "server.py" in done.stdout and "recv(" in done.stdout
    assert (again / "talk.json").read_text() == (first / "talk.json").read_text()
    assert all(path.stat().st_size for path in again.iterdir()) and len(list(again.iterdir())) == 6


def test_lines_that_are_no_records_are_told_and_passed_over(pair, tmp_path):
    path = tmp_path / "talk.json"
    trace("-q", "-o", path, *pair)
    good = path.read_text().splitlines()
    bad = ["{", "nonsense", '{"time":', "x" * (1 << 20) + "x", "\0", "[1]", '{"call":7}']
    longest = [each.ljust(1 << 20) for each in good]            # they end anywhere in what is read at once
    path.write_text("\n".join([*bad, *longest, good[0][:50]]))
    done = trace(path)
    assert done.returncode == 0
    path.write_text("\n".join(good))
    assert done.stdout == trace(path).stdout and "recv(" in done.stdout
    lines = done.stderr.splitlines()
    assert re.search(r"talk.json: line 1: not a record, at byte \d+", lines[0])
    assert re.search(r"line 4: longer than 1m", lines[3])
    assert re.search(rf"{len(bad) + 1} lines are no records", lines[-1]) and len(lines) == 6


def test_a_file_without_a_record_is_a_failure(tmp_path):
    path = tmp_path / "empty.json"
    path.touch()
    assert "empty.json: no record in it" in refused(path)
    assert "recorded file itself" in refused(path, "-o", path)
    assert "drawn alone" in refused(path, "true")
    assert "drawn alone" in refused(path, "--", "true")


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(tmp_path):
    mark = tmp_path / "mark"
    for place in (tmp_path / "none" / "x.svg", tmp_path / "folder.svg"):
        (tmp_path / "folder.svg").mkdir(exist_ok=True)
        assert "cannot be written" in refused("-o", place, "touch", mark)
    assert not mark.exists()


def test_a_full_disk_is_told(pair, tmp_path):
    (tmp_path / "full.json").symlink_to("/dev/full")
    done = trace("-q", "-o", tmp_path / "full.json", *pair)
    assert (done.returncode, done.stdout) == (125, "HELLO\n")
    assert "full.json: No space left on device" in done.stderr and done.stderr.count("\n") == 2


@pytest.mark.parametrize("option, shown, hidden", [
    (["--calls"], "recv", "│"), (["--ascii"], "recv", "│"), (["--no-kernel"], "recv", "SYN"), (["-x"], "hello", "\0"),
    (["--colour", "always"], "\x1b[", "\0"), (["--colour=never"], "recv", "\x1b"), (["--width", "100"], "recv", "\0"),
    (["--options"], "recv", "\0"), (["--explain"], "recv", "\0"), (["--payload", "0", "-x"], "recv", "hello"),
    (["--payload", "all", "--data"], "hello", "\0"), (["-f"], "recv", "\0"), (["--room", "64k"], "recv", "\0"),
    (["--follow", "unix:/none"], "\n", "recv"),
])
def test_each_option_shows_what_it_says(pair, option, shown, hidden):
    done = trace(*option, *pair)
    assert (done.returncode, done.stdout) == (0, "HELLO\n")
    assert shown in done.stderr and hidden not in done.stderr


def test_by_cause_two_runs_of_the_same_are_drawn_alike(pair, tmp_path):
    drawn = []
    for _ in range(2):
        drawn.append(trace("--order", "causal", *pair).stderr)
        (tmp_path / "at").unlink()
    assert drawn[0] == drawn[1] and "recv(" in drawn[0]


def test_children_that_are_programs_are_watched_only_with_f(pair):
    wrapped = [*pair[:5], "sh", "-c", '"$@"; exit $?', "sh", *pair[5:]]
    assert "connect(" not in trace(*wrapped).stderr
    assert "connect(" in trace("--follow-children", *wrapped).stderr


def test_a_program_that_becomes_another_stays_watched(pair):
    assert "connect(" in trace(*pair[:5], "sh", "-c", 'exec "$@"', "sh", *pair[5:]).stderr


# -- Programs started by hand -----------------------------------------------------------------------------


@pytest.fixture
def by_hand():
    """The environment that --env gives; the folder is taken away after the test."""
    room = SHM / f"sockeye-{os.geteuid()}"
    if room.exists() and not is_left(room):
        pytest.skip(f"{room} is in use")
    done = trace("--env", "--payload", "9", "--room", "64k")
    assert (done.returncode, done.stderr) == (0, "")
    if list(room.iterdir()):
        pytest.skip(f"{room} is in use")
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    yield environment(**dict(re.findall(r"export (\w+)='(.*)';\n", done.stdout)))
    for path in room.iterdir():
        path.unlink()
    room.rmdir()


def test_programs_started_by_hand_are_drawn_until_an_interrupt(by_hand, tracer, pair):
    it = tracer("--attach", "--calls")
    with subprocess.Popen(pair[1:4], env=by_hand) as server:
        try:
            it.wait_line(r"listen\(")
            done = subprocess.run(pair[5:], env=by_hand, timeout=LIMIT, capture_output=True, text=True)
            assert server.wait(LIMIT) == 0
        finally:
            server.kill()
    assert done.stdout == "HELLO\n"
    it.wait_line("connect")
    assert it.kill(signal.SIGINT).wait() == 0
    assert list((SHM / f"sockeye-{os.geteuid()}").iterdir()) == []


def test_only_one_draws_them(by_hand, tracer):
    it = tracer("--attach")
    deadline = time.monotonic() + LIMIT
    while trace("--attach", "-o", "/nonexistent/x.svg").stderr.find("another sockeye") < 0:
        assert time.monotonic() < deadline
    assert "another sockeye trace --attach is at work" in refused("--attach")
    assert it.kill(signal.SIGTERM).wait() == 0


def test_what_a_program_left_before_is_thrown_away(by_hand):
    room = SHM / f"sockeye-{os.geteuid()}"
    subprocess.run([PYTHON, "-c", "import socket; socket.socket().close()"], env=by_hand, timeout=LIMIT, check=True)
    assert list(room.iterdir()) != []
    assert trace("--env").returncode == 0
    assert list(room.iterdir()) == []


def test_a_folder_that_others_can_reach_is_refused(by_hand):
    room = SHM / f"sockeye-{os.geteuid()}"
    room.chmod(0o755)
    assert "not a folder of your own" in refused("--env")
    assert "not a folder of your own" in refused("--attach")
    room.chmod(0o700)


def test_a_link_in_its_place_is_refused(by_hand, tmp_path):
    room = SHM / f"sockeye-{os.geteuid()}"
    for path in room.iterdir():
        path.unlink()
    room.rmdir()
    room.symlink_to(tmp_path)
    try:
        assert "no folder for records" in refused("--env")
    finally:
        room.unlink()
        room.mkdir(0o700)


# -- What is not seen ------------------------------------------------------------------------------------


def test_a_static_program_is_named_with_the_reason(tmp_path):
    (tmp_path / "main.c").write_text("int main(void) { return 0; }")
    built = subprocess.run(["gcc", "-static", "-o", tmp_path / "still", tmp_path / "main.c"], capture_output=True,
                           timeout=LIMIT)
    if built.returncode:
        pytest.skip("nothing can be linked statically here")
    done = trace("-q", tmp_path / "still")
    assert done.stderr.startswith("sockeye trace: nothing is seen of still: it is linked statically")
    assert done.stderr.count("\n") == 2


def test_a_script_is_judged_by_what_interprets_it(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nexit 4\n")
    script.chmod(0o755)
    done = trace("-q", script)
    assert (done.returncode, done.stderr) == (4, "")


def test_children_that_are_not_watched_are_pointed_at(pair):
    """Here nothing of the server is seen, and so its client is started when it has been pointed at."""
    wrapped = ["--", "sh", "-c", '"$@"; exit $?', "sh", *pair[1:4], *pair[4:]]
    done = trace("-q", "--patience", "5s", *wrapped)
    assert done.stdout == "HELLO\n"
    assert "nothing is seen of the children of sh: they are not watched\n-f watches them, too\n" in done.stderr


STDIO = r"""
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0), out = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (void *)&at, n) || listen(listener, 1) || getsockname(listener, (void *)&at, &n) ||
	    connect(out, (void *)&at, n))
		return 1;
	FILE *file = fdopen(out, "w");
	fputs("hello\\n", file);
	fflush(file);
	puts("ready");
	fflush(stdout);
	return getchar() == EOF ? 2 : 0;
}
"""


def test_stdio_on_a_connection_is_named(tracer, tmp_path):
    (tmp_path / "main.c").write_text(STDIO)
    subprocess.run(["gcc", "-o", tmp_path / "talker", tmp_path / "main.c"], check=True, timeout=LIMIT)
    read, write = os.pipe()
    it = tracer("-q", tmp_path / "talker", stdin=read)
    it.err.wait(lambda: len(it.err.lines()) == 2, "the reason")
    assert it.err.lines()[0].startswith("sockeye trace: nothing is seen of talker: its connection moves bytes by stdio")
    os.write(write, b"\n")
    assert it.wait() == 0
    os.close(read)
    os.close(write)


def test_io_uring_is_named(tracer):
    it = tracer("-q", COMMAND, "serve", "-q", "--engine", "io_uring", "echo", "tcp://127.0.0.1:0")
    it.out.wait(lambda: it.out.lines() or it.process.poll() is not None, "it listens")
    if not it.out.lines():
        pytest.skip("io_uring is not to be had here")
    port = int(it.wait_line(r":(\d+) echo")[1])
    with socket.create_connection(("127.0.0.1", port), LIMIT):
        it.err.wait(lambda: len(it.err.lines()) == 2, "the reason")
    assert "nothing is seen of sockeye: io_uring moves its bytes" in it.err.lines()[0]


# -- Two files ---------------------------------------------------------------------------------------------

@pytest.fixture
def recorded(pair, tmp_path):
    """A file of a talk, and one of the same talk run again."""
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in files:
        assert trace("-q", "-o", path, *pair).returncode == 0
        (tmp_path / "at").unlink()
    return files


def test_two_runs_of_the_same_do_not_differ(recorded):
    done = trace("--diff", *recorded)
    assert (done.returncode, done.stderr) == (0, "") and re.fullmatch(r"the same: \d+ calls\n", done.stdout)


def test_where_two_conversations_part_is_told(recorded):
    lines = [json.loads(line) for line in recorded[1].read_text().splitlines()]
    next(each for each in lines if each["call"] == "listen")["arg"][0] = 77
    recorded[1].write_text("".join(json.dumps(each) + "\n" for each in lines))
    done = trace("--diff", *recorded)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.match(r"they part at call \d+ ", done.stdout) and done.stdout.count("listen(s1, 77)") == 1
    assert str(recorded[0]) in done.stdout and str(recorded[1]) in done.stdout


def test_what_can_be_read_but_once_is_compared_too(recorded):
    lines = recorded[0].read_text().splitlines(keepends=True)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as late:
        late.stdin.write("".join(reversed(lines)).encode())
        late.stdin.close()
        done = subprocess.run([COMMAND, "trace", "--diff", "/dev/stdin", recorded[1]], stdin=late.stdout,
                              capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "") and re.fullmatch(r"the same: \d+ calls\n", done.stdout)


def test_a_missing_file_is_no_difference(recorded, tmp_path):
    assert "No such file" in refused("--diff", recorded[0], tmp_path / "none.json")


# -- From outside ------------------------------------------------------------------------------------------

def test_a_program_is_watched_from_outside_as_from_inside(pair, tmp_path):
    files = [tmp_path / "in.json", tmp_path / "out.json"]
    done = trace("-q", "-o", files[0], *pair)
    (tmp_path / "at").unlink()
    traced = trace("--ptrace", "-q", "-o", files[1], *pair)
    if traced.returncode == 125 and "does not let" in traced.stderr:
        pytest.skip(traced.stderr.splitlines()[0])
    assert (done.returncode, done.stdout) == (traced.returncode, traced.stdout)
    assert "stopped at each of their calls" in traced.stderr
    assert trace("--diff", *files).returncode == 0


# -- The command line --------------------------------------------------------------------------------------

WRONG = {
    "follow-children": ["yes"], "follow": ["", "nonsense", "tcp://127.0.0.1:99999"], "payload": ["", "-1", "2g", "some"],
    "room": ["", "1k", "2g", "all"], "env": ["x"], "attach": ["x"], "calls": ["x"], "data": ["x"], "options": ["x"],
    "explain": ["x"], "no-kernel": ["x"], "order": ["", "cause", "time|causal"], "ascii": ["x"], "colour": ["", "red", "auto|always"],
    "width": ["", "39", "1001", "wide"], "output": ["", "x", "x.png", ".svg", "x.SVG"], "quiet": ["x"],
    "ptrace": ["x"], "diff": ["x"], "patience": ["", "0", "-1s", "31d", "off"], "grace": ["", "0", "soon", "off"], "help": ["me"],
}


@pytest.mark.parametrize("name, value", [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_two_lines_and_exit_125(name, value):
    done = trace(f"--{name}={value}", "true")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (125, "", 2)
    assert done.stderr.startswith("sockeye trace: ") and "usage: sockeye trace" in done.stderr


def test_every_option_has_wrong_values_here():
    assert set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", trace("-h").stdout, flags=re.M)) == set(WRONG)


@pytest.mark.parametrize("arguments, part", [
    ([], "no command named"), (["--"], "no command named"), (["--", "a", "--"], "no command between two --"),
    (["--", "--", "a"], "no command between two --"), (["--calls", "-x"], "no command named"),
    (["--env", "true"], "--env is for programs started by hand"), (["--attach", "true"], "--attach is for"),
    (["--env", "--attach"], "--env and --attach"), (["--env", "-o", "x.svg"], "-o belongs to --attach"),
    (["-o", "x.svg", "-o", "x.svg", "true"], "named twice"), (["--", *["a", "--"] * 16, "b"], "at most 16"),
    (["--color", "never", "true"], "did you mean --colour?"), (["-y"], "-y is no option"), (["-o"], "needs a value"),
    (["--diff"], "name both"), (["--diff", "a.json"], "name both"), (["--diff", "a.json", "b.json", "c"], "no third"),
    (["--diff", "a.json", "--", "b"], "name both"), (["--diff", "-o", "x.svg", "a", "b"], "--diff draws nothing"),
    (["--ptrace", "--env"], "--ptrace is for programs that trace starts"),
    (sum([["-o", f"{i}.svg"] for i in range(9)], []) + ["true"], "at most 8"),
])
def test_a_wrong_command_line_is_two_lines_and_exit_125(arguments, part):
    assert part in refused(*arguments)


def test_the_help_tells_the_exit_codes_that_are_its_own():
    assert re.findall(r"^  (12\d|0, 1) ", trace("--help").stdout, flags=re.M) == ["0, 1", "125", "126", "127"]
