# SPDX-License-Identifier: MIT
"""The examples as texts: whole, short, and on the public headers alone."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PAIRS = ("tcp-echo", "udp-echo", "tcp-upper", "udp-upper", "greet", "lab-echo", "tcp-hello",
         "udp-hello", "steps")
NAMES = sorted([f"{pair}-{role}" for pair in PAIRS for role in ("client", "server")] +
               ["accept-server", "connect-client"])
LIBC = {"stdio.h", "string.h"}
LONGEST = 20


def code_lines(text):
    """The lines from main on, without comments, blank lines and lone braces."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = text[text.index("int main("):]
    return [line for line in body.splitlines() if line.strip(" \t{}")]


def test_every_program_of_the_lectures_has_an_example_and_a_twin():
    assert sorted(p.stem for p in (ROOT / "examples").glob("*.c")) == NAMES
    assert sorted(p.stem for p in (HERE / "twins").glob("*-*.py")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_uses_public_headers_alone(name):
    text = (ROOT / "examples" / f"{name}.c").read_text()
    assert len(code_lines(text)) <= LONGEST
    headers = set(re.findall(r"#include <(.*)>", text))
    assert text.count("#include") == len(headers)
    assert all(h in LIBC or (ROOT / "include" / h).exists() for h in headers)
    assert text.startswith("/* SPDX-License-Identifier: MIT */\n/*")
    assert "int main(int argc, char **argv)\n{" in text
    assert not re.search(r"^ +\S(?<!\*)", text, re.M), "indented with spaces"
    assert max(len(line.expandtabs(8)) for line in text.splitlines()) <= 100
