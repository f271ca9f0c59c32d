# SPDX-License-Identifier: MIT
"""./run: what it says, what it installs, and that the demo leaves nothing."""
import contextlib
import errno
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
from conftest import BUILD, LIMIT, ROOT

PACKAGES = "gcc libc6-dev meson ninja-build pkg-config libcmocka-dev liburing-dev unicode-data"


def ask(argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT, **more)


@pytest.fixture
def machine(tmp_path):
    """A copy of the door on a machine of our making: each command notes that it was called."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    commands = tmp_path / "bin"
    commands.mkdir()
    notes = tmp_path / "notes"
    notes.touch()

    def put(name, body):
        path = commands / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{notes}\n{body}\n')
        path.chmod(0o755)

    for name in ("apt-get", "meson", "ninja"):
        put(name, "exit 0")
    put("id", "echo 0")
    put("sudo", "exit 1")
    put("dpkg-query", "echo ' not-installed '")

    def go(*verb):
        env = dict(os.environ, PATH=f"{commands}:{os.environ['PATH']}")
        done = ask([tmp_path / "run", *verb], env=env, stdin=subprocess.DEVNULL)
        called = [line for line in notes.read_text().splitlines() if not line.startswith(("id", "dpkg"))]
        return done, called

    return put, go


def test_what_is_missing_is_installed_and_said(machine):
    done, called = machine[1]("build")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"run: installing {PACKAGES} from Debian\n")
    assert [line.split()[-1] for line in called if "update" in line] == ["update"]
    assert [line for line in called if "--no-install-recommends" in line and line.endswith(PACKAGES)]


def test_nothing_is_installed_twice(machine):
    put, go = machine
    put("dpkg-query", "echo ' installed '")
    done, called = go("build")
    assert done.returncode == 0 and "installing" not in done.stdout
    assert [line for line in called if line.startswith(("apt-get", "sudo"))] == []


def test_without_privilege_the_command_is_told(machine):
    put, go = machine
    put("id", "echo 1000")
    done, called = go("build")
    assert done.returncode == 8
    assert f"apt-get install -y --no-install-recommends {PACKAGES}\n" in done.stderr
    assert [line for line in called if line.startswith("apt-get")] == []


def test_sudo_is_used_where_it_serves(machine):
    put, go = machine
    put("id", "echo 1000")
    put("sudo", '[ "$1" = -n ] || exec "$@"')
    done, called = go("build")
    assert done.returncode == 0, done.stderr
    assert [line for line in called if line.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get")]


def test_a_failed_installation_ends_the_run(machine):
    put, go = machine
    put("apt-get", "echo 'E: no such thing'; exit 100")
    done, called = go("build")
    assert done.returncode == 1 and "E: no such thing" in done.stderr
    assert [line for line in called if line.startswith(("meson", "ninja"))] == []


def test_a_wrong_verb_gets_two_lines():
    done = ask([ROOT / "run", "dance"])
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 2 and "dance" in done.stderr


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_verb(flag):
    done = ask([ROOT / "run", flag])
    assert done.returncode == 0 and done.stderr == ""
    assert all(verb in done.stdout for verb in ("demo", "test", "build", "bench", "soak"))


@pytest.mark.parametrize("names, played", [
    ([], ["demo.sh build/examples", "demo-serve.sh build/src/cmd/sockeye build/examples", "sockeye demo tcp-echo"]),
    (["udp"], ["demo.sh build/examples udp"]),
    (["serve"], ["demo-serve.sh build/src/cmd/sockeye build/examples"]),
    (["ladder"], ["sockeye demo tcp-echo"]),
])
def test_the_demo_ends_with_a_ladder(names, played, machine, tmp_path):
    put, go = machine
    put("dpkg-query", "echo ' installed '")
    for path in ("tools/demo.sh", "tools/demo-serve.sh", "build/src/cmd/sockeye"):
        put(pathlib.Path(path).name, "exit 0")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to(tmp_path / "bin" / pathlib.Path(path).name)
    done, called = go("demo", *names)
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in called if not line.startswith(("meson", "ninja"))] == played


def processes():
    """Who runs one of the examples, by executable."""
    found = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit():
                found.append(os.readlink(f"{entry.path}/exe"))
        except OSError:
            pass
    return [path for path in found if path.startswith(str(BUILD / "examples"))]


def demo(tmp_path, *names):
    return ask([ROOT / "tools/demo.sh", BUILD / "examples", *names], env=dict(os.environ, TMPDIR=str(tmp_path)))


def hold(stack, kind, host, port):
    """Keep a port from others; where somebody has it already, so much the better."""
    held = stack.enter_context(socket.socket(type=kind))
    try:
        held.bind((host, port))
        if kind == socket.SOCK_STREAM:
            held.listen()
    except OSError as error:
        assert error.errno == errno.EADDRINUSE


def test_the_demo_shows_every_conversation_and_leaves_nothing(tmp_path):
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    servers = [path.stem for path in (ROOT / "examples").glob("*-server.c")]
    assert [name for name in servers if f"\n{name}, " not in done.stdout] == []
    for line in ("client | Received b'Hello, world'", "server | Connected by ('127.0.0.",
                 "client | Input lowercase sentence:hello, sockeye: straße",
                 "client | From Server: HELLO, SOCKEYE: STRASSE",
                 "server | The server is ready to receive", "server | Hello world!"):
        assert line in done.stdout
    assert "exit code" not in done.stdout
    assert list(tmp_path.iterdir()) == [] and processes() == []


def test_the_demo_ends_with_one_server_for_all_the_clients(tmp_path):
    done = ask([ROOT / "tools/demo-serve.sh", BUILD / "src/cmd/sockeye", BUILD / "examples"],
               env=dict(os.environ, TMPDIR=str(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("client | Received b'Hello, world'", "client | HELLO, SOCKEYE: STRASSE",
                 "client | From Server: HELLO, SOCKEYE: STRASSE", "client | Hello world!"):
        assert line in done.stdout
    assert re.search(r"server \|   accepted +4  connections taken", done.stdout)
    assert "exit code" not in done.stdout
    assert list(tmp_path.iterdir()) == [] and processes() == []


def test_the_demo_goes_elsewhere_when_a_port_is_taken_on_every_address(tmp_path):
    with contextlib.ExitStack() as stack:
        hold(stack, socket.SOCK_DGRAM, "0.0.0.0", 12000)
        done = demo(tmp_path, "udp-upper")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\ndemo   | 127.0.0.2:12000 is taken; once more at 127.0.0.1:13000\n" in done.stdout
    assert "\nclient | HELLO, SOCKEYE: STRASSE\n" in done.stdout


def test_the_demo_goes_on_without_a_server_that_finds_no_place(tmp_path):
    with contextlib.ExitStack() as stack:
        hold(stack, socket.SOCK_DGRAM, "0.0.0.0", 12000)
        for port in range(13000, 18000, 1000):
            hold(stack, socket.SOCK_DGRAM, "127.0.0.1", port)
        done = demo(tmp_path, "udp")
    assert done.returncode == 1
    assert "\ndemo   | 127.0.0.1:17000 is taken too: udp-upper-server finds no place and is left out\n" in done.stdout
    assert "\nclient | Hello world!\n" in done.stdout
    assert list(tmp_path.iterdir()) == [] and processes() == []
