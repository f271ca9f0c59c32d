# SPDX-License-Identifier: MIT
"""The manual is well formed, installed, and its programs compile, as do README's."""
import re

import pytest
from conftest import BUILD, ROOT, out, short

PAGES = sorted((ROOT / "man").glob("*.[0-9]"))
README = ROOT / "README.md"
COMMAND = BUILD / "src/cmd/sockeye"


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


def test_every_page_of_the_library_has_an_example():
    """Those of the command are run: tests/cli."""
    assert {page for page, _ in EXAMPLES_OF} == {page for page in PAGES if page.suffix == ".3"}


@pytest.mark.parametrize("page, number", EXAMPLES_OF, ids=str)
def test_an_example_of_the_manual_compiles(page, number):
    out("gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}/include", "-xc", "-",
        input=examples(page)[number])


def section(text, title):
    """The part of a help text under its title, as lines."""
    return re.search(rf"^{re.escape(title)}:\n((?:.+\n?)*)", text, flags=re.M).group(1).splitlines()


def options_told(verb):
    """Group -> {(letter, name, value)} of --help."""
    text = out(COMMAND, verb, "--help")
    row = re.compile(r"^  (?:-(\w), |    )--([\w-]+) ?(\S*)", flags=re.M)
    told = {title: row.findall("\n".join(section(text, title))) for title in re.findall(r"^(\S.*):$", text, flags=re.M)}
    return {title: set(rows) for title, rows in told.items() if rows}


def option_of(line):
    """(letter, name, value) of the .It that begins an option."""
    names = re.findall(r"\bFl ([A-Za-z0-9](?= )|Fl [\w-]+)", line)
    rest = re.sub(r"^\.It |\bFl [A-Za-z0-9](?= )|\bFl Fl [\w-]+|\b(Ar|Cm|Ns) |[ ,]", "", line)
    letters = [name for name in names if len(name) == 1]
    return letters[0] if letters else "", names[-1].removeprefix("Fl "), rest


def options_of(page):
    """The same of a manual page, whose subsections under OPTIONS are the groups."""
    part = re.search(r"^\.Sh OPTIONS\n(.*?)^\.Sh ", page.read_text(), flags=re.M | re.S).group(1)
    groups = re.findall(r"^\.Ss (.*)\n((?:(?!\.Ss ).*\n)*)", part, flags=re.M)
    return {title: {option_of(line) for line in re.findall(r"^\.It Fl .*", text, flags=re.M)} for title, text in groups}


@pytest.mark.parametrize("page", [page for page in PAGES if page.name.startswith("sockeye-") and page.suffix == ".1"],
                         ids=short)
def test_a_verb_has_the_options_that_its_page_has(page):
    told = options_told(page.stem.removeprefix("sockeye-"))
    assert told and options_of(page) == told


def items(page, title):
    """First word -> text of the list that follows a heading."""
    text = (ROOT / "man" / page).read_text()
    part = re.search(rf"^\.S[hs] {title}\n((?:(?!\.S[hs] ).*\n)*)", text, flags=re.M).group(1)
    rows = re.search(r"^\.Bl -tag.*\n((?:(?!\.El).*\n)*)", part, flags=re.M).group(1)
    texts = [item.splitlines() for item in rows.split(".It ")[1:]]
    return {lines[0].removeprefix("Cm "): " ".join(lines[1:]) for lines in texts}


def test_the_pages_tell_the_verbs_and_exit_codes_that_help_tells():
    text = out(COMMAND, "--help")
    rows = [re.match(r"  (\S+) +(.*)", line).groups() for line in section(text, "Exit codes")]
    assert items("sockeye.1", "EXIT STATUS") == dict(rows)
    verbs = [line.split()[0] for line in section(text, "Verbs") if line[2] != " "]
    assert list(items("sockeye.1", "DESCRIPTION")) == verbs


def test_every_counter_is_explained_as_the_statistics_explain_it():
    rows = re.findall(r'^\tof_\w+\((\w+), "(.*)"\)', (ROOT / "src/engine/engine.h").read_text(), flags=re.M)
    told = items("sockeye-serve.1", "Statistics")
    assert len(rows) > 20 and list(told) == [name for name, _ in rows]
    assert [name for name, about in rows if not told[name].startswith(about)] == []


def test_every_service_is_told_with_its_port():
    rows = re.findall(r"^  (\w+) +port (\d+)", out(COMMAND, "serve", "--help"), flags=re.M)
    text = (ROOT / "man/sockeye-services.5").read_text()
    assert rows and re.findall(r"^\.It Cm (\w+) Ta (\d+) Ta", text, flags=re.M) == rows
    assert [name for name, _ in rows if f"\n.Ss {name}\n" not in text] == []


TABLE = (ROOT / "docs/from-python.md").read_text()


def test_every_row_of_the_table_from_python_names_a_test_that_exists():
    named = re.findall(r"\b(tests/[\w/.-]+\.(?:c|h|py)): ([a-z]\w+)", TABLE)
    assert len(named) > 100
    assert [(path, claim) for path, claim in named
            if not re.search(rf"\b{claim}\b", (ROOT / path).read_text())] == []


def test_a_name_that_the_table_gives_is_declared():
    declared = "".join(header.read_text() for header in (ROOT / "include").rglob("*.h"))
    assert [name for name in set(re.findall(r"`((?:sock|eye)_\w+)", TABLE)) if name not in declared] == []
