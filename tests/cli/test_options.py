# SPDX-License-Identifier: MIT
"""The command line: each option with values that are right and wrong, slips and their remedies."""
import json
import os
import re

import pytest
from conftest import run

TCP = "tcp://127.0.0.1:0"

# Each option of serve with values that must be taken; beside them what is shown by other tests.
RIGHT = {
    "workers": ["1", "3"],
    "engine": ["best", "epoll"],
    "max-clients": ["2", "100"],
    "full": ["wait", "refuse"],
    "drain": ["1ms", "2", "1m", "off", "0"],
    "spin": ["0", "50us", "1ms"],
    "ready-fd": ["2"],
    "json": [None],
    "verbose": [None],
    "quiet": [None],
    "help": [None],
    "max-per-source": ["1", "off"],
    "idle": ["10s", "30d", "off"],
    "buffer": ["1k", "64k", "1m"],
    "rate": ["1", "10m", "off"],
    "backlog": ["1", "100000"],
    "congestion": ["cubic", "reno"],
    "option": ["rcvbuf=64k", "nodelay=off,keepidle=10", "keepalive"],
    "allow": ["127.0.0.0/8", "127.0.0.1", "0.0.0.0/0"],
    "deny": ["192.0.2.0/24", "2001:db8::/32"],
    "bad": ["pass", "replace", "close"],
}
WRONG = {
    "workers": ["", "0", "-1", "1.5", "257", "many", "1k"],
    "engine": ["", "select", "EPOLL"],
    "max-clients": ["", "0", "off", "99999999999999999999", "0x10", " 1"],
    "full": ["", "drop", "wait|refuse"],
    "drain": ["", "-1s", "5 s", "1.5s", "31d", "soon"],
    "spin": ["", "2ms", "off", "1s"],
    "ready-fd": ["", "x", "999", "-1", "99999999999"],
    "json": ["yes"],
    "verbose": ["2"],
    "quiet": [""],
    "help": ["me"],
    "max-per-source": ["", "-1", "two"],
    "idle": ["", "1us", "31d", "0.5s", "1y"],
    "buffer": ["", "1", "1023", "2g", "off", "64kb"],
    "rate": ["", "-1", "fast"],
    "backlog": ["", "0", "off", "99999999999"],
    "congestion": ["", "a-name-that-is-too-long"],
    "option": ["", "nosuch=1", "rcvbuf", "rcvbuf=big", "nodelay=perhaps", "nodelay,", "=1"],
    "allow": ["", "localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "2001:db8::/129", "127.1"],
    "deny": ["", "everybody", "::1/64", "1.2.3.4/x"],
    "bad": ["", "drop", "Pass"],
}
ALONE = [name for name, values in RIGHT.items() if values == [None]]
LOST_VALUES = [name for name in RIGHT if name not in ALONE]


def options_of(*arguments):
    """The long names that a help lists."""
    shown = run(*arguments).stdout
    return set(re.findall(r"^ {2,6}(?:-\w, )?--([\w-]+)", shown, re.M))


def refused(*arguments, **more):
    """The sentence of a command line that is wrong: two lines on stderr, exit 2, nothing on stdout."""
    done = run(*arguments, **more)
    lines = done.stderr.split("\n")
    assert (done.returncode, done.stdout, len(lines), lines[-1]) == (2, "", 3, ""), done
    assert lines[0].startswith("sockeye") and ": " in lines[0]
    assert lines[1].startswith("usage: sockeye")
    return lines[0]


def cases(table):
    return [pytest.param(name, value, id=f"{name}={value}") for name, values in table.items() for value in values]


# -- Options ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["serve", "connect", "send", "probe", "trace", "doctor", "completion",
                                  "nc"])
def test_help_is_printed_in_short_and_in_full(verb):
    short, full = run(verb, "-h"), run(verb, "--help")
    assert (short.returncode, short.stderr, full.returncode, full.stderr) == (0, "", 0, "")
    assert short.stdout.startswith(f"usage: sockeye {verb} ") and len(full.stdout) > len(short.stdout)
    assert options_of(verb, "-h") == options_of(verb, "--help")


@pytest.mark.parametrize("verb, words", [("connect", []), ("send", ["x"]), ("probe", []), ("doctor", []),
                                         ("completion", []), ("nc", ["1"])])
def test_behind_two_hyphens_nothing_is_an_option(verb, words):
    done = run(verb, "--", "--help", *words)
    assert (done.returncode, done.stdout) == (1 if verb == "nc" else 2, "") and "--help" in done.stderr


def test_each_option_of_the_help_is_tested_with_right_and_wrong_values():
    assert options_of("serve", "--help") == set(RIGHT) == set(WRONG)
    assert options_of("serve", "-h") == set(RIGHT)
    assert options_of("--help") == {"version", "help"}


@pytest.mark.parametrize("name, value", cases({name: RIGHT[name] for name in LOST_VALUES}))
def test_a_right_value_is_taken(serve, name, value):
    own = name == "ready-fd"        # then the fixture's cannot be used
    service = "upper" if name == "bad" else "echo"
    asked = "epoll" if name == "engine" and value == "epoll" else None
    server = serve(*([] if asked else [f"--{name}={value}"]), service, TCP,
                   engine=asked, lines=1 if own else None, says=r"backlog of 100000 is cut to \d+ \(net\.core\.somaxconn\)")
    with server.caller() as sock:
        sock.sendall(b"YES")
        assert sock.recv(3) == b"YES"
    server.wait_stats(lambda stats: stats["closed"] == 1)       # a drain that is off would cut it


def test_an_option_may_stand_before_and_behind_and_with_its_value_apart(serve):
    server = serve("-vv", "--idle", "1h", "-orcvbuf=32k", "echo", "-o", "nodelay=off", TCP, "--rate=1m", "--",
                   "--buffer", "1k", "upper", TCP)
    for i in range(2):
        with server.caller(i) as sock:
            sock.sendall(b"BOTH")
            assert sock.recv(4) == b"BOTH"


@pytest.mark.parametrize("name, value", cases(WRONG))
def test_a_wrong_value_is_two_lines_and_exit_2(name, value):
    sentence = refused("serve", f"--{name}={value}", "echo", TCP)
    assert f"--{name}" in sentence


@pytest.mark.parametrize("name", LOST_VALUES)
def test_a_value_that_is_not_there_is_told(name):
    assert f"--{name} needs a value" in refused("serve", "echo", TCP, f"--{name}")


@pytest.mark.parametrize("written, meant", [("--worker", "workers"), ("--max-client=1", "max-clients"),
                                            ("--verbsoe", "verbose"), ("--idel", "idle"), ("--JSON", "json"),
                                            ("--zzzzzzzzzzzzzz", None)])
def test_the_nearest_option_is_named(written, meant):
    sentence = refused("serve", written, "echo")
    assert ("did you mean" in sentence) == (meant is not None)
    assert meant is None or sentence.endswith(f"did you mean --{meant}?")


def test_a_letter_that_is_none_is_told():
    assert "-x" in refused("serve", "-x", "echo")
    assert "-json" in refused("serve", "-json", "echo")


def test_options_of_the_whole_process_stand_before_the_first_gap():
    assert "--workers" in refused("serve", "echo", TCP, "--", "--workers", "1", "upper", TCP)


def test_an_option_that_does_not_suit_an_address_is_told():
    assert "nodelay" in refused("serve", "-o", "nodelay", "echo", "udp://127.0.0.1:0")


def test_more_clients_than_descriptors_allow_is_an_error_of_usage():
    sentence = refused("serve", "--max-clients", "1000000000", "echo", TCP)
    assert "RLIMIT_NOFILE" in sentence and "ulimit -n" in sentence


def test_a_congestion_control_that_the_system_lacks_is_told():
    done = run("serve", "--congestion", "nosuch", "echo", TCP)
    assert done.returncode != 0 and done.stdout == ""
    assert "congestion" in done.stderr


# -- Words -----------------------------------------------------------------------------


@pytest.mark.parametrize("written, meant", [("ecoh", "echo"), ("uper", "upper"), ("chragen", "chargen"),
                                            ("day", "daytime"), ("disc", "discard"), ("xyzzyplugh", None)])
def test_the_nearest_service_is_named(written, meant):
    sentence = refused("serve", written)
    assert f"no service '{written}'" in sentence
    assert sentence.endswith(f"did you mean {meant}?") == (meant is not None)


def test_the_nearest_verb_is_named():
    assert refused("sevre", "echo").endswith("did you mean serve?")
    assert refused("echo").endswith("did you mean serve echo?")
    assert "no verb" in refused("xyzzyplugh")


@pytest.mark.parametrize("arguments, part", [
    ([], "no verb named"),
    (["serve"], "no service named"),
    (["serve", "--"], "no service before --"),
    (["serve", "echo", "--"], "no service named"),
    (["serve", "echo", TCP, "--", "--", "upper"], "no service before --"),
    (["serve", TCP, "echo"], "the service stands before its addresses"),
    (["serve", "echo", "upper"], "a second service: write -- before it"),
    (["serve", "echo", "tcp://127.0.0.1:7001", "tcp://127.0.0.1:7001"], "echo is served there already"),
    (["serve", "accept", "udp://127.0.0.1:0"], "serve it at tcp or unix"),
    (["serve", "chargen", "udp://:0"], "loopback only"),
    (["serve", "chargen", "udp://192.0.2.1:0"], "loopback only"),
])
def test_a_slip_is_told_with_its_remedy(arguments, part):
    assert part in refused(*arguments)


@pytest.mark.parametrize("address", [
    "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:7x", "127.1:7", "0x7f.1:7", "[::1]", "[::1:7",
    "::1:7", "tcp://", "tcp://127.0.0.1", "http://127.0.0.1:80", "tcp:/127.0.0.1:7", "tcp://127.0.0.1:-1",
    "tcp://[::1]:7:8", "tcp://a b:7", "unix-dgram", "fd:", "fd:-1", "fd:x", "vsock:x:1", "unix:" + "a" * 200,
])
def test_an_address_that_is_none_is_told(address):
    sentence = refused("serve", "echo", address)
    assert address[:20] in sentence


def test_bytes_of_the_command_line_are_shown_without_harm():
    sentence = refused("serve", b"\x1b[31mecho\xff".decode(errors="surrogateescape"))
    assert "\x1b" not in sentence and "no service '?[31mecho?'" in sentence


def test_an_unknown_host_is_exit_3():
    done = run("serve", "echo", "tcp://no-such-host.invalid:7")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no-such-host.invalid" in done.stderr


def test_a_port_that_needs_privilege_is_exit_8():
    if os.geteuid() == 0:
        under = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"]
    else:
        under = []
    low = int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read())
    if low < 8:
        pytest.skip("every port is free for all here")
    done = run("serve", "echo", "tcp://127.0.0.1:7", under=under)
    assert (done.returncode, done.stdout) == (8, "")
    assert "server tcp://127.0.0.1:7: Permission denied" in done.stderr


def test_an_address_that_is_not_of_this_machine_is_exit_1():
    done = run("serve", "echo", "tcp://192.0.2.1:7")
    assert (done.returncode, done.stdout) == (1, "")
    assert "tcp://192.0.2.1:7: Cannot assign requested address" in done.stderr


def test_a_failure_in_json_is_a_line_of_json():
    done = run("serve", "--json", "echo", "tcp://192.0.2.1:7")
    told = json.loads(done.stderr)
    assert done.returncode == 1 and done.stdout == ""
    assert (told["event"], told["code"]) == ("failed", 1)
    assert told["why"].startswith("server tcp://192.0.2.1:7: ")
