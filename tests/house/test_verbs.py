# SPDX-License-Identifier: MIT
"""Every verb of the command has its page, and each of its options a test."""
import re

import pytest
from conftest import BUILD, ROOT, out

COMMAND = BUILD / "src/cmd/sockeye"
VERBS = re.findall(r"&verb_(\w+)", (ROOT / "src/cmd/verb-list.c").read_text())


def options_of(verb):
    """(letter, name) of each option that the help lists."""
    return re.findall(r"^  (?:-(\w), |    )--([\w-]+)", out(COMMAND, verb, "--help"), flags=re.M)


def said_of(verb):
    """What the tests of a verb say: those of its name, the first verb's, and those of the clients at a terminal."""
    names = [f"test_{verb}*.py", *{"serve": ["test_options.py"], "connect": ["test_terminal.py"],
                                   "send": ["test_terminal.py"]}.get(verb, [])]
    return "\n".join(path.read_text() for name in names for path in sorted((ROOT / "tests/cli").glob(name)))


def is_exercised(letter, name, text):
    if letter and re.search(rf'"-\w*{letter}[\w=.]*"', text):
        return True
    return re.search(rf'"(?:--)?{name}["=:\s]', text) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_each_option_is_exercised_by_a_test(verb):
    told = options_of(verb)
    text = said_of(verb)
    known = [name for letter, name in told if name == "help" or is_exercised(letter, name, text)]
    assert told and known == [name for _, name in told]         # help has a test of all verbs


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_a_page_that_is_installed(verb):
    assert (ROOT / f"man/sockeye-{verb}.1").exists()
    assert f"'sockeye-{verb}.1'" in (ROOT / "man/meson.build").read_text()


def test_an_option_without_a_test_is_seen():
    assert is_exercised("v", "verbose", 'run("connect", "-v", where)')
    assert is_exercised("", "linger", 'run("connect", "--linger", "1s")')
    assert is_exercised("", "linger", 'RIGHT = {"linger": ["1s"]}')
    assert not is_exercised("", "linger", 'run("connect", where)')
    assert not is_exercised("x", "hex", 'run("connect", "-v", where)')
