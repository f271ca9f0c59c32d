# SPDX-License-Identifier: MIT
"""Where `sockeye serve` listens, and how it says so to whoever waits for it."""
import errno
import os
import re
import signal
import socket
import time

import pytest
from conftest import COMMAND, FORBID, FORBIDDEN, LIMIT, chosen, run, take

# Starts "$@" with inherited sockets as 3, 4, ...: LISTEN_PID must be its own.
ACTIVATE = ["bash", "-c", 'export LISTEN_PID=$$; exec "$@"', "activate"]
DEFAULT_PORTS = {"echo": 65432, "upper": 12000, "hello": 1337, "accept": 1234, "discard": 9,
                 "chargen": 19, "daytime": 13, "time": 37}
STREAM_ONLY = {"accept"}
AT_LOOPBACK = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "tcp://[::1]:0", "udp://[::1]:0"]


def echoes(sock):
    sock.sendall(b"?")
    return sock.recv(10) == b"?"


# -- The lines ----------------------------------------------------------------------


@pytest.mark.parametrize("where", AT_LOOPBACK)
def test_a_line_tells_the_real_port(serve, where):
    server = serve("echo", where, text=True)
    pattern = re.escape(where.removesuffix("0")) + r"[1-9]\d*"
    assert re.fullmatch(rb"listening " + pattern.encode() + rb" echo\n", server.out.said)
    assert echoes(server.caller())


@pytest.mark.parametrize("where", AT_LOOPBACK)
def test_a_line_of_json_tells_event_address_service_and_pid(serve, where):
    server = serve("upper", where)
    pattern = re.escape(where.removesuffix("0")) + r"[1-9]\d*"
    line = rf'{{"event":"listening","address":"{pattern}","service":"upper","pid":{server.pid}}}' "\n"
    assert re.fullmatch(line, server.out.said.decode())


def test_what_is_printed_can_be_served_again(serve, tmp_path):
    wheres = [*AT_LOOPBACK, "tcp://:0", "udp://:0", "unix:", f"unix:{tmp_path}/a b%25", "unix-dgram:@o p%25"]
    first = serve("echo", *wheres)
    printed = first.wheres
    first.stop()
    assert serve("echo", *printed).wheres == printed


def test_each_service_has_its_addresses_in_the_order_of_the_command_line(serve, tmp_path):
    server = serve("echo", "tcp://127.0.0.1:0", f"unix:{tmp_path}/echo", "--", "upper", "udp://127.0.0.1:0",
                   "--", "hello", "unix:@hello-of-%d" % os.getpid(), text=True)
    assert [service for _, service in server.listening] == ["echo", "echo", "upper", "hello"]
    assert server.wheres[1] == f"unix:{tmp_path}/echo"
    assert server.wheres[3] == "unix:@hello-of-%d" % os.getpid()
    assert echoes(server.caller(0)) and echoes(server.caller(1))
    server.caller(2).send(b"a")
    assert take(server.caller(3), 12) == b"Hello world!"


def test_an_address_without_scheme_is_tcp_and_udp(serve):
    server = serve("echo", "127.0.0.1:0", "--", "accept", "127.0.0.1:0")
    assert [where.partition(":")[0] for where in server.wheres] == ["tcp", "udp", "tcp"]
    assert echoes(server.caller(0)) and echoes(server.caller(1))


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_an_empty_host_is_every_address_of_both_ip_versions(serve, scheme):
    server = serve("echo", f"{scheme}://:0")
    assert server.where == f"{scheme}://[::]:{server.port()}"
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.1.2.3"), (socket.AF_INET6, "::1")):
        with socket.socket(family, server.kind()) as sock:
            sock.settimeout(LIMIT)
            sock.connect((host, server.port()))
            assert echoes(sock)


@pytest.mark.parametrize("service", DEFAULT_PORTS)
def test_without_an_address_it_is_loopback_at_the_services_own_port(serve, service):
    port, kinds = DEFAULT_PORTS[service], ["tcp"] if service in STREAM_ONLY else ["tcp", "udp"]
    for kind in kinds:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == "tcp")
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                pytest.skip(f"{kind} port {port}: {error.strerror}")
    assert serve(service).wheres == [f"{kind}://127.0.0.1:{port}" for kind in kinds]


def test_a_unix_path_is_there_while_it_is_served_and_gone_afterwards(serve, tmp_path):
    for scheme in ("unix", "unix-dgram"):
        server = serve("echo", f"{scheme}:{tmp_path}/socket")
        assert (tmp_path / "socket").is_socket()
        assert echoes(server.caller())
        server.stop()
        assert not (tmp_path / "socket").exists()


def test_a_dead_servers_path_is_taken_over_and_a_foreign_file_is_not(serve, tmp_path):
    first = serve("echo", f"unix:{tmp_path}/socket")
    first.kill(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert echoes(serve("echo", f"unix:{tmp_path}/socket").caller())
    (tmp_path / "file").write_text("mine")
    done = run("serve", "echo", f"unix:{tmp_path}/file")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"unix:{tmp_path}/file" in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


# -- Sockets that were opened by others ---------------------------------------------------


def listener(family=socket.AF_INET, kind=socket.SOCK_STREAM, name=("127.0.0.1", 0)):
    sock = socket.socket(family, kind)
    sock.bind(name)
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_a_descriptor_may_be_an_address(serve, kind):
    with listener(kind=kind) as sock:
        server = serve("echo", f"fd:{sock.fileno()}", fds=(sock.fileno(),))
        assert server.address() == sock.getsockname()
        assert echoes(server.caller())


def test_a_descriptor_that_is_shut_for_reading_is_given_up_and_not_spun_on(serve):
    """Such a socket is ready for ever; the others are served as before."""
    with listener(kind=socket.SOCK_DGRAM) as sock:
        server = serve("echo", f"fd:{sock.fileno()}", "tcp://127.0.0.1:0", fds=(sock.fileno(),),
                       says="shut for reading")
        caller = server.caller(0)
        assert echoes(caller)
        try:
            sock.shutdown(socket.SHUT_RD)
        except OSError as error:            # it has no peer, but it is shut
            assert error.errno == errno.ENOTCONN
        caller.send(b"wake")
        server.wait_text("shut for reading: it is not served any more$")
        assert echoes(server.caller(1))
        assert len([text for text in server.texts() if "shut for reading" in text]) <= os.cpu_count()


def test_a_unix_path_that_was_handed_over_stays(serve, tmp_path):
    path = str(tmp_path / "theirs")
    with listener(socket.AF_UNIX, name=path) as sock:
        server = serve("echo", f"fd:{sock.fileno()}", fds=(sock.fileno(),))
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(LIMIT)
            caller.connect(path)
            assert echoes(caller)
        server.kill()
        assert server.wait() == 0
        assert os.path.exists(path)
    os.unlink(path)


def activation(*socks):
    """How to run a command that finds the sockets at 3 and beyond, and nowhere else."""
    moves = "".join(f" {3 + i}<&{sock.fileno()} {sock.fileno()}<&-" for i, sock in enumerate(socks))
    return [*ACTIVATE[:2], ACTIVATE[2] + moves, ACTIVATE[3]]


def high(sock):
    """A copy of it beyond the descriptors that it will be moved to."""
    copy = socket.socket(fileno=os.dup(sock.fileno()))
    if copy.fileno() < 20:
        above = [os.dup(copy.fileno()) for _ in range(20)]
        copy.close()
        copy = socket.socket(fileno=above.pop())
        for fd in above:
            os.close(fd)
    sock.close()
    return copy


def test_sockets_are_taken_over_by_their_number(serve):
    with high(listener()) as tcp, high(listener(kind=socket.SOCK_DGRAM)) as udp:
        server = serve("echo", under=activation(tcp, udp), env={"LISTEN_FDS": "2"},
                       fds=(tcp.fileno(), udp.fileno()))
        assert [server.address(0), server.address(1)] == [tcp.getsockname(), udp.getsockname()]
        assert echoes(server.caller(0)) and echoes(server.caller(1))


def test_sockets_are_taken_over_by_the_service_of_their_name(serve):
    with high(listener()) as one, high(listener()) as other:
        server = serve("hello", "--", "echo", under=activation(one, other),
                       env={"LISTEN_FDS": "2", "LISTEN_FDNAMES": "echo.socket:hello"},
                       fds=(one.fileno(), other.fileno()))
        named = {service: address for address, service in server.listening}
        assert named == {"echo": "tcp://127.0.0.1:%d" % one.getsockname()[1],
                         "hello": "tcp://127.0.0.1:%d" % other.getsockname()[1]}


def test_sockets_for_another_process_are_not_taken(serve):
    server = serve("echo", "tcp://127.0.0.1:0", env={"LISTEN_FDS": "3", "LISTEN_PID": "1"})
    assert len(server.wheres) == 1


def test_a_handed_over_connection_or_a_missing_descriptor_is_an_error_of_usage():
    one, other = socket.socketpair()
    with one, other:
        done = run("serve", "echo", f"fd:{one.fileno()}", pass_fds=(one.fileno(),))
        assert (done.returncode, done.stdout) == (2, "")
        assert "does not listen" in done.stderr
    done = run("serve", "echo", "fd:999")
    assert (done.returncode, done.stdout) == (2, "")


# -- Whoever waits for it ---------------------------------------------------------------


def test_ready_comes_on_a_descriptor_after_all_lines_and_then_its_end(serve):
    server = serve("echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix:", text=True)
    assert len(server.out.lines()) == 3     # nothing was waited for but "ready" and the end


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_a_service_manager_hears_of_readiness_and_of_the_end(serve, tmp_path, abstract):
    name = f"\0sockeye-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with listener(socket.AF_UNIX, socket.SOCK_DGRAM, name) as manager:
        manager.settimeout(LIMIT)
        server = serve("echo", "tcp://127.0.0.1:0", env={"NOTIFY_SOCKET": name.replace("\0", "@")})
        assert manager.recv(100) == b"READY=1"
        caller = server.caller()
        assert echoes(caller)
        server.kill()
        assert manager.recv(100) == b"STOPPING=1"
        caller.close()
        server.stop()
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_a_service_manager_that_is_not_there_is_told_and_no_more(serve, tmp_path):
    server = serve("echo", "tcp://127.0.0.1:0", env={"NOTIFY_SOCKET": f"{tmp_path}/nobody"}, says="NOTIFY_SOCKET")
    assert echoes(server.caller())
    server.wait_text("NOTIFY_SOCKET.*No such file")


def test_it_listens_within_a_second(serve):
    start = time.monotonic()
    server = serve("echo", "tcp://127.0.0.1:0")
    with server.caller() as sock:
        assert echoes(sock)
    assert time.monotonic() - start < 10        # a hang detector: ten times the second


# -- Which engine ------------------------------------------------------------------------


def test_the_engine_under_test_is_the_one_that_runs(serve, engine):
    server = serve("-v", "--workers", "2", "echo", "tcp://127.0.0.1:0")
    with server.caller() as sock:
        assert echoes(sock)
        assert (server.rings() > 0) == (engine == "io_uring")
    server.wait_text(rf"^engine {engine}, 2 workers, at most \d+ clients")
    assert server.stats()["engine"] == engine
    assert server.stats()["workers"] == 2


def test_a_forbidden_io_uring_is_told_with_its_reason(serve):
    if chosen() not in FORBIDDEN:
        pytest.skip(f"io_uring is not forbidden to the engine {chosen()}")
    reason = {"eperm": "forbidden", "enosys": "no io_uring"}[chosen()]
    server = serve("-v", "echo", "tcp://127.0.0.1:0")
    server.wait_text(rf"^engine epoll, .*{reason}")
    assert echoes(server.caller())
    assert server.rings() == 0


@pytest.mark.parametrize("name, reason", [("eperm", "Operation not permitted"),
                                           ("enosys", "Function not implemented")])
def test_a_forced_engine_that_is_forbidden_is_an_error_with_its_reason(name, reason):
    done = run("serve", "--engine", "io_uring", "echo", "tcp://127.0.0.1:0", under=[FORBID, name])
    assert (done.returncode, done.stdout) == (8, "")
    first = done.stderr.splitlines()[0]
    assert first.startswith("sockeye serve: ") and "io_uring" in first and reason in first


def test_verbose_tells_the_congestion_control(serve):
    system = open("/proc/sys/net/ipv4/tcp_congestion_control").read().strip()
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as known:
        if "cubic" not in known.read() or system == "cubic":
            pytest.skip("the system's own is cubic or there is none: nothing is changed")
    server = serve("-v", "echo", "tcp://127.0.0.1:0", "--", "echo", "tcp://:0")
    server.wait_text(rf"^congestion control at {re.escape(server.where)}: cubic for peers on loopback$")
    server.wait_text(rf"^congestion control at .*: cubic for peers on loopback, else {system}$")


def test_version_and_help_go_to_stdout():
    for arguments in (["--version"], ["-h"], ["--help"], ["serve", "-h"], ["serve", "--help"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("sockeye " if arguments == ["--version"] else "usage: sockeye ")
    assert os.access(COMMAND, os.X_OK)
