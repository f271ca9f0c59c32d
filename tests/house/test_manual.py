# SPDX-License-Identifier: MIT
"""The manual is well formed, installed, and its programs compile, as do README's."""
import re

import pytest
from conftest import ROOT, out, short

PAGES = sorted((ROOT / "man").glob("*.[0-9]"))
README = ROOT / "README.md"


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_a_page_is_well_formed(page):
    assert out("mandoc", "-T", "lint", "-W", "warning", page) == ""


def test_there_is_a_manual():
    assert (ROOT / "man/sock.3").exists()


def test_every_page_is_installed():
    listed = (ROOT / "man/meson.build").read_text()
    assert [page.name for page in PAGES if f"'{page.name}'" not in listed] == []


def programs():
    text = README.read_text() if README.exists() else ""
    return [block for block in re.findall(r"^```c\n(.*?)^```", text, flags=re.M | re.S) if "int main" in block]


@pytest.mark.parametrize("number", range(len(programs())))
def test_a_program_of_the_readme_compiles(number):
    text = programs()[number]
    if "#include" not in text:
        text = "#include <sockeye.h>\n#include <stdio.h>\n#include <string.h>\n" + text
    out("gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}/include", "-xc", "-",
        input=text)
