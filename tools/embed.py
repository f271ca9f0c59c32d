# SPDX-License-Identifier: MIT
"""embed.py OUT.h SHEET.css... [SCRIPT.js]: what a page carries with it, as C strings.

A page names its style and its script by their SHA-256 (Content-Security-Policy),
so that a browser runs and applies these alone. The hashes are of what stands
between the tags: the style is all sheets, the script is within a CDATA section,
so that the page is XML, too.
"""
import base64
import hashlib
import pathlib
import sys


def quoted(line):
    """A line as a C string; no trigraphs."""
    return '"' + "".join(f"\\{c}" if c in '\\"?' else {"\n": "\\n", "\t": "\\t"}.get(c, c) for c in line) + '"'


def definition(name, text):
    """Hashes are strings; of what has lines there is a list that ends in NULL."""
    if "\n" not in text:
        return f"const char {name}[] __attribute__((unused)) = {quoted(text)};\n"
    lines = "".join(f"\t{quoted(line)},\n" for line in text.splitlines(keepends=True))
    return f"const char *const {name}[] __attribute__((unused)) = {{\n{lines}\tNULL,\n}};\n"


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("ascii")).digest()).decode()


def name_of(path):
    return "data_" + path.name.replace(".", "_").replace("-", "_")


def main(output, *paths):
    style, text = "\n", {}
    for path in map(pathlib.Path, paths):
        body = path.read_text(encoding="ascii")
        if path.suffix == ".css":
            if set(body) & set("<&"):
                sys.exit(f"embed.py: {path.name} has < or &, which an XML reader would take for markup")
            style += body
        else:
            body = "/*<![CDATA[*/\n" + body + "/*]]>*/"
            if "</" in body or body.count("]]>") != 1:
                sys.exit(f"embed.py: {path.name} has </ or ]]>, which would end it early")
            text["data_script_hash"] = digest(body)
        text[name_of(path)] = body
    text["data_style_hash"] = digest(style)
    with open(output, "w", encoding="ascii") as file:
        file.write("/* Made by tools/embed.py. Not to be edited. */\n")
        for name, value in text.items():
            file.write("\nstatic " + definition(name, value))


if __name__ == "__main__":
    main(*sys.argv[1:])
