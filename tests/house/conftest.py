# SPDX-License-Identifier: MIT
"""The house's rules, held by tests. SOCKEYE_BUILD names the build folder to look at."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SOCKEYE_BUILD", ROOT / "build")).resolve()
HEADERS = sorted((ROOT / "include").rglob("*.h"))
SOURCES = sorted((ROOT / "src").rglob("*.[ch]"))
EXAMPLES = sorted((ROOT / "examples").glob("*.c"))
TESTS = sorted(path for kind in ("*.c", "*.h", "*.py") for path in (ROOT / "tests").rglob(kind))
LIMIT = 120


def short(path):
    return str(path.relative_to(ROOT))


def out(*argv, **more):
    """What a command prints; it must end well and in time."""
    done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True,
                          timeout=LIMIT, **more)
    assert done.returncode == 0, f"{' '.join(map(str, argv))}\n{done.stdout}{done.stderr}"
    return done.stdout


def bare(text):
    """C without its comments and the insides of its strings; lines stay where they are."""
    def blank(match):
        found = match.group(0)
        return '""' if found[0] == '"' else "\n" * found.count("\n") if found[0] == "/" else found
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)
