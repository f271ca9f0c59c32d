#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the table of src/base/printable.c from Debian's unicode-data.

    printable-table.py OUTPUT [FOLDER]

Python's repr() shows every character but those that UnicodeData.txt counts
among the others (C*) or the separators (Z*); the space is shown.
"""

import os
import sys

FOLDER = "/usr/share/unicode"
LIMIT = 0x110000


def categories(folder):
    """The general category of every code point; "Cn" where the file has none."""
    category = ["Cn"] * LIMIT
    first = 0
    with open(os.path.join(folder, "UnicodeData.txt"), encoding="ascii") as file:
        for line in file:
            field = line.split(";")
            point = int(field[0], 16)
            if not field[1].endswith(", Last>"):
                first = point
            category[first:point + 1] = [field[2]] * (point + 1 - first)
    return category


def edges(category):
    """The code points at which printable begins or ends, from not printable on."""
    shown = False
    for point, name in enumerate(category):
        if (name[0] not in "CZ" or point == ord(" ")) != shown:
            shown = not shown
            yield "%#x" % point


def main(output, folder=FOLDER):
    items = list(edges(categories(folder)))
    rows = [", ".join(items[i:i + 10]) for i in range(0, len(items), 10)]
    with open(output, "w", encoding="ascii") as file:
        file.write("/* Made by tools/printable-table.py. Not to be edited. */\n")
        file.write("static const uint32_t printable_edge[] = {\n\t" + ",\n\t".join(rows) + "\n};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
