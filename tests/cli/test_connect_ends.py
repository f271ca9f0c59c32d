# SPDX-License-Identifier: MIT
"""Who ends how: connect against programs that others wrote, each as its client and as its server.

Whatever one side has said arrives whole at the other, and connect ends by
itself. Peers that tell their end (FIN) need nothing; of those that do not, the
end is ours, or silence. What a peer itself does wrong is shown at the end.
"""
import itertools
import os
import random
import shutil
import subprocess

import pytest
from conftest import HERE, LIMIT
from fault import SOAK, place, sized
from talks import MIB, digest, pieces, talk  # noqa: F401

NODE, PYTHON = ["node", HERE / "peers/ends.js"], ["/usr/bin/python3", HERE / "peers/ends.py"]
BASH = ["bash", "-c", "exec 3<>/dev/tcp/{host}/{port}; cat >&3; exec cat <&3"]

# As a client and as a server; None where it cannot be that.
TELL_THEIR_END = {
    "nc -N": (["nc", "-N", "{host}", "{port}"], ["nc", "-N", "-l", "{host}", "{port}"]),
    "nc -q1": (["nc", "-q1", "{host}", "{port}"], None),        # as a server it hears nothing then: see below
    "ncat": (["ncat", "{host}", "{port}"], ["ncat", "-l", "{host}", "{port}"]),
    "socat": (["socat", "-", "TCP:{host}:{port}"], ["socat", "-", "TCP-LISTEN:{port},bind={host}"]),
    "socat -t": (["socat", "-t60", "-", "TCP:{host}:{port}"], ["socat", "-t60", "-", "TCP-LISTEN:{port},bind={host}"]),
    "node half": ([*NODE, "call", "half", "{host}", "{port}"], [*NODE, "listen", "half", "{host}", "{port}"]),
    "node whole": ([*NODE, "call", "whole", "{host}", "{port}"], [*NODE, "listen", "whole", "{host}", "{port}"]),
    "python": ([*PYTHON, "call", "{host}", "{port}"], [*PYTHON, "listen", "{host}", "{port}"]),
}
KEEP_THEIR_END = {
    "nc": (["nc", "{host}", "{port}"], ["nc", "-l", "{host}", "{port}"]),
    "ncat --no-shutdown": (["ncat", "--no-shutdown", "{host}", "{port}"],
                           ["ncat", "--no-shutdown", "-l", "{host}", "{port}"]),
    "bash": (BASH, None),
}
SIZES = [0, 1, 65535, 65536, MIB]
GIB = 1024 * MIB
ROUNDS = sized(3, 200)
WAYS = [("file", "pipe"), ("pipe", "file"), ("pipe", "pipe")]       # what we say comes so, and goes so


def roles(peers):
    """(peer, role) of all that can be."""
    return [pytest.param(argv, role, id=f"{name}, {role}") for name, both in peers.items()
            for role, argv in zip(("client", "server"), both) if argv]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Path and sum of a file of so many bytes that is said by us, or by them."""
    folder, made = tmp_path_factory.mktemp("said"), {}

    def get(size, who):
        if (size, who) not in made:
            path = folder / f"{size}-{who}"
            with open(path, "wb") as out:
                out.writelines(pieces(size, who))
            made[size, who] = path, digest(pieces(size, who))
        return made[size, who]

    yield get
    shutil.rmtree(folder)


class Meeting:
    """Ours and theirs, connected: the one that listens was there first."""

    def __init__(self, talk, argv, role, said=None, *options, **ours):
        if not shutil.which(argv[0]):
            pytest.skip(f"{argv[0]} is not installed")
        self.talk, self.argv, self.said = talk, argv, said
        if role == "client":
            self.ours = talk("connect", *options, "--listen", place(), **ours)
            self.theirs = self.start(self.ours.host, self.ours.port)
        else:
            # Calls that find nobody are made again.
            host, port = place().removeprefix("tcp://").removesuffix(":0"), random.randint(9000, 30000)
            self.theirs = self.start(host, port)
            self.ours = talk("connect", *options, "--wait", "30s", f"tcp://{host}:{port}", **ours)

    def start(self, host, port):
        argv = [str(word).format(host=host, port=port) for word in self.argv]
        if self.said is None:
            return self.talk.other(*argv)
        with open(self.said, "rb") as said:
            return self.talk.other(*argv, stdin=said)


def exchange(talk, argv, role, size, files, way, tmp_path):
    (ours, our_sum), (theirs, their_sum) = files(size, "us"), files(size, "them")
    heard = tmp_path / "heard"
    with open(ours, "rb") as said, open(heard, "wb") as out:
        meeting = Meeting(talk, argv, role, theirs, stdin=said if way[0] == "file" else subprocess.PIPE,
                          stdout=out if way[1] == "file" else subprocess.PIPE)
        if way[0] == "pipe":
            shutil.copyfileobj(said, meeting.ours.process.stdin, MIB)
            meeting.ours.end()
    meeting.ours.ends(0)
    assert meeting.theirs.wait() == 0, meeting.theirs.complaint
    assert (meeting.ours.sum if way[1] == "pipe" else sum_of(heard)) == their_sum
    assert meeting.theirs.sum == our_sum
    talk.finish(True)


def sum_of(path):
    with open(path, "rb") as file:
        return digest(iter(lambda: file.read(MIB), b""))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("argv, role", roles(TELL_THEIR_END))
def test_both_ends_are_told_and_all_arrives(talk, argv, role, size, files, tmp_path):
    rounds = sized(1, 20) if "-q1" in argv else ROUNDS      # that one stays for a second more
    for _, way in zip(range(rounds), itertools.cycle(WAYS)):
        exchange(talk, argv, role, size, files, way, tmp_path)


@pytest.mark.skipif(not SOAK, reason="takes long; ./run soak does it")
@pytest.mark.parametrize("argv, role", roles(TELL_THEIR_END))
def test_a_gib_arrives(talk, argv, role, files, tmp_path):
    exchange(talk, argv, role, GIB, files, WAYS[0], tmp_path)


def keep_and_end(talk, argv, role, size, files):
    """All of theirs is here; then our end is theirs too."""
    (ours, our_sum), (theirs, their_sum) = files(size, "us"), files(size, "them")
    meeting = Meeting(talk, argv, role, theirs)
    with open(ours, "rb") as said:
        meeting.ours.feed(iter(lambda: said.read(MIB), b""), end=False)
        meeting.ours.out.wait(lambda: meeting.ours.out.n >= size, f"{size} bytes")
        meeting.ours.speaker.join(LIMIT)
    meeting.ours.end()
    meeting.ours.ends(0)
    assert meeting.theirs.wait() == 0, meeting.theirs.complaint
    assert (meeting.ours.sum, meeting.theirs.sum) == (their_sum, our_sum)
    talk.finish(True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("argv, role", roles(KEEP_THEIR_END))
def test_our_end_ends_who_keeps_its_own(talk, argv, role, size, files):
    for _ in range(ROUNDS):
        keep_and_end(talk, argv, role, size, files)


@pytest.mark.skipif(not SOAK, reason="takes long; ./run soak does it")
@pytest.mark.parametrize("argv, role", roles(KEEP_THEIR_END))
def test_a_gib_arrives_of_who_keeps_its_end(talk, argv, role, files):
    keep_and_end(talk, argv, role, GIB, files)


@pytest.mark.parametrize("argv, role", roles(TELL_THEIR_END | KEEP_THEIR_END))
def test_with_hold_silence_ends_it_and_all_has_arrived(talk, argv, role, files):
    (ours, our_sum), (theirs, their_sum) = files(65536, "us"), files(65536, "them")
    with open(ours, "rb") as said:
        meeting = Meeting(talk, argv, role, theirs, "--hold", "--linger", "1s", stdin=said)
    meeting.ours.ends(0)
    assert meeting.theirs.wait() == 0, meeting.theirs.complaint
    assert (meeting.ours.sum, meeting.theirs.sum) == (their_sum, our_sum)


@pytest.mark.parametrize("argv, role", roles({name: both for name, both in TELL_THEIR_END.items()
                                              if name not in ("node whole", "ncat", "socat")}))
def test_we_may_go_on_when_they_have_ended(talk, argv, role, files):
    (ours, our_sum), (theirs, their_sum) = files(MIB, "us"), files(65536, "them")
    meeting = Meeting(talk, argv, role, theirs, "--linger", "20s")
    meeting.ours.out.take(65536)
    meeting.ours.feed([ours.read_bytes()])
    meeting.ours.ends(0)
    assert meeting.theirs.wait() == 0, meeting.theirs.complaint
    assert (meeting.ours.sum, meeting.theirs.sum) == (their_sum, our_sum)


# -- Between two of ours ------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES + [16 * MIB])
@pytest.mark.parametrize("kind", ["tcp", "tcp6", "unix", "abstract"])
def test_two_of_ours_hear_each_other_whole(talk, kind, size, files, tmp_path):
    where = {"tcp": place(), "tcp6": "tcp://[::1]:0", "unix": f"unix:{tmp_path}/s",
             "abstract": f"unix:@{tmp_path}"}[kind]
    (ours, our_sum), (theirs, their_sum) = files(size, "us"), files(size, "them")
    with open(ours, "rb") as said:
        one = talk("connect", "-l", where, stdin=said)
    two = talk("connect", one.where)
    two.feed(pieces(size, "them"))
    one.ends(0)
    two.ends(0)
    assert (one.sum, two.sum) == (their_sum, our_sum)
    assert os.listdir(tmp_path) == []


# -- What peers do wrong: the manual tells it ----------------------------------------------


def test_curl_writes_255_twice_and_swallows_it_and_never_ends_by_itself(talk):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    ours = talk("connect", "--linger", "500ms", "--listen", place())
    curl = talk.other("curl", "-sSN", f"telnet://{ours.host}:{ours.port}")
    curl.say(b"a\xffb\n")
    assert ours.out.take(5) == b"a\xff\xffb\n"
    ours.say(b"1\xff2\n")
    curl.out.line(b"\n")
    assert b"\xff" not in curl.out.kept
    curl.end()
    ours.say(b"still there\n")
    curl.out.line(b"still there\n")     # its input has ended, and nobody was told
    assert ours.process.poll() is None
    ours.end()
    ours.ends(0)                        # ours is what ends it
    assert curl.wait() == 0


def test_curl_ends_when_we_do_whatever_it_had_to_say(talk):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    ours = talk("connect", "--listen", place())
    curl = talk.other("curl", "-sSN", f"telnet://{ours.host}:{ours.port}")
    curl.say(b"first\n")
    ours.out.take(6)
    ours.end()
    assert curl.wait() == 0             # with its input still open
    ours.ends(0)


def test_socat_ends_half_a_second_after_its_input_unless_it_is_told_otherwise(talk):
    if not shutil.which("socat"):
        pytest.skip("socat is not installed")
    for options, code, heard in [([], 1, b""), (["-t30"], 0, b"a slow reply\n")]:
        ours = talk("connect", "--listen", place())
        with open(os.devnull) as nothing:
            socat = talk.other("socat", *options, "-", f"TCP:{ours.host}:{ours.port}", stdin=nothing)
        if code:
            assert socat.wait() == 0    # though we have not ended
        ours.feed([b"a slow reply\n"])
        ours.ends(code, lambda told: not code or "reset by peer" in told)
        assert socat.said == heard


@pytest.mark.parametrize("size", SIZES)
def test_nc_with_l_and_q_hears_only_what_came_before_its_own_end(talk, size, files):
    (_, our_sum), (_, their_sum) = files(size, "us"), files(size, "them")
    meeting = Meeting(talk, ["nc", "-q1", "-l", "{host}", "{port}"], "server")
    meeting.ours.feed(pieces(size, "us"), end=False)
    meeting.theirs.out.wait(lambda: meeting.theirs.out.n >= size, f"{size} bytes")
    meeting.theirs.feed(pieces(size, "them"))
    meeting.ours.out.wait(lambda: meeting.ours.out.n >= size, f"{size} bytes")
    assert meeting.theirs.wait() == 0, meeting.theirs.complaint
    meeting.ours.say(b"too late\n")
    meeting.ours.end()
    meeting.ours.ends(1, lambda told: told.startswith("sockeye connect: send tcp://127.") and "reset by peer" in told)
    assert (meeting.ours.sum, meeting.theirs.sum) == (their_sum, our_sum)


def test_ncat_drops_its_programs_reply_when_we_end_and_hold_saves_it(talk):
    program = ["ncat", "-l", "{host}", "{port}", "--sh-exec", "cat"]
    for options, expected in [((), b""), (("--hold", "--linger", "1s"), b"hello\n")]:
        meeting = Meeting(talk, program, "server", os.devnull, *options)
        meeting.ours.feed([b"hello\n"])
        meeting.ours.ends(0)
        assert meeting.ours.said == expected
        meeting.theirs.kill()
        meeting.theirs.wait()
