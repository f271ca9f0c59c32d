# SPDX-License-Identifier: MIT
"""sock_upper against Python's str.upper(), over every character there is and over mixed text."""
import random
import subprocess
import sys
import unicodedata

import pytest
from conftest import BUILD, LIMIT

FILTER = BUILD / "tests/house/upper-filter"
SCALARS = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF]

# Where Debian 12's unicode-data (15.0) and its Python (14.0) differ: code point -> ours. No mapping changed.
DIFFERENT = {}

MIXED = {
    "ascii": "The quick brown fox jumps over 13 lazy dogs. ",
    "western": "Größe, naïve, straße, ÿ, µ, ÷, «ça», Ångström ",
    "russian": "съешь же ещё этих мягких булок, ѐёђџ, ѡ, Ѡ, ӂ ",
    "greek": "ξεσκεπάζω την ψυχοφθόρα βδελυγμία, ΐ, ΰ, ᾳ, ᾷ, ὖ ",
    "eastern": "zażółć gęślą jaźń, žluťoučký kůň, ıi, ŉ, ſ, ǆ, ǰ, ɐ, ɫ ",
    "caucasus": "ყველა ადამიანი, բոլոր մարդիկ և, ﬓ ",
    "vietnamese": "tất cả mọi người, ẖ, ẞ, ẚ ",
    "caseless": "你好世界、, 안녕하세요, مرحبا, שלום, नमस्ते, ไทย ",
    "rare": "ﬀﬁﬃ, ａｂｃ, ⓐ, ⰰ, ꙁ, ꭰ, 𐐨𐑏, 𞤢, 𑣀, 𐖗, 🙂👍, 𝒶 ",
    "edges": "\0\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff",
}


def python_upper(data):
    """The oracle. Bytes that are not UTF-8 pass through, as lone surrogates."""
    text = data.decode(errors="surrogateescape")
    if DIFFERENT:
        text = text.translate(DIFFERENT)
    return text.upper().encode(errors="surrogateescape")


def sock_upper(data, *sizes):
    done = subprocess.run([FILTER, *map(str, sizes)], input=data, capture_output=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(data, *sizes):
    ours, theirs = sock_upper(data, *sizes), python_upper(data)
    if ours != theirs:
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        pytest.fail(f"at {at} of {len(theirs)}: {ours[at - 9:at + 9]!r}, Python has {theirs[at - 9:at + 9]!r}")


def mixed(source, characters, damage=0.0):
    """Random text: stretches of the samples and of any characters, some bytes of it spoilt."""
    samples, pieces, n = list(MIXED.values()), [], 0
    while n < characters:
        sample = source.choice(samples) if source.random() < 0.9 else source.choices(SCALARS, k=20)
        start, size = source.randrange(len(sample)), source.choice((1, 2, 5, 20, 200))
        pieces.append("".join(sample[(start + i) % len(sample)] for i in range(size)))
        n += size
    data = bytearray("".join(pieces).encode())
    for _ in range(int(len(data) * damage)):
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data)


def test_the_oracle_knows_a_unicode_that_was_looked_at():
    assert unicodedata.unidata_version in ("14.0.0", "15.0.0"), "compare the mappings anew, see DIFFERENT"


# Separators move each character through every place of a block, among neighbours of each kind.
@pytest.mark.parametrize("between", ["", " ", "a", "aé", "я", "ё-", "ß", "ﬃ", "你", "🙂", "x" * 15,
                                     "\udcff", "\udcc3", "\udcd1", "\udce1\udcba", "\udcf0\udc90\udc90"],
                         ids=ascii)
def test_every_character_is_as_in_python(between):
    check(between.join(SCALARS).encode(errors="surrogateescape"))


def test_every_character_alone_is_as_in_python():
    """With room for one character there are no blocks: the slow way is exact by itself."""
    check("".join(SCALARS).encode(), 1 << 20, 6)


@pytest.mark.parametrize("between", [b"", b"a", b"\xd1", b"\x80", b"caf\xc3\xa9 " * 12], ids=ascii)
def test_every_pair_of_bytes_is_as_in_python(between):
    check(between.join(bytes((a, b)) for a in range(256) for b in range(256)))


@pytest.mark.parametrize("between", [b"", b"a", b"\xd0\xb0"], ids=ascii)
def test_what_only_looks_like_a_letter_is_as_in_python(between):
    """Overlong forms, surrogates and code points too high, which a table might take for letters."""
    last = range(0x80, 0xC0)
    check(between.join(bytes((lead, a, b)) for lead in (0xE0, 0xED) for a in last for b in last))
    check(between.join(bytes((0xF0, a, b, c)) for a in range(0x80, 0x90) for b in last for c in last))
    check(between.join(bytes((lead, 0x90, a, b)) for lead in range(0xF1, 0x100) for a in last for b in last))


@pytest.mark.parametrize("name", MIXED)
def test_a_language_is_as_in_python(name):
    check((MIXED[name] * 2000).encode(errors="surrogateescape"))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("damage", [0, 0.001, 0.05])
def test_mixed_text_is_as_in_python(seed, damage):
    check(mixed(random.Random(seed), 1_000_000, damage))


@pytest.mark.parametrize("read", [1, 2, 3, 5, 63, 64, 65, 67, 130, 257, 1000])
@pytest.mark.parametrize("room", [6, 7, 64, 66, 300])
def test_text_in_pieces_is_as_in_python(read, room):
    check(mixed(random.Random(read), 60_000, 0.002), read, room)


def test_at_most_three_bytes_come_of_one():
    cased = [c for c in SCALARS if c.upper() != c]
    uppers = sock_upper("\n".join(cased).encode()).split(b"\n")
    assert max(len(upper) / len(c.encode()) for c, upper in zip(cased, uppers, strict=True)) == 3
