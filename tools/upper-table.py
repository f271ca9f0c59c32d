#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the tables of src/base/upper.c from Debian's unicode-data.

    upper-table.py OUTPUT [FOLDER]

Upper-casing one character is what UnicodeData.txt says, unless
SpecialCasing.txt has a line for it without a condition: the same choice that
Python makes. The tables are written as UTF-8, ready to be copied.
"""

import os
import sys

FOLDER = "/usr/share/unicode"
PAGE = 64                       # code points that share all but their last byte
ROW, ROWS = PAGE * PAGE, 32     # code points that share all but two; rows of 256 save the table a check


def fields(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                yield [field.strip() for field in line.split(";")]


def text(points):
    return "".join(chr(int(point, 16)) for point in points.split())


def mappings(folder):
    """Code point -> UTF-8 of its upper case, for those that change."""
    upper = {}
    for field in fields(os.path.join(folder, "UnicodeData.txt")):
        if field[12]:
            upper[int(field[0], 16)] = text(field[12])
    for field in fields(os.path.join(folder, "SpecialCasing.txt")):
        if not field[4]:
            upper[int(field[0], 16)] = text(field[3])
    return {point: to.encode() for point, to in upper.items() if to != chr(point)}


def array(head, items, per_line):
    rows = [", ".join(items[i:i + per_line]) for i in range(0, len(items), per_line)]
    return head + " = {\n\t" + ",\n\t".join(rows) + "\n};\n"


def pairs(upper):
    """By first and second byte, less C0 and 80: two bytes of upper case, or 0, 0 when it has another size."""
    for lead in range(32):
        for last in range(256):
            point = lead * PAGE + last
            to = upper.get(point, chr(point).encode()) if last < PAGE else b""
            yield "{ %d, %d }" % tuple(to) if point >= 0x80 and len(to) == 2 else "{ 0, 0 }"


def tables(upper):
    used = sorted({point // PAGE for point in upper})
    number = {page: i + 1 for i, page in enumerate(used)}
    full = [b""] + sorted(set(upper.values()))
    place = {to: i for i, to in enumerate(full)}
    assert max(upper) < ROWS * ROW
    pages = []
    for row in range(ROWS):
        pages += [number.get(row * PAGE + last, 0) for last in range(PAGE)] + [0] * (256 - PAGE)
    entries = [0] * PAGE
    for page in used:
        entries += [place.get(upper.get(page * PAGE + i), 0) for i in range(PAGE)]
    letters = ["{ %d, { %s } }" % (len(to), ", ".join(map(str, to)) or "0") for to in full]
    yield "enum { UPPER_PAGE = %d, UPPER_LIMIT = %#x };\n" % (PAGE, ROWS * ROW)
    yield array("static const unsigned char upper_pair[32 * 256][2]", list(pairs(upper)), 8)
    yield array("static const unsigned char upper_page[%d * 256]" % ROWS, list(map(str, pages)), 32)
    yield array("static const unsigned short upper_entry[]", list(map(str, entries)), 16)
    yield "struct upper_letter {\n\tunsigned char size;\n\tunsigned char text[7];\n};\n"
    yield array("static const struct upper_letter upper_letter[]", letters, 4)


def main(output, folder=FOLDER):
    with open(output, "w", encoding="ascii") as file:
        file.write("/* Made by tools/upper-table.py. Not to be edited. */\n")
        file.writelines(tables(mappings(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
