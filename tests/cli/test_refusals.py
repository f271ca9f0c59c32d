# SPDX-License-Identifier: MIT
"""What a person sees when connect, send and nc fail: the whole of stderr, and the exit code.

Each sentence stands here as it is printed, with PORT, PID and NAME for what
differs each time, so that a change of words is seen by whoever makes it. A
failure is two lines, what happened and what to do next; a wrong command line
is the sentence and the usage. nc has netcat's single lines.
"""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import threading

import pytest
from conftest import COMMAND, LIMIT, environment
from test_options import options_of

USAGE = {
    "connect": "usage: sockeye connect [OPTIONS] ADDRESS, or sockeye connect --help\n",
    "send": "usage: sockeye send [OPTIONS] ADDRESS TEXT..., or sockeye send --help\n",
    "nc": "usage: sockeye nc [-46CklNnUuvz] [OPTIONS] [DESTINATION] [PORT], or sockeye nc --help\n",
}
REFUSED = "Connection refused\nthe host is there, but no program listens at this port: start the server, " \
          "or wait for it with --wait 10s\n"
BUSY = "Address already in use: \"ss -lp sport = PORT\" shows by whom\n"
LOST = "Address already in use: something stands at this path or has this name\n"
NO_CALLER = "timed out after 50 ms\nnobody called in time: --timeout TIME, or off, waits longer\n"
DROPPED = "timed out after 100 ms\nnobody answered in time: the host may be down, its server too busy, or a " \
          "firewall drops the call; sockeye probe looks closer, --timeout waits longer\n"
RESET = "Connection reset by peer\n" \
        "the peer gave up: it crashed, was killed, or closed without reading all that it got\n"
LATE = "the reply was not over within 200ms\n" \
       "what had come was printed; --timeout waits longer, --line and --reply end it earlier\n"
FULL = "stdout: No space left on device\nthe disk is full; what came before was written\n"
CLOSED = "stdout: Bad file descriptor\n" \
         "it is not open: whoever starts the command must give it a file, a pipe, or /dev/null\n"
SHOWN = 56      # bytes of a word that a sentence repeats
NO_PRIVILEGE = "Permission denied: port 7 needs privilege: take one above 1023\n"


def tell(*arguments, under=(), **more):
    """Exit code, stdout and stderr of the command."""
    done = subprocess.run([*under, COMMAND, *map(str, arguments)], env=environment(), text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    return done.returncode, done.stdout, done.stderr


def refuse(verb, *arguments, **more):
    """The sentence of a wrong command line."""
    code, out, err = tell(verb, *arguments, **more)
    begin = f"sockeye {verb}: "
    assert (code, out) == (1 if verb == "nc" else 2, "")
    assert err.startswith(begin) and err.endswith("\n" + USAGE[verb])
    return err.removeprefix(begin).removesuffix("\n" + USAGE[verb])


def fail(verb, *arguments, plain=False, out="", **more):
    """Exit code and the sentence of a failure, with what is asked for replaced: PORT=4711."""
    names = {name: more.pop(name) for name in list(more) if name.isupper()}
    code, printed, err = tell(verb, *arguments, **more)
    begin = "" if plain else f"sockeye {verb}: "
    assert printed == out and err.startswith(begin), err
    for name, value in names.items():
        err = err.replace(str(value), name)
    return code, err.removeprefix(begin)


def short(words):
    """A test's name."""
    return (words if isinstance(words, str) else " ".join(words))[:40] or "nothing"


def both(address, *options):
    """The command lines of connect and of send for an address."""
    return [("connect", *options, address), ("send", *options, address, "text")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where paths are short: sockets that are dead, and what is no socket."""
    monkeypatch.chdir(tmp_path)
    for name, kind in (("stale", socket.SOCK_STREAM), ("stale-dgram", socket.SOCK_DGRAM)):
        with socket.socket(socket.AF_UNIX, kind) as sock:
            sock.bind(name)
    pathlib.Path("file").touch()
    pathlib.Path("folder").mkdir()
    pathlib.Path("link").symlink_to("file")
    os.mkfifo("pipe")
    return tmp_path


@pytest.fixture
def keep():
    """Closes at the end what it was given."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def port():
    """A port of TCP that nobody listens at, for it is bound and no more."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture
def listener(keep):
    sock = keep(socket.create_server(("127.0.0.1", 0)))
    sock.settimeout(LIMIT)
    return sock


def port_of(sock):
    return sock.getsockname()[1]


@contextlib.contextmanager
def answering(listener, answer):
    """One caller is given to answer, in a thread."""
    def serve():
        caller, _ = listener.accept()
        with caller:
            caller.settimeout(LIMIT)
            answer(caller)
    thread = threading.Thread(target=serve)
    thread.start()
    yield port_of(listener)
    thread.join(LIMIT)
    assert not thread.is_alive()


def hear_all(caller):
    while caller.recv(1 << 16):
        pass


# -- The command line --------------------------------------------------------------------


ADDRESSES = {
    "127.0.0.1:99999": '127.0.0.1:99999: "99999" is not a port: 0 to 65535, or a service name',
    "127.0.0.1:7x": '127.0.0.1:7x: "7x" is not a port: 0 to 65535, or a service name',
    "127.0.0.1:-1": '127.0.0.1:-1: "-1" is not a port: 0 to 65535, or a service name',
    "127.0.0.1:": "127.0.0.1:: no port: write HOST:PORT or [IPV6]:PORT",
    "127.0.0.1:0x50": '127.0.0.1:0x50: "0x50" is not a port: 0 to 65535, or a service name',
    "127.0.0.1: 80": '127.0.0.1: 80: " 80" is not a port: 0 to 65535, or a service name',
    "127.0.0.1:nosuch": '127.0.0.1:nosuch: "nosuch" is not a service this machine knows',
    "127.0.0.1:0": "tcp://127.0.0.1:0: port 0 is for servers, to be given any: name the port to call",
    "udp://:0": "udp://:0: port 0 is for servers, to be given any: name the port to call",
    "127.0.0.1": "127.0.0.1: no port: write HOST:PORT or [IPV6]:PORT",
    "127.1:7": '127.1:7: "127.1" is not an IPv4 address: write four decimal numbers, each 0 to 255',
    "0x7f.1:7": '0x7f.1:7: "0x7f.1" is not an IPv4 address: write four decimal numbers, each 0 to 255',
    "[::1:7": '[::1:7: "[::1": write an IPv6 address in brackets, [::1]:80',
    "::1:7": '::1:7: "::1": write an IPv6 address in brackets, [::1]:80',
    "[fe80::1%nosuchzone]:7": '[fe80::1%nosuchzone]:7: "nosuchzone" is not an interface of this machine',
    "a b:7": 'a b:7: "a b" is not a host name',
    "*:7": '*:7: "*" is not a host: leave the host empty for every interface',
    "http://127.0.0.1:80": "http://127.0.0.1:80: no such scheme: write one of tcp, udp, unix, unix-dgram, "
                           "unix-seqpacket, vsock, fd, in lower case",
    "tcp:/127.0.0.1:7": "tcp:/127.0.0.1:7: two slashes are missing: write tcp://HOST:PORT or udp://HOST:PORT",
    "raw://127.0.0.1": "raw://127.0.0.1: nobody can be called there: take a tcp, udp, unix, unix-dgram, vsock or "
                       "fd address",
    "": "an empty address: write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH",
    "/run/socket": "/run/socket: a Unix socket is written unix:PATH, or unix:@NAME",
    "@name": "@name: a Unix socket is written unix:PATH, or unix:@NAME",
    "ecoh": "ecoh: no address, and no service: did you mean echo?",
    "unix:": "unix:: the path is missing: write unix:PATH",
    "unix:" + 108 * "p": "unix:" + (SHOWN - 5) * "p" + "...: a Unix path of over 107 bytes: shorten it or change to its "
                         "directory",
    "unix:%zz": "unix:%zz: a % must be followed by two hexadecimal digits: write %25 for the sign itself",
    "fd:99": "fd:99: Bad file descriptor: it is not open here, whoever starts the command must hand it over",
    "fd:0": "fd:0: Socket operation on non-socket: it is a file, a pipe or a terminal",
    "fd:x": 'fd:x: "x" is not a descriptor: write fd:3',
    "vsock:x:1": "vsock:x:1: a vsock address is vsock:CID:PORT, CID a number, any, local or host",
}


@pytest.mark.parametrize("address", ADDRESSES, ids=short)
def test_an_address_that_is_none_is_told_with_what_is_right(address):
    for command in both(address):
        assert refuse(*command) == ADDRESSES[address]


WORDS = {
    ("connect",): "no address named",
    ("connect", "127.0.0.1:1", "127.0.0.1:2"): "127.0.0.1:2: a second address",
    ("connect", "--keep", ":1"): "--keep waits for callers: it needs --listen",
    ("connect", "--listen", "--wait", "1s", ":1"): "--wait is for calling, not for --listen",
    ("connect", "--listen", "--source", "::1", ":1"): "--source is for calling, not for --listen",
    ("connect", "--exec", "cat", "--hex", ":1"): "--exec gives the socket away: --hex is not for it",
    ("connect", "--exec", "cat", "--raw", ":1"): "--exec gives the socket away: --raw is not for it",
    ("connect", "--exec", "cat", "--hold", ":1"): "--exec gives the socket away: --hold is not for it",
    ("connect", "--exec", "cat", "--linger", "1s", ":1"): "--exec gives the socket away: --linger is not for it",
    ("connect", "-lk", "-e", "cat", "udp://:1"): "--exec with --keep needs connections: take tcp or unix",
    ("connect", "-o", "nodelay", "udp://:1"): "--option nodelay does not suit udp://:1",
    ("connect", "--source", "127.0.0.1:x1", "127.0.0.1:1"):
        'dial tcp://127.0.0.1:1: source 127.0.0.1:x1: "x1" is not a service this machine knows',
    ("connect", "--source", "unix:x", "127.0.0.1:1"):
        "dial tcp://127.0.0.1:1: source unix:x: the socket is of another kind",
    ("send",): "no address named",
    ("send", ":1"): "no text to send: '' is an empty one, - is standard input",
    ("send", ":1", "text", "-"): "- is the whole message: write no TEXT beside it",
    ("send", ":1", "-", "text"): "- is the whole message: write no TEXT beside it",
    ("send", "--line", "--reply", "3", ":1", "text"): "--line and --reply: the reply is over after one of them",
    ("send", "--retry", "2", ":1", "text"): "--retry is for datagrams: a stream sends again by itself",
    ("send", "--line", "udp://:1", "text"): "--line is for streams: a datagram is its own reply",
    ("send", "--reply", "3", "udp://:1", "text"): "--reply is for streams: a datagram is its own reply",
    ("send", "-o", "nodelay", "udp://:1", "text"): "--option nodelay does not suit udp://:1",
    ("nc", "a", "b", "c"): "more than a destination and a port",
}


@pytest.mark.parametrize("command", WORDS, ids=short)
def test_words_that_do_not_go_together_are_told(command):
    assert refuse(*command) == WORDS[command]


NC_WORDS = {
    (): "missing destination",
    ("127.0.0.1",): "missing port number",
    ("-l",): "missing port number",
    ("-k", "1"): "must use -l with -k",
    ("-z", "-l", "1"): "cannot use -z and -l",
    ("-46", "127.0.0.1", "1"): "cannot use -4 and -6",
    ("-U", "-4", "path"): "cannot use -U with -4 or -6",
    ("-U",): "-U needs the path of a socket, and nothing else",
    ("-U", "path", "1"): "-U needs the path of a socket, and nothing else",
    ("-l", "-k", "-e", "cat", "1"): "cannot use -e with -z or -k: see sockeye connect",
    ("127.0.0.1", "99999"): "port number too large: 99999",
    ("127.0.0.1", "7x"): "port number invalid: 7x",
    ("127.1", "7"): 'getaddrinfo for host "127.1" port 7: "127.1" is not an IPv4 address: write four decimal '
                    "numbers, each 0 to 255",
    ("-6", "127.0.0.1", "7"): 'getaddrinfo for host "127.0.0.1" port 7: IPv4 where only IPv6 fits',
    ("-n", "localhost", "7"): 'getaddrinfo for host "localhost" port 7: Name or service not known',
    ("-z", "127.0.0.1", "70000-70001"): "port range not valid",
    ("-l", "127.0.0.1", "7x"): "port number invalid: 7x",
    ("-U", 108 * "p"): SHOWN * "p" + "...: a Unix path of over 107 bytes: shorten it or change to its directory",
}


@pytest.mark.parametrize("words", NC_WORDS, ids=short)
def test_words_that_nc_cannot_use_are_one_line(words):
    assert fail("nc", *words, plain=True) == (1, f"nc: {NC_WORDS[words]}\n")


# -- Each option with values that it does not take -----------------------------------------


NO_TIME = "not a time such as 250ms, 30s or 2m"
NO_OPTION = "no such socket option: see sock_option(3)"
TIME = {"": NO_TIME, "soon": NO_TIME, "1.5s": NO_TIME, "-1": NO_TIME, "31d": "it must be at most 30d"}
LIMITED = {**TIME, "31d": "it must be 1ms to 30d, or off", "1us": "it must be 1ms to 30d, or off"}
SOURCE = {"": "it must have 1 to 255 bytes", 256 * "a": "it must have 1 to 255 bytes"}
OPTION = {"": "an option's name is missing", "nosuch=1": NO_OPTION,
          "nodelai": "no such socket option: did you mean nodelay?", "rcvbuf": "rcvbuf needs a value: rcvbuf=..."}
COMMANDS = {"": "it must have 1 to 65536 bytes"}
VALUES = {
    "connect": {"timeout": LIMITED, "wait": TIME, "source": SOURCE, "option": OPTION, "linger": LIMITED,
                "record": {"": "it must have 1 to 4095 bytes"}, "exec": COMMANDS},
    "send": {"reply": {"": "not a size such as 4096 or 64k", "0": "it must be at least 1",
                       "ten": "not a size such as 4096 or 64k"},
             "timeout": LIMITED, "wait": TIME, "source": SOURCE, "option": OPTION,
             "retry": {"": "not a number", "-1": "not a number", "1001": "it must be 1 to 1000, or off"}},
    "nc": {"source": SOURCE, "source-port": {"": "it must have 1 to 32 bytes"}, "exec": COMMANDS,
           "quit": {"": "not a time such as 5 or 250ms", "x": "not a time such as 5 or 250ms"},
           "timeout": {**TIME, "0": "it must be 1ms to 30d", "31d": "it must be 1ms to 30d"}, "interval": TIME},
}
ALONE = {
    "connect": ["listen", "keep", "hold", "hex", "raw", "verbose", "quiet", "help"],
    "send": ["newline", "line", "python", "raw", "help"],
    "nc": ["listen", "keep", "udp", "unix", "ipv4", "ipv6", "numeric", "shutdown", "crlf", "scan", "raw", "verbose",
           "help"],
}


@pytest.mark.parametrize("verb", VALUES)
def test_each_option_of_a_verb_is_here(verb):
    assert options_of(verb, "--help") == {*VALUES[verb], *ALONE[verb]}


@pytest.mark.parametrize("verb, name, value", [(verb, name, value) for verb, options in VALUES.items()
                                               for name, values in options.items() for value in values], ids=short)
def test_a_value_that_an_option_does_not_take_is_told_with_what_it_takes(verb, name, value):
    shown = value if len(value) < SHOWN else SHOWN * "a" + "..."
    assert refuse(verb, f"--{name}={value}") == f"--{name} '{shown}': {VALUES[verb][name][value]}"


@pytest.mark.parametrize("verb", ALONE)
def test_an_option_without_a_value_takes_none_and_one_with_a_value_needs_it(verb):
    for name in ALONE[verb]:
        assert refuse(verb, f"--{name}=1") == f"--{name} takes no value"
    for name in VALUES[verb]:
        assert refuse(verb, f"--{name}").startswith(f"--{name} needs a value: --{name} ")


SLIPS = {
    ("connect", "--tmeout", "1s"): "no option '--tmeout': did you mean --timeout?",
    ("connect", "--lisen"): "no option '--lisen': did you mean --listen?",
    ("connect", "--zzzzzzzzzz"): "no option '--zzzzzzzzzz'",
    ("connect", "-Z"): "-Z is no option: long names begin with two hyphens",
    ("send", "--newlin"): "no option '--newlin': did you mean --newline?",
    ("send", "-python"): "-python is no option: long names begin with two hyphens",
    ("nc", "--shutdwon"): "no option '--shutdwon': did you mean --shutdown?",
    ("nc", "-J"): "-J is no option: long names begin with two hyphens",
}


@pytest.mark.parametrize("command", SLIPS, ids=short)
def test_a_slip_is_told_with_the_nearest_name(command):
    assert refuse(*command) == SLIPS[command]


# -- Nobody there -----------------------------------------------------------------------------


def test_a_port_where_nobody_listens(port):
    for command in both(f"127.0.0.1:{port}"):
        assert fail(*command, PORT=port) == (4, "dial tcp://127.0.0.1:PORT: " + REFUSED)
    assert fail("nc", "127.0.0.1", port, plain=True) == (1, "")
    assert fail("nc", "-v", "127.0.0.1", port, plain=True, PORT=port) == (
        1, "nc: connect to 127.0.0.1 port PORT (tcp) failed: Connection refused\n")


def test_a_name_tells_of_each_of_its_addresses(port):
    for command in both(f"localhost:{port}"):
        code, told = fail(*command, PORT=port)
        assert code == 4 and told.startswith("dial tcp://localhost:PORT: tcp://[::1]:PORT: ")
        assert told.endswith("; tcp://127.0.0.1:PORT: " + REFUSED)


def test_a_udp_port_that_nobody_has(keep):
    # Whoever has it hears another port alone, and so it is nobody's for everybody else.
    sock = keep(socket.socket(type=socket.SOCK_DGRAM))
    sock.bind(("127.0.0.1", 0))
    sock.connect(("127.0.0.1", port_of(sock)))
    port = port_of(sock)
    assert fail("send", f"udp://127.0.0.1:{port}", "text", PORT=port) == (
        4, "recvfrom udp://127.0.0.1:PORT: Connection refused\n"
        "the host says that no program has this UDP port: is the server running, and is the port right?\n")
    assert fail("nc", "-zvu", "127.0.0.1", port, plain=True, PORT=port) == (
        1, "nc: connect to 127.0.0.1 port PORT (udp) failed: Connection refused\n")


STALE = "Connection refused\n" \
        "the file is there, but no program listens at it any more: start the server again\n"
NO_SOCKET = "Connection refused\na file is at this path, and no socket: is the path right?\n"
MISSING = "No such file or directory\n" \
          "there is no such socket file: is the server running, and the path right? --wait 10s waits for it\n"
PATHS = {
    "unix:stale": (4, STALE),
    "unix-dgram:stale-dgram": (4, STALE),
    "unix:file": (4, NO_SOCKET),
    "unix:link": (4, NO_SOCKET),
    "unix-dgram:file": (4, NO_SOCKET),
    "unix:folder": (4, "Connection refused\na folder is at this path, and no socket: name the socket in it\n"),
    "unix:@nobody-has-this-name": (4, "Connection refused\nno program listens at this name: start the server, "
                                      "or wait for it with --wait 10s\n"),
    "unix:none": (1, MISSING),
    "unix-dgram:folder/none": (1, MISSING),
    "unix:file/none": (1, "Not a directory\na part of the path is a file where a folder should be\n"),
}


@pytest.mark.parametrize("address", PATHS)
def test_a_path_where_nobody_listens(folder, address):
    code, told = PATHS[address]
    for command in both(address):
        assert fail(*command) == (code, f"dial {address}: {told}")


def test_nc_tells_of_a_path_in_one_line(folder):
    assert fail("nc", "-vU", "stale", plain=True) == (1, "nc: stale: Connection refused\n")
    assert fail("nc", "-vU", "none", plain=True) == (1, "nc: none: No such file or directory\n")


def test_a_unix_socket_of_the_other_kind(folder, keep):
    keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind("datagrams")
    stream = keep(socket.socket(socket.AF_UNIX))
    stream.bind("stream")
    stream.listen()
    for command in both("unix:datagrams"):
        assert fail(*command) == (
            1, "dial unix:datagrams: Protocol wrong type for socket\n"
            "the socket at this path is of another kind: write unix-dgram:PATH, or unix-seqpacket:PATH\n")
    for command in both("unix-dgram:stream"):
        assert fail(*command) == (
            1, "dial unix-dgram:stream: Protocol wrong type for socket\n"
            "the socket at this path takes connections: write unix:PATH, or unix-seqpacket:PATH\n")
    assert fail("nc", "-vU", "datagrams", plain=True) == (1, "nc: datagrams: Protocol wrong type for socket\n")


UNKNOWN = {"Name or service not known\n": (3, "nobody knows this name: look at its spelling, and at getent hosts "
                                              "NAME\n"),
           "Temporary failure in name resolution\n": (3, "no name server answered: see /etc/resolv.conf, or write the "
                                                         "address in numbers\n")}


def test_a_name_that_nobody_knows():
    """Without a name server the system says something else: both are right."""
    for verb, *rest in both("no-such-host.invalid:7") + [("connect", "--listen", "no-such-host.invalid:7")]:
        op = "server" if "--listen" in rest else "dial"
        code, told = fail(verb, *rest)
        assert (code, told) in [(code, f"{op} tcp://no-such-host.invalid:7: {reason}{next}")
                                for reason, (code, next) in UNKNOWN.items()]
    code, told = fail("nc", "no-such-host.invalid", "7", plain=True)
    assert (code, told) in [(1, f'nc: getaddrinfo for host "no-such-host.invalid" port 7: {reason}')
                            for reason in UNKNOWN]


def test_a_source_that_cannot_be():
    for command in both("127.0.0.1:1", "--source", "192.0.2.1"):
        assert fail(*command) == (
            1, "bind tcp://192.0.2.1:0: Cannot assign requested address: no interface here has it\n"
            "ip addr lists the addresses of this machine; if all ports are in use, see sockeye doctor\n")
    for command in both("127.0.0.1:1", "--source", "[::1]"):
        assert fail(*command) == (1, "bind [::1]: the source address is of another family\n"
                                     "IPv4 calls from IPv4, and IPv6, in brackets, from IPv6\n")
    assert fail("nc", "-v", "-s", "192.0.2.1", "127.0.0.1", "1", plain=True) == (
        1, "nc: connect to 127.0.0.1 port 1 (tcp) failed: Cannot assign requested address\n")


# -- Waiting for callers ---------------------------------------------------------------------------


def me():
    return pathlib.Path("/proc/self/comm").read_text().rstrip("\n")


def test_a_busy_port_is_told_with_who_has_it(listener):
    port = port_of(listener)
    assert fail("connect", "--listen", f"127.0.0.1:{port}", PORT=port) == (
        1, f"server tcp://127.0.0.1:PORT: {BUSY}tcp://127.0.0.1:PORT is held by pid {os.getpid()} ({me()})\n")
    assert fail("nc", "-l", "127.0.0.1", port, plain=True, PORT=port) == (
        1, f"nc: server tcp://127.0.0.1:PORT: {BUSY}")


def test_a_busy_udp_port_is_told_with_who_has_it(keep):
    sock = keep(socket.socket(type=socket.SOCK_DGRAM))
    sock.bind(("127.0.0.1", 0))
    code, told = fail("connect", "--listen", f"udp://127.0.0.1:{port_of(sock)}", PORT=port_of(sock))
    assert code == 1 and told.startswith("server udp://127.0.0.1:PORT: Address already in use")
    assert told.endswith(f"\nudp://127.0.0.1:PORT is held by pid {os.getpid()} ({me()})\n")


def test_a_busy_path_is_told_with_who_has_it(folder, keep):
    stream = keep(socket.socket(socket.AF_UNIX))
    stream.bind("busy")
    stream.listen()
    assert fail("connect", "--listen", "unix:busy") == (
        1, f"server unix:busy: {LOST}unix:busy is held by pid {os.getpid()} ({me()})\n")
    assert fail("nc", "-lU", "busy", plain=True) == (1, f"nc: server unix:busy: {LOST}")
    for name in ("file", "folder", "link"):
        assert fail("connect", "--listen", f"unix:{name}") == (
            1, f"server unix:{name}: {LOST}"
            "nobody listens there: remove it if nobody needs it, or take another path\n")


def test_a_path_whose_folder_is_missing(folder):
    assert fail("connect", "--listen", "unix:none/socket") == (
        1, "server unix:none/socket: No such file or directory\n"
        "the folder that this path names is not there: make it first\n")


def test_an_address_of_another_machine():
    assert fail("connect", "--listen", "192.0.2.1:7") == (
        1, "server tcp://192.0.2.1:7: Cannot assign requested address: no interface here has it\n"
        "ip addr lists the addresses of this machine; if all ports are in use, see sockeye doctor\n")
    assert fail("nc", "-l", "192.0.2.1", "7", plain=True) == (
        1, "nc: server tcp://192.0.2.1:7: Cannot assign requested address: no interface here has it\n")


def nobody():
    """What to run the command under so that it has no privilege."""
    return ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.mark.skipif(int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) < 8,
                    reason="every port is free for all here")
def test_a_port_that_needs_privilege():
    assert fail("connect", "--listen", "127.0.0.1:7", under=nobody()) == (
        8, f"server tcp://127.0.0.1:7: {NO_PRIVILEGE}")
    assert fail("send", "--source", ":7", "127.0.0.1:1", "text", under=nobody()) == (
        8, f"bind tcp://0.0.0.0:7: {NO_PRIVILEGE}")
    assert fail("nc", "-l", "127.0.0.1", "7", plain=True, under=nobody()) == (
        1, f"nc: server tcp://127.0.0.1:7: {NO_PRIVILEGE}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what another user may not use")
def test_a_path_that_is_for_others(folder, keep):
    folder.chmod(0o755)
    stream = keep(socket.socket(socket.AF_UNIX))
    stream.bind("folder/mine")
    stream.listen()
    os.chmod("folder/mine", 0o600)
    # The way to here is for root alone, so the way goes on from here.
    assert fail("connect", "unix:folder/mine", under=nobody()) == (
        8, "dial unix:folder/mine: Permission denied\n"
        "the socket file, or a folder on the way, is for its owner or group alone: see ls -l\n")
    assert fail("connect", "--listen", "unix:folder/new", under=nobody()) == (
        8, "server unix:folder/new: Permission denied\nthis user may not make a file in that folder: see ls -ld\n")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix:socket", "unix-dgram:socket"])
def test_nobody_called_in_time(folder, address):
    code, out, err = tell("connect", "--listen", "--timeout", "50ms", address)
    listening, rest = err.split("\n", 1)
    where = listening.removeprefix("listening ")
    assert (code, out, rest) == (5, "", f"sockeye connect: accept {where}: {NO_CALLER}")
    assert not os.path.lexists("socket")


# -- Somebody there, and it goes wrong -----------------------------------------------------------------


def test_a_peer_that_resets(listener):
    def reset(caller):
        hear_all(caller)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    for command in [["connect"], ["send"]]:
        with answering(listener, reset) as port:
            rest = ["text"] if command == ["send"] else []
            assert fail(*command, f"127.0.0.1:{port}", *rest, PORT=port) == (
                1, f"recv tcp://127.0.0.1:PORT: {RESET}")
    with answering(listener, reset) as port:
        assert fail("nc", "-N", "127.0.0.1", port, plain=True, PORT=port) == (
            1, "nc: recv tcp://127.0.0.1:PORT: Connection reset by peer\n")


def test_a_peer_that_ends_before_its_reply_does(listener):
    def answer(caller):
        caller.sendall(b"ab")
        caller.recv(1 << 16)
    told = "without --reply and --line whatever comes is the reply\n"
    with answering(listener, answer) as port:
        assert fail("send", "--reply", "10", f"127.0.0.1:{port}", "text", out="ab", PORT=port) == (
            1, f"tcp://127.0.0.1:PORT: the peer ended after 2 of 10 bytes\n{told}")
    with answering(listener, answer) as port:
        assert fail("send", "--line", f"127.0.0.1:{port}", "text", out="ab", PORT=port) == (
            1, f"tcp://127.0.0.1:PORT: the peer ended before its line did\n{told}")


def test_a_peer_that_does_not_end(listener):
    def answer(caller):
        caller.sendall(b"ab")
        over.wait(LIMIT)
    over = threading.Event()
    with answering(listener, answer) as port:
        assert fail("connect", "--linger", "100ms", f"127.0.0.1:{port}", out="ab", PORT=port) == (
            5, "tcp://127.0.0.1:PORT: no end came, and nothing else for 100ms\n"
            "what had come was written; --linger TIME, or off, waits longer\n")
        over.set()
    over.clear()
    with answering(listener, answer) as port:
        assert fail("send", "--timeout", "200ms", f"127.0.0.1:{port}", "text", out="ab", PORT=port) == (
            5, f"tcp://127.0.0.1:PORT: {LATE}")
        over.set()


def test_a_peer_that_takes_no_more(listener, folder):
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    pathlib.Path("much").write_bytes(bytes(16 << 20))
    over = threading.Event()
    with answering(listener, lambda caller: over.wait(LIMIT)) as port:
        assert fail("send", "--timeout", "200ms", f"127.0.0.1:{port}", "-", under=closing("<much"), PORT=port) == (
            5, f"tcp://127.0.0.1:PORT: {LATE}")
        over.set()


def test_a_server_whose_queue_is_full(keep, folder):
    server = keep(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    port = port_of(server)
    fill(keep, lambda: socket.socket(), ("127.0.0.1", port))
    for command in both(f"127.0.0.1:{port}", "--timeout", "100ms"):
        assert fail(*command, PORT=port) == (5, f"dial tcp://127.0.0.1:PORT: {DROPPED}")
    assert fail("nc", "-vw", "100ms", "127.0.0.1", port, plain=True, PORT=port) == (
        1, "nc: connect to 127.0.0.1 port PORT (tcp) failed: Connection timed out\n")


def test_a_unix_server_whose_queue_is_full(keep, folder):
    server = keep(socket.socket(socket.AF_UNIX))
    server.bind("full")
    server.listen(0)
    fill(keep, lambda: socket.socket(socket.AF_UNIX), "full")
    for command in both("unix:full", "--timeout", "100ms"):
        assert fail(*command) == (
            5, "dial unix:full: timed out after 100 ms\n"
            "the server is there, but takes no caller, and its queue is full; --timeout waits longer\n")


def fill(keep, make, address):
    """Call until the queue takes nobody; none of them is taken."""
    for _ in range(8):
        sock = keep(make())
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address)


def test_a_datagram_that_nobody_answers(keep):
    silent = keep(socket.socket(type=socket.SOCK_DGRAM))
    silent.bind(("127.0.0.1", 0))
    port = port_of(silent)
    assert fail("send", "--timeout", "50ms", "--retry", "2", f"udp://127.0.0.1:{port}", "text", plain=True,
                PORT=port) == (
        5, "no reply within 50ms: sent again (1 of 2)\nno reply within 50ms: sent again (2 of 2)\n"
        "sockeye send: recvfrom udp://127.0.0.1:PORT: timed out after 50 ms\n"
        "no reply in time: over UDP the server may be missing, slow, or silent to this message; sockeye probe looks "
        "closer, --timeout and --retry wait longer\n")
    assert [silent.recv(10) for _ in range(3)] == 3 * [b"text"]


def test_a_message_that_is_too_long_for_a_datagram(keep):
    silent = keep(socket.socket(type=socket.SOCK_DGRAM))
    silent.bind(("127.0.0.1", 0))
    port = port_of(silent)
    assert fail("send", f"udp://127.0.0.1:{port}", 70000 * "a", PORT=port) == (
        1, "send udp://127.0.0.1:PORT: Message too long\n"
        "one UDP datagram over IPv4 holds 65507 bytes, over IPv6 65527: send less, or use tcp\n")


# -- Files and streams ----------------------------------------------------------------------------------


def closing(what):
    """What to run the command under so that a stream is closed."""
    return ["sh", "-c", f'exec "$@" {what}', "sh"]


def test_a_standard_output_that_takes_nothing(listener):
    def answer(caller):
        hear_all(caller)
        caller.sendall(b"reply")
    for command in (["connect"], ["send"], ["send", "--python"]):
        rest = ["text"] if command[0] == "send" else []
        for under, told in ((closing(">/dev/full"), FULL), (closing(">&-"), CLOSED)):
            with answering(listener, answer) as port:
                assert fail(*command, f"127.0.0.1:{port}", *rest, under=under) == (1, told)
    for under, told in ((closing(">/dev/full"), FULL), (closing(">&-"), CLOSED)):
        with answering(listener, answer) as port:
            assert fail("nc", "-N", "127.0.0.1", port, plain=True, under=under) == (
                1, "nc: " + told.split("\n")[0] + "\n")


def test_a_standard_input_that_cannot_be_read(listener):
    told = "stdin: Is a directory\nit is a folder: name a file in it\n"
    with answering(listener, hear_all) as port:
        assert fail("connect", f"127.0.0.1:{port}", under=closing("</")) == (1, told)
    assert fail("send", "127.0.0.1:1", "-", under=closing("</")) == (1, told)


RECORDS = {
    "link": "Too many levels of symbolic links\nit must be a file, no folder, link, pipe or socket\n",
    "folder": "Is a directory\nit must be a file, no folder, link, pipe or socket\n",
    "pipe": "No such device or address\nit must be a file, no folder, link, pipe or socket\n",
    "stale": "No such device or address\nit must be a file, no folder, link, pipe or socket\n",
    "none/record": "No such file or directory\nits folder is not there: make it first\n",
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_cannot_be_written(folder, name):
    assert fail("connect", "--record", name, "127.0.0.1:1") == (1, f"--record {name}: {RECORDS[name]}")


# -- Networks that are not there: in a name space of the test's own ------------------------------------------


def island(setup):
    """What to run the command under so that it has a network of its own, set up by ip(8)."""
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    under = [*own, "sh", "-ec", f'{setup}\nexec "$@"', "sh"]
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("no unshare or ip here")
    done = subprocess.run([*under, "true"], capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode:
        pytest.skip(f"no network of its own: {done.stderr.strip()}")
    return under


def test_a_network_without_a_way():
    told = "Network is unreachable\nthis machine has no route to that network: see ip route, and ip -6 route\n"
    under = island("ip link set lo up")
    for command in both("192.0.2.1:7") + both("udp://192.0.2.1:7"):
        address = command[1] if "udp" in command[1] else "tcp://192.0.2.1:7"
        assert fail(*command, under=under) == (4, f"dial {address}: {told}")
    assert fail("nc", "-v", "192.0.2.1", "7", plain=True, under=under) == (
        1, "nc: connect to 192.0.2.1 port 7 (tcp) failed: Network is unreachable\n")


def test_a_host_without_a_way():
    under = island("ip link set lo up; ip route add unreachable 192.0.2.0/24")
    for command in both("192.0.2.1:7"):
        assert fail(*command, under=under) == (
            4, "dial tcp://192.0.2.1:7: No route to host\n"
            "no way leads to this host, or a firewall turned the call away: see ip route get ADDRESS\n")


def test_a_way_that_is_forbidden():
    under = island("ip link set lo up; ip route add prohibit 192.0.2.0/24")
    for command in both("192.0.2.1:7"):
        assert fail(*command, under=under) == (
            8, "dial tcp://192.0.2.1:7: Permission denied\n"
            "a firewall of this machine forbids it, or it is a broadcast address (-o broadcast)\n")


def test_a_host_that_does_not_answer():
    under = island("ip link add veth0 type veth peer veth1; ip addr add 192.0.2.2/24 dev veth0\n"
                   "ip link set veth0 up; ip link set veth1 up")
    for command in both("192.0.2.1:7", "--timeout", "100ms"):
        assert fail(*command, under=under) == (5, f"dial tcp://192.0.2.1:7: {DROPPED}")
