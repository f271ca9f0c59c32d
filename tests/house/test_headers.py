# SPDX-License-Identifier: MIT
"""Public headers: each compiles alone, everywhere, and the first is one sitting."""
import pytest
from conftest import HEADERS, ROOT, out, short

LANGUAGES = {
    "gcc-c99": ["gcc", "-std=c99", "-xc"],
    "gcc-c11": ["gcc", "-std=c11", "-xc"],
    "clang-c99": ["clang", "-std=c99", "-xc"],
    "gcc-c++11": ["g++", "-std=c++11", "-xc++"],
    "clang-c++17": ["clang++", "-std=c++17", "-xc++"],
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("header", HEADERS, ids=short)
def test_a_header_compiles_alone(header, language):
    name = header.relative_to(ROOT / "include")
    out(*LANGUAGES[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
        f"-I{ROOT}/include", "-", input=f"#include <{name}>\n#include <{name}>\nint none;\n")


def test_the_library_is_read_in_one_sitting():
    assert len((ROOT / "include/sockeye.h").read_text().splitlines()) <= 400


def test_every_header_is_installed():
    listed = (ROOT / "include/meson.build").read_text()
    assert [short(path) for path in HEADERS
            if f"'{path.relative_to(ROOT / 'include')}'" not in listed] == []
