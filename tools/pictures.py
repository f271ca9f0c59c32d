#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pictures.py BUILD: the ladders that README.md shows, from a run of today.

The picture is docs/ladder.svg; the text stands between two marks of README.md.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH = "96"
PLAY = ["demo", "steps", "--no-explain", "--width", WIDTH]


def main(build):
    command = pathlib.Path(build) / "src/cmd/sockeye"
    told = subprocess.run([command, *PLAY, "-o", ROOT / "docs/ladder.svg"], check=True, capture_output=True,
                          text=True, timeout=60).stdout
    ladder = told.split("\n\n")[1]
    assert "accept(" in ladder and "recv" in ladder, told
    readme = ROOT / "README.md"
    shown, n = re.subn(r"(<!-- ladder -->\n```\n).*?(\n```\n<!-- end -->)",
                       lambda found: found[1] + ladder + found[2], readme.read_text(), flags=re.S)
    assert n == 1, "README.md has no place for a ladder"
    readme.write_text(shown)


if __name__ == "__main__":
    main(*sys.argv[1:])
