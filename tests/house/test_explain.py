# SPDX-License-Identifier: MIT
"""Every kind of note has its place in the manual of trace."""
import re

from conftest import ROOT

KINDS = ROOT / "src/eye/explain-kind.c"
PAGE = ROOT / "man/sockeye-trace.1"


def kinds():
    return re.findall(r'^\t\{ "([a-z0-9-]+)", "', KINDS.read_text(), re.M)


def test_there_are_kinds():
    assert len(kinds()) == len(set(kinds())) > 20


def test_every_kind_of_note_is_told_in_the_manual():
    page = PAGE.read_text()
    assert [name for name in kinds() if f".It Li {name}\n" not in page] == []
