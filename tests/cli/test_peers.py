# SPDX-License-Identifier: MIT
"""Programs that others wrote, and the lectures' own clients, get right answers."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import BUILD, HERE, LIMIT, ROOT, environment

TWINS = ROOT / "tests/lectures/twins"
TEXT = "héllo, wörld\n"
ANSWERS = {"echo": TEXT, "upper": TEXT.upper(), "hello": "Hello world!"}
PLACES = {"IPv4": "tcp://127.0.0.1:0", "IPv6": "tcp://[::1]:0", "Unix": "unix:{folder}/{service}"}

# What each program is called with; {host} is bare, {url} as it stands in a URL.
RELAY = ("exec 3<>/dev/tcp/{host}/{port}; IFS= read -r line; printf '%s\\n' \"$line\" >&3; "
         "exec head -c {n} <&3")
PEERS = {
    "nc": (["nc", "-N", "{host}", "{port}"], ["nc", "-N", "-U", "{path}"]),
    "ncat": (["ncat", "{host}", "{port}"], ["ncat", "-U", "{path}"]),
    "socat": (["socat", "-t60", "-", "TCP:{url}:{port}"], ["socat", "-t60", "-", "UNIX-CONNECT:{path}"]),
    "bash": (["bash", "-c", RELAY], None),
    "curl": (["curl", "-sSN", "telnet://{url}:{port}"], None),
    "node": (["node", "{here}/peers/client.js", "{host}", "{port}"], ["node", "{here}/peers/client.js", "{path}"]),
    "go": (["{go}", "tcp", "{url}:{port}"], ["{go}", "unix", "{path}"]),
}
ENDLESS = {"curl"}      # it cannot say its end and go on listening


def go_client():
    """The client in Go, compiled when it is not there or older than its source."""
    source, made = HERE / "peers/client.go", BUILD / "tests/cli/go-client"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["go", "build", "-o", str(made), str(source)], capture_output=True, text=True,
                              timeout=2 * LIMIT, cwd=made.parent, stdin=subprocess.DEVNULL,
                              env={**os.environ, "GOCACHE": str(made.parent / "go-cache"), "GO111MODULE": "off",
                                   "GOFLAGS": "", "GOTOOLCHAIN": "local"})
        if done.returncode:
            pytest.skip(f"go does not compile here: {done.stderr.strip()}")
    return str(made)


def names(server, i):
    """What stands for the i-th address in a command line."""
    address = server.address(i)
    if isinstance(address, str):
        return {"path": address, "here": HERE}
    host, port = address
    return {"host": host, "url": f"[{host}]" if ":" in host else host, "port": port, "here": HERE}


def converse(argv, said, expected, ends):
    """Say it, hear exactly the answer, and let it end by itself."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment()) as process:
        try:
            process.stdin.write(said)
            process.stdin.flush()
            heard = process.stdout.read(len(expected))
            assert heard == expected
            if not ends:
                process.kill()
                process.communicate()
                return
            left, complaint = process.communicate(timeout=LIMIT)
            assert (left, complaint, process.returncode) == (b"", b"", 0)
        finally:
            process.kill()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("peer", PEERS)
def test_a_program_gets_right_answers(serve, tmp_path, peer, place):
    argv = PEERS[peer][place == "Unix"]
    if not shutil.which(peer):
        pytest.skip(f"{peer} is not installed")
    if not argv:
        pytest.skip(f"{peer} knows no Unix sockets")
    line = []
    for service in ANSWERS:
        line += ["--"] * bool(line) + [service, PLACES[place].format(folder=tmp_path, service=service)]
    server = serve(*line)
    more = {"go": go_client()} if peer == "go" else {}
    for i, answer in enumerate(ANSWERS.values()):
        called = [part.format(**names(server, i), n=len(answer.encode()), **more) for part in argv]
        converse(called, TEXT.encode(), answer.encode(), peer not in ENDLESS)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_nc_gets_right_answers_in_datagrams(serve, host):
    if not shutil.which("nc"):
        pytest.skip("nc is not installed")
    server = serve("upper", f"udp://{host}:0")
    argv = ["nc", "-u", "-W", "1", host.strip("[]"), str(server.port())]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(TEXT.encode())
        process.stdin.flush()
        assert process.stdout.read() == TEXT.upper().encode()       # it ends after one datagram
        process.stdin.close()
        assert process.wait(LIMIT) == 0


# -- The lectures' clients ----------------------------------------------------------------

PROMPT = "Input lowercase sentence:"
LECTURES = [
    ("tcp-echo-client", "echo", "Received b'Hello, world'\n", ""),
    ("udp-echo-client", "echo", "Sending message to server\nReceived (b'Hello, world', {where})\n", ""),
    ("lab-echo-client", "echo", "Hello, echo server!\n", ""),
    ("tcp-upper-client", "upper", PROMPT + "From Server: HÉLLO, WÖRLD\n", ""),
    ("udp-upper-client", "upper", PROMPT + "HÉLLO, WÖRLD\n", ""),
    ("tcp-hello-client", "hello", "Hello world!\n", r"says b'Hello world!'"),
    ("udp-hello-client", "hello", "Message from: {where}\nHello world!\n", r"^Message from: .*: b'Hello world!'$"),
    ("connect-client", "accept", "", r"^Connection from \('127\.0\.0\.1', \d+\) has been established\.$"),
]


@pytest.mark.parametrize("kind", ["c", "python"])
@pytest.mark.parametrize("name, service, said, shown", LECTURES, ids=[lecture[0] for lecture in LECTURES])
def test_a_lectures_client_gets_right_answers(serve, name, service, said, shown, kind):
    server = serve(service, f"{'udp' if name.startswith('udp') else 'tcp'}://127.0.0.1:0")
    argv = [str(BUILD / "examples" / name)] if kind == "c" else [sys.executable, str(TWINS / f"{name}.py")]
    if not pathlib.Path(argv[-1]).exists():
        pytest.fail(f"not built: {argv[-1]} (SOCKEYE_BUILD names the build folder)")
    done = subprocess.run([*argv, "127.0.0.1:%d" % server.port()], input=TEXT, capture_output=True, text=True,
                          timeout=LIMIT, env=environment(PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == said.format(where=server.address())
    if shown:
        server.wait_text(shown)
