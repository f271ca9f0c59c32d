#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the table of src/base/printable.c from Debian's unicode-data.

    printable-table.py OUTPUT [FOLDER]

Python's repr() shows every character but those that UnicodeData.txt counts
among the others (C*) or the separators (Z*); the space is shown. Of these a
terminal gives one column to all but the marks that stand on the character
before (Mn, Me, the vowels and finals of Hangul) and the wide ones of
EastAsianWidth.txt.
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


def wide(folder):
    """Whether a code point takes two columns."""
    flags = bytearray(LIMIT)
    with open(os.path.join(folder, "EastAsianWidth.txt"), encoding="utf-8") as file:
        for line in file:
            points, _, width = line.split("#")[0].strip().partition(";")
            if width.strip() in ("W", "F"):
                first, _, last = points.strip().partition("..")
                first, last = int(first, 16), int(last or first, 16)
                flags[first:last + 1] = b"\1" * (last + 1 - first)
    return flags


def printable(category):
    """Of every code point, whether repr() shows it."""
    return [name[0] not in "CZ" or point == ord(" ") for point, name in enumerate(category)]


def narrow(category, folder):
    """Of every code point, whether it is shown in one column."""
    double = wide(folder)
    return [is_shown and category[point] not in ("Mn", "Me") and not double[point] and not 0x1160 <= point < 0x1200
            for point, is_shown in enumerate(printable(category))]


def edges(flags):
    """The code points at which the flags change, from false on."""
    before = False
    for point, flag in enumerate(flags):
        if flag != before:
            before = flag
            yield "%#x" % point


def table(name, flags):
    items = list(edges(flags))
    rows = [", ".join(items[i:i + 10]) for i in range(0, len(items), 10)]
    return "static const uint32_t %s_edge[] = {\n\t%s\n};\n" % (name, ",\n\t".join(rows))


def main(output, folder=FOLDER):
    category = categories(folder)
    with open(output, "w", encoding="ascii") as file:
        file.write("/* Made by tools/printable-table.py. Not to be edited. */\n")
        file.write(table("printable", printable(category)))
        file.write(table("narrow", narrow(category, folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
