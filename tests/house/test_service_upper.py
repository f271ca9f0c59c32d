# SPDX-License-Identifier: MIT
"""The service upper against Python, for any bytes, each policy, any cuts of a stream and any room."""
import os
import random
import struct
import subprocess

import pytest
from conftest import BUILD, LIMIT
from test_upper import mixed

FILTER = BUILD / "tests/house/service-filter"
INPUTS, BATCH = 10_000_000 if os.environ.get("SOCKEYE_SOAK") else 200_000, 50_000
POLICIES = ["pass", "replace", "close"]
NO_REPLY = 2**32 - 1

# Bytes at which something ends or begins: of leads, of what may follow them, and letters that grow.
EDGES = b"az\x7f\x80\x8f\x90\x9f\xa0\xa8\xbf\xc0\xc1\xc2\xc3\xce\xd1\xdf\xe0\xe1\xe2\xed\xef\xf0\xf3\xf4\xf5\xff"


def strictly(data):
    """What comes before the first wrong byte, and whether there is one."""
    try:
        return data.decode().upper().encode(), False
    except UnicodeDecodeError as error:
        return data[:error.start].decode().upper().encode(), True


def python_answer(policy, datagram, data):
    """The oracle: (notes, answer); None where a datagram has no reply."""
    if policy == "close":
        answer, wrong = strictly(data)
        return int(wrong), None if wrong and datagram else answer
    errors = "surrogateescape" if policy == "pass" else "replace"
    return 0, data.decode(errors=errors).upper().encode(errors="surrogateescape")


def packed(notes, answer):
    return struct.pack("<BI", notes, NO_REPLY if answer is None else len(answer)) + (answer or b"")


def request(policy, datagram, seed, data):
    return struct.pack("<IBcH", len(data), POLICIES.index(policy), b"d" if datagram else b"s", seed) + data


def our_answers(requests):
    done = subprocess.run([FILTER], input=b"".join(requests), capture_output=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(policy, cases):
    """Compare the answers to (datagram, seed, data)."""
    ours = our_answers(request(policy, *case) for case in cases)
    theirs = [packed(*python_answer(policy, datagram, data)) for datagram, _, data in cases]
    if ours == b"".join(theirs):
        return
    at = 0
    for case, answer in zip(cases, theirs):
        assert (case, ours[at:at + len(answer)]) == (case, answer)
        at += len(answer)
    pytest.fail("more was answered than was asked")


def soups(source):
    """Long texts of each kind; an input is a slice of one, so that it begins and ends anywhere."""
    return [mixed(source, 100_000), mixed(source, 100_000, 0.003), mixed(source, 100_000, 0.1),
            bytes(source.choices(EDGES, k=200_000)), source.randbytes(200_000)]


def inputs(source, count):
    texts = soups(source)
    for _ in range(count):
        text, chance = source.choice(texts), source.random()
        size = int(chance * 40) if chance < 0.95 else int(chance * 300) if chance < 0.995 else 3000
        at = int(source.random() * (len(text) - size))
        yield source.random() < 0.3, source.getrandbits(16), text[at:at + size]


@pytest.mark.parametrize("policy", POLICIES)
def test_random_bytes_are_answered_as_python_does(policy):
    source = random.Random(policy)
    for _ in range(INPUTS // BATCH):
        check(policy, list(inputs(source, BATCH)))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_pair_of_edges_is_answered_as_python_does(policy):
    """Also in two calls, and at the end of text that is looked at in blocks."""
    pairs = [bytes((a, b)) for a in EDGES for b in EDGES]
    check(policy, [(datagram, seed, front + pair + back) for pair in pairs for datagram in (True, False)
                   for front in (b"", b"\xf0\x90", b"text " * 20) for back in (b"", b"\xa8", b"z" * 70)
                   for seed in ((0,) if datagram else (1, 2, 3))])
