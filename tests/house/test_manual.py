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


def examples(page):
    """Every literal block under EXAMPLES, which is a whole C file."""
    text = page.read_text()
    part = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh ", text, flags=re.M | re.S)
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", part.group(1), flags=re.M | re.S) if part else []
    return [block.replace(r"\e", "\\") for block in blocks if "#include" in block]


EXAMPLES_OF = [(page, number) for page in PAGES for number in range(len(examples(page)))]


def test_every_page_has_an_example():
    assert {page for page, _ in EXAMPLES_OF} == set(PAGES)


@pytest.mark.parametrize("page, number", EXAMPLES_OF, ids=str)
def test_an_example_of_the_manual_compiles(page, number):
    out("gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}/include", "-xc", "-",
        input=examples(page)[number])


TABLE = (ROOT / "docs/from-python.md").read_text()


def test_every_row_of_the_table_from_python_names_a_test_that_exists():
    named = re.findall(r"\b(tests/[\w/.-]+\.(?:c|h|py)): ([a-z]\w+)", TABLE)
    assert len(named) > 100
    assert [(path, claim) for path, claim in named
            if not re.search(rf"\b{claim}\b", (ROOT / path).read_text())] == []


def test_a_name_that_the_table_gives_is_declared():
    declared = "".join(header.read_text() for header in (ROOT / "include").rglob("*.h"))
    assert [name for name in set(re.findall(r"`((?:sock|eye)_\w+)", TABLE)) if name not in declared] == []
