# SPDX-License-Identifier: MIT
"""An include may only point down."""
import re

import pytest
from conftest import ROOT, SOURCES, short

MAY_INCLUDE = {
    "base": set(),
    "sock": {"base"},
    "eye": {"base"},
    "preload": {"base"},
    "engine": {"sock", "base"},
    "service": {"engine/conn.h", "base"},
    "cmd": {"base", "sock", "eye", "engine", "service"},
}
PUBLIC = {"sock", "eye", "engine", "service", "cmd"}    # may include the public headers
SRC = ROOT / "src"


def includes(path):
    for line in path.read_text().splitlines():
        if found := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield found.groups()


def complaint(path, mark, name):
    """What is wrong with an include, or None."""
    layer = path.relative_to(SRC).parts[0]
    if mark == "<":
        public = name == "sockeye.h" or name.startswith("sockeye/")
        return f"<{name}> is above {layer}" if public and layer not in PUBLIC else None
    target = (path.parent / name).resolve()
    if not target.exists():                             # generated into the same folder
        return None if "/" not in name else f"no such file: {name}"
    inner = target.relative_to(SRC)
    if inner.parts[0] == layer or MAY_INCLUDE[layer] & {inner.parts[0], str(inner)}:
        return None
    return f"{layer} may not include {inner}"


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_an_include_points_down(path):
    wrong = [said for mark, name in includes(path) if (said := complaint(path, mark, name))]
    assert not wrong


def test_every_folder_has_a_place_in_the_table():
    assert {path.name for path in SRC.iterdir() if path.is_dir()} <= set(MAY_INCLUDE)


def test_an_include_that_points_up_is_seen():
    assert complaint(SRC / "base/num.c", '"', "../sock/sys.h")
    assert complaint(SRC / "sock/send.c", '"', "../eye/json.h")
    assert complaint(SRC / "base/num.c", "<", "sockeye.h")
    assert not complaint(SRC / "sock/send.c", '"', "../base/num.h")
