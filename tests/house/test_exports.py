# SPDX-License-Identifier: MIT
"""What the libraries show of themselves, what they need, and that all of it is told and tested."""
import re
import shutil

import pytest
from conftest import BUILD, ROOT, TESTS, out

SHARED = BUILD / "src/libsockeye.so"
STATIC = BUILD / "src/libsockeye.a"


def names(*argv):
    """Symbols by nm(1), without the version's own."""
    lines = [line.split() for line in out("nm", "--defined-only", *argv).splitlines()]
    return {words[2].split("@")[0] for words in lines if len(words) == 3 and words[1] != "A"}


def exported():
    return sorted(names("-D", SHARED)) if SHARED.exists() else []


def words(paths):
    return set(re.findall(r"\w+", "\n".join(path.read_text() for path in paths)))


@pytest.fixture(scope="module")
def told():
    pages = "\n".join(path.read_text() for path in (ROOT / "man").glob("*.3"))
    return set(re.findall(r'^\.(?:Nm|Fn|Fo)\s+"?(\w+)', pages, flags=re.M))


@pytest.fixture(scope="module")
def tested():
    return words(TESTS)


def test_the_libraries_are_built():
    assert SHARED.exists() and STATIC.exists() and exported()


def test_only_the_public_names_are_exported():
    assert [name for name in exported() if not re.match(r"(sock|eye)_", name)] == []


def test_static_and_shared_show_the_same_names():
    assert names("-g", STATIC) == names("-D", SHARED)


def test_every_exported_name_is_declared_in_a_public_header():
    assert set(exported()) <= words((ROOT / "include").rglob("*.h"))


@pytest.mark.parametrize("name", exported())
def test_a_name_has_a_manual_page(name, told):
    assert name in told


@pytest.mark.parametrize("name", exported())
def test_a_name_is_used_in_a_test(name, tested):
    assert name in tested


def test_every_declared_function_exists():
    text = "\n".join(path.read_text() for path in (ROOT / "include").rglob("*.h"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    declared = set(re.findall(r"^\w[\w \*]*?\b((?:sock|eye)_\w+)\(", text, flags=re.M))
    assert declared - set(exported()) == set()


def test_the_library_needs_nothing_but_libc():
    needed = re.findall(r"NEEDED.*\[(.*)\]", out("readelf", "-d", SHARED))
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2"}


def test_the_library_has_its_soname():
    assert "soname: [libsockeye.so.0]" in out("readelf", "-d", SHARED)


def test_the_library_is_small(tmp_path):
    stripped = tmp_path / "libsockeye.so"
    shutil.copy(SHARED, stripped)
    out("strip", stripped)
    assert stripped.stat().st_size < 300_000
