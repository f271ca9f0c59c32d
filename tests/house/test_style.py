# SPDX-License-Identifier: MIT
"""What CONTRIBUTING.md asks of the code, as far as a program can see it."""
import re

import pytest
from conftest import EXAMPLES, HEADERS, SOURCES, TESTS, bare, short

C_TESTS = [path for path in TESTS if path.suffix in (".c", ".h")]
ALL = HEADERS + SOURCES + EXAMPLES + C_TESTS
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "gets", "gethostbyname", "atoi",
          "inet_ntoa", "signal", "select", "alloca", "assert")
WIDTH, USUAL_WIDTH, BODY, USUAL_BODY, FILE = 120, 100, 60, 35, 450


def bodies(path):
    """(first line, how many lines) of each function body: from { to } at the left edge."""
    start = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number - start - 1
            start = None


def width(line):
    return len(line.expandtabs(8))


@pytest.mark.parametrize("path", ALL, ids=short)
def test_calls_that_invite_mistakes_are_not_used(path):
    names = set(BANNED) - ({"signal"} if path in C_TESTS else set())    # a test may put a default back
    banned = re.compile(rf"(?<![\w.>])({'|'.join(names)})\s*\(")
    assert banned.findall(bare(path.read_text())) == []


@pytest.mark.parametrize("path", ALL, ids=short)
def test_a_file_says_its_licence_and_what_it_is(path):
    first, second = path.read_text().splitlines()[:2]
    assert first == "/* SPDX-License-Identifier: MIT */"
    assert second.startswith("/*")


@pytest.mark.parametrize("path", ALL, ids=short)
def test_no_body_is_long(path):
    assert [(start, n) for start, n in bodies(path) if n > BODY] == []


def test_nine_bodies_in_ten_are_short():
    lengths = sorted(n for path in SOURCES for _, n in bodies(path))
    assert lengths and lengths[len(lengths) * 9 // 10] <= USUAL_BODY


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_no_file_is_long(path):
    assert len(path.read_text().splitlines()) <= FILE


@pytest.mark.parametrize("path", ALL, ids=short)
def test_lines_are_tidy(path):
    text = path.read_text()
    lines = text.splitlines()
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert [n for n, line in enumerate(lines, 1) if line != line.rstrip()] == []
    assert [n for n, line in enumerate(lines, 1) if width(line) > WIDTH] == []


def test_nearly_all_lines_fit_a_usual_window():
    lines = [line for path in ALL for line in path.read_text().splitlines()]
    assert sum(width(line) > USUAL_WIDTH for line in lines) <= len(lines) // 50


def test_no_struct_has_a_typedef():
    named = re.compile(r"\btypedef\s+(struct|union|enum)\b\s*\w*\s*(\{|\w+\s*;)")
    assert [short(path) for path in ALL if named.search(bare(path.read_text()))] == []


def test_every_source_is_in_the_build():
    missing = []
    for path in [*SOURCES, *EXAMPLES, *C_TESTS]:
        listed = (path.parent / "meson.build")
        if path.suffix == ".c" and f"'{path.name}'" not in listed.read_text():
            missing.append(short(path))
    assert missing == []
