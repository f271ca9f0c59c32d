# SPDX-License-Identifier: MIT
r"""The examples of the command's manual run as they stand and print what the page shows.

A block behind a comment \" example: NAME is given to a shell, with the built
command first in PATH; it must end by itself, with 0, and leave neither process
nor file. What it prints is the block behind \" prints: NAME, in which "..."
stands for what differs each time, and spaces for any number of them.
"""
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SOCKEYE_BUILD", ROOT / "build")).resolve()
PAGES = sorted(path for section in "15" for path in (ROOT / "man").glob(f"*.{section}"))
LIMIT = 60
MOMENT = 1
OURS = ("LISTEN_", "NOTIFY_SOCKET", "SOCKEYE_TRACE", "NO_COLOR")


def plain(block):
    """A literal block as a reader sees it."""
    text = re.sub(r"\\\[u([0-9A-F]{4})\]", lambda match: chr(int(match.group(1), 16)), block)
    return text.replace(r"\&", "").replace(r"\e", "\\")


def blocks(page, kind):
    """Name -> text of the blocks that are marked so."""
    found = re.findall(rf'^\.\\" {kind}: (\S+)\n\.Bd -literal.*\n((?:.*\n)*?)\.Ed\n', page.read_text(), flags=re.M)
    return {name: plain(text) for name, text in found}


EXAMPLES = [(page, name) for page in PAGES for name in blocks(page, "example")]
NAMES = [f"{page.name}-{name}" for page, name in EXAMPLES]


def pattern(shown):
    """What may be printed, given what the page shows."""
    def words(text):
        return r"[ \t]+".join(map(re.escape, re.split(r"[ \t]+", text)))
    lines = shown.rstrip("\n").split("\n")
    return "\n".join(".*".join(map(words, line.split("..."))) for line in lines) + "\n?"


@pytest.fixture
def home(tmp_path):
    """A folder whose path leaves room for the name of a socket, empty again after the test."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sockeye-"))
    yield folder
    left = [path.rename(tmp_path / path.name).name for path in folder.iterdir()]
    folder.rmdir()
    assert left == []


def members(group):
    """The processes of a group that have not ended; one that nobody has waited for yet has."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


def goes_on(pid):
    """What is on its way out is let go."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            return not select.select([handle], [], [], MOMENT)[0]
        finally:
            os.close(handle)
    return False


def leftovers(group):
    """End what an example has left running. Was there anything?"""
    left = [pid for pid in members(group) if goes_on(pid)]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    return left != []


def run(script, home):
    """Exit code and output of a script, both streams in their order."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    env.update(PATH=f"{BUILD / 'src/cmd'}:{env['PATH']}", TMPDIR=str(home), LC_ALL="C.UTF-8")
    with subprocess.Popen(["sh", "-e", "-c", script], cwd=home, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True) as shell:
        try:
            printed, _ = shell.communicate(timeout=LIMIT)
        finally:
            left = leftovers(shell.pid)
    assert not left, f"a process went on after the example:\n{printed}"
    return shell.returncode, printed


@pytest.mark.parametrize("page, name", EXAMPLES, ids=NAMES)
def test_an_example_runs_as_it_stands_and_prints_what_is_shown(page, name, home):
    code, printed = run(blocks(page, "example")[name], home)
    shown = blocks(page, "prints").get(name, "")
    assert code == 0, printed
    assert re.fullmatch(pattern(shown), printed), f"the page shows:\n{shown}\nand it printed:\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_the_examples_is_run_or_compared(page):
    part = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh ", page.read_text(), flags=re.M | re.S).group(1)
    examples, prints = blocks(page, "example"), blocks(page, "prints")
    assert examples and part.count("\n.Bd") == len(examples) + len(prints)
    assert set(prints) <= set(examples)
    texts = [*examples.values(), *prints.values()]
    assert [text for text in texts if re.search(r"\\[\[(-]", text)] == [], "roff that plain() does not know"
