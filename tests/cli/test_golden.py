# SPDX-License-Identifier: MIT
"""Golden ladders: what `sockeye trace --order causal` draws of whole conversations, to the last character.

Each file in golden/ was read line by line and found true before it was kept.
SOCKEYE_GOLDEN=write writes those that differ anew, and the tests fail for it:
read what git then shows. All programs meet in a network of their own, at the
addresses that they have of themselves.
"""
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import BUILD, COMMAND, HERE, LIMIT, ROOT, environment

GOLDEN = HERE / "golden"
TWINS = ROOT / "tests/lectures/twins"
PYTHON = "/usr/bin/python3"
OWN = ["unshare", "--net", "--uts", "--fork", "--kill-child", "sh", "-ec",
       'ip link set lo up; echo 127.0.0.1 > /proc/sys/kernel/hostname; eval "$0"; exec "$@"']
DROPS_EACH_THIRD = """
nft add table inet own
nft 'add chain inet own in { type filter hook input priority 0; }'
nft add rule inet own in udp dport 9000 numgen inc mod 3 0 drop
"""
WAITS = ["--patience", "50s", "--grace", "500ms"]       # so that a server can say its last on a busy machine
PATIENT = ["--grace", "50s"]     # with servers that end by themselves
LOOK = ["--order", "causal", "--no-kernel", "--ascii", "--width", "120"]

pytestmark = pytest.mark.skipif(subprocess.run([*OWN, ":", "true"], capture_output=True, timeout=LIMIT).returncode != 0,
                                reason="no network of one's own")


def trace(*words, setup=":", typed="", **more):
    """What the programs say, and the drawing."""
    done = subprocess.run([*OWN, setup, COMMAND, "trace", *WAITS, *map(str, words)], input=typed, capture_output=True,
                          text=True, timeout=LIMIT, env=environment(PYTHONDONTWRITEBYTECODE="1"), **more)
    assert done.returncode == 0, done
    return done.stdout, done.stderr


def compare(name, drawn):
    file = GOLDEN / f"{name}.txt"
    kept = file.read_text() if file.exists() else ""
    if drawn != kept and os.environ.get("SOCKEYE_GOLDEN") == "write":
        file.write_text(drawn)
    assert drawn == kept


# -- The lectures' conversations -----------------------------------------------------------------

TALKS = {
    "accept": "connect", "greet": "greet", "lab-echo": "lab-echo", "steps": "steps", "tcp-echo": "tcp-echo",
    "tcp-hello": "tcp-hello", "tcp-upper": "tcp-upper", "udp-echo": "udp-echo", "udp-hello": "udp-hello",
    "udp-upper": "udp-upper",
}
ENDS = "steps", "tcp-echo", "tcp-hello", "udp-hello"     # by themselves; the other servers go on for ever
TYPED = "straße\n"
PAIRS = [("c", "c"), ("python", "c"), ("python", "python")]

# Examples that make other calls than their twins, and why. What both draw alike has one ladder.
DIFFERENT = {
    "greet-client": "C reads to the end: a greeting may come in parts",
    "steps-server": "neither closes; at its end C lets go of what is newest first, Python of what is oldest",
    "tcp-hello-client": "C says that it has finished, and reads to the end",
    "tcp-hello-server": "the same; it also closes the connection before the listener",
    "tcp-upper-client": "C says that it has finished, and reads to the end: the answer may be longer than 1024 bytes",
    "tcp-upper-server": "C sends what its converter still holds, here nothing; Python looks up the empty host",
    "udp-upper-server": "Python looks up the empty host",
}


@pytest.fixture
def program(tmp_path):
    """The argv of an example or of a twin, which is named without its ending, so that both are drawn alike."""
    def find(kind, name):
        if kind == "c":
            return [BUILD / "examples" / name]
        link = tmp_path / name
        if not link.exists():
            link.symlink_to(TWINS / f"{name}.py")
        return [PYTHON, link]
    return find


def converse(program, talk, pair, *options):
    names = f"{talk}-server", f"{TALKS[talk]}-client"
    grace = PATIENT if talk in ENDS else []
    return trace(*options, *grace, "--", *program(pair[0], names[0]), "--", *program(pair[1], names[1]), typed=TYPED)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("talk", TALKS)
def test_a_lectures_conversation_is_drawn_like_this(program, talk, pair):
    ends = f"{talk}-server", f"{TALKS[talk]}-client"
    parts = [talk, *(f"{kind}-{end.rpartition('-')[2]}" for kind, end in zip(pair, ends) if end in DIFFERENT)]
    compare("-".join(parts), converse(program, talk, pair, *LOOK)[1])


# -- An example and the original --------------------------------------------------------------------

# Where they part: the first call that differs, in C and in Python.
PARTS = {
    "greet": ("recv(s2) = 0", "close(s2) = 0"),
    "steps": ("close(s3) = 0", "close(s1) = 0"),
    "tcp-hello": ("shutdown(s3, SHUT_WR) = 0", "send(s2) = 12"),
    "tcp-upper": ("bind(s1, 0.0.0.0:A) = 0", 'getaddrinfo("0") = 0'),
    "udp-upper": ("bind(s1, 0.0.0.0:A) = 0", 'getaddrinfo("0") = 0'),
}


@pytest.mark.parametrize("talk", TALKS)
def test_an_example_makes_the_calls_of_its_original(program, tmp_path, talk):
    for kind in "c", "python":
        converse(program, talk, (kind, kind), "-q", "-o", tmp_path / f"{kind}.json")
    done = subprocess.run([COMMAND, "trace", "--diff", "c.json", "python.json"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=LIMIT, env=environment())
    assert (done.returncode, done.stderr) == (int(talk in PARTS), ""), done
    if talk not in PARTS:
        assert "same" in done.stdout
        return
    parted = [re.search(rf"^{kind}\.json:\n  \S+: (.*)$", done.stdout, re.M) for kind in ("c", "python")]
    assert tuple(match and match[1] for match in parted) == PARTS[talk], done.stdout


# -- Other programs ------------------------------------------------------------------------------------


def script(name, *arguments):
    return ["--", PYTHON, HERE / f"golden-{name}.py", *arguments]


def test_curl_gets_a_page_from_http_server(tmp_path):
    (tmp_path / "page").write_text("hello\n")
    place = ["9000", "--bind", "127.0.0.1", "--directory", tmp_path]
    said, drawn = trace(*LOOK, "--", PYTHON, "-m", "http.server", *place,
                        "--", "curl", "-s", "-A", "golden", "http://127.0.0.1:9000/page")
    assert said.endswith("hello\n")
    log, _, drawn = drawn.partition("\n")
    assert re.fullmatch(r'127\.0\.0\.1 - - \[.*\] "GET /page HTTP/1\.1" 200 -', log)
    # The server tells its Python's version: "3.11.2" in the golden ladder.
    head = 193 + len("{}.{}.{}".format(*sys.version_info))
    compare("curl", drawn.replace(f" {head} ", " 199 ").replace(str(head + 6), "205"))


@pytest.mark.skipif("openbsd" not in os.path.realpath(shutil.which("nc") or ""), reason="no nc.openbsd")
def test_nc_talks_to_nc():
    said, drawn = trace(*LOOK, *PATIENT, "--", "nc", "-l", "127.0.0.1", "9000", "--", "nc", "-N", "127.0.0.1", "9000",
                        typed="hello\n")
    assert said == "hello\n"
    compare("nc", drawn)


def test_a_server_forks_for_each_caller():
    compare("fork", trace(*LOOK, *PATIENT, "-f", *script("fork", "2"), *script("calls", "2"))[1])


def test_a_server_has_threads_for_four_callers():
    compare("threads", trace(*LOOK, *PATIENT, *script("threads", "4"), *4 * script("calls", "1"))[1])


def test_asyncio_serves_two():
    compare("asyncio", trace(*LOOK, *script("asyncio"), *script("calls", "2"))[1])


def test_one_thread_serves_a_hundred():
    compare("epoll", trace(*LOOK, *script("epoll"), *script("calls", "100"))[1])


@pytest.mark.skipif(not shutil.which("nft"), reason="no nft")
def test_each_third_datagram_is_lost():
    drawn = trace(*LOOK, *PATIENT, *script("take"), *script("give"), setup=DROPS_EACH_THIRD)[1]
    assert re.findall(r"\+ sendto\(s2\) = (\d+)", "".join(filter(lambda line: "lost" in line, drawn.split("\n")))) \
        == ["10", "40", "70"]
    compare("lost", drawn)
