# SPDX-License-Identifier: MIT
"""sock_repr and sock_repr_addr against what Python prints for the same bytes and addresses."""
import ctypes
import os
import random
import socket
import subprocess
import sys
import unicodedata

import pytest
from conftest import BUILD, LIMIT

LINES = BUILD / "tests/house/repr-lines"

# Debian 12's unicode-data is 15.0, its Python's 14.0: what came in between is shown by us, not by Python.
NEW_IN_15 = [
    (0xCF3, 0xCF3), (0xECE, 0xECE), (0x10EFD, 0x10EFF), (0x1123F, 0x11241), (0x11B00, 0x11B09),
    (0x11F00, 0x11F10), (0x11F12, 0x11F3A), (0x11F3E, 0x11F59), (0x1342F, 0x1342F), (0x13440, 0x13455),
    (0x1B132, 0x1B132), (0x1B155, 0x1B155), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E06D),
    (0x1E08F, 0x1E08F), (0x1E4D0, 0x1E4F9), (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F776), (0x1F77B, 0x1F77F),
    (0x1F7D9, 0x1F7D9), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA88), (0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABD),
    (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACF), (0x1FADA, 0x1FADB), (0x1FAE8, 0x1FAE8), (0x1FAF7, 0x1FAF8),
    (0x2B739, 0x2B739), (0x31350, 0x323AF),
]

PATH_MOST = 107
CAN_RAW, CAN_ISOTP, CAN_J1939 = 1, 6, 7


def ours(lines):
    done = subprocess.run([LINES], input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def same_bytes(list_of_bytes):
    shown = ours(["b " + data.hex() for data in list_of_bytes])
    assert len(shown) == len(list_of_bytes)
    assert [(a, b) for a, b in zip(shown, map(repr, list_of_bytes)) if a != b] == []


def system_address(sock, name="getsockname"):
    """The bytes that the kernel tells."""
    room = ctypes.create_string_buffer(128)
    n = ctypes.c_uint32(len(room))
    assert getattr(ctypes.CDLL(None), name)(sock.fileno(), room, ctypes.byref(n)) == 0
    return room.raw[:n.value]


def one(raw, proto=0):
    return ours([f"a {proto} {raw.hex()}"])[0]


def same_address(sock):
    assert one(system_address(sock), sock.proto) == repr(sock.getsockname())


def unix(path):
    return socket.AF_UNIX.to_bytes(2, sys.byteorder) + path


def test_bytes_alone_and_in_pairs():
    same_bytes([b""] + [bytes((a,)) for a in range(256)])
    same_bytes([bytes((a, b)) for a in range(256) for b in range(256)])


def test_quotes_are_chosen_as_in_python():
    same_bytes([b"'", b'"', b"'\"", b"it's", b'say "no"', b"\\'", b"'\xff\"'\\", b"a'" * 100 + b'"'])


def test_any_bytes():
    source = random.Random(1)
    same_bytes([source.randbytes(source.choice((3, 17, 300, 9000))) for _ in range(300)])
    same_bytes([bytes(source.choices(b"'\"\\\n\r\tx\x00\x7f\x80", k=9)) for _ in range(3000)])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "127.255.3.4"])
def test_ipv4(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((host, 0))
        same_address(s)


@pytest.mark.parametrize("host", ["::1", "::", "::ffff:127.0.0.1"])
def test_ipv6(host):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        try:
            s.bind((host, 0))
        except OSError as e:
            pytest.skip(f"no {host} here: {e}")
        same_address(s)


def test_ipv6_with_flow_and_zone():
    """A connected UDP socket keeps both, and Python prints both, with no %zone in the host."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        raw = (socket.AF_INET6.to_bytes(2, sys.byteorder) + (65432).to_bytes(2, "big") +
               (0xABCDE).to_bytes(4, "big") + socket.inet_pton(socket.AF_INET6, "fe80::1") +
               (1).to_bytes(4, sys.byteorder))
        assert one(raw) == "('fe80::1', 65432, 703710, 1)"
        try:
            s.connect(("fe80::1", 9, 0, 1))
        except OSError as e:
            pytest.skip(f"nothing link-local here: {e}")
        assert one(system_address(s, "getpeername")) == repr(s.getpeername())


def test_unix_without_a_name():
    a, b = socket.socketpair()
    with a, b:
        same_address(a)


@pytest.mark.parametrize("name", ["s", "it's", "'\"", "ünï-日本-🙂", "tab\tline\nback\\", "\xa0\xad\u200b\u2028\u202e",
                                  "bad\udcff\udcc3", "\x01\x7f\x80\x9f", "\u0378\ue000\U000e0001"], ids=ascii)
def test_unix_paths(name, tmp_path):
    back = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    os.chdir(tmp_path)          # the path itself is then short
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(name)
            same_address(s)
    finally:
        os.fchdir(back)
        os.close(back)


def test_unix_abstract_names():
    for name in (b"\0", b"\0name", b"\0with\0nul'\xff", b"\0" + b"x" * PATH_MOST):
        with socket.socket(socket.AF_UNIX) as s:
            if len(name) == 1:
                s.bind("")      # the kernel chooses one
            else:
                s.bind(name + os.urandom(4) if len(name) < 90 else name)
            same_address(s)


def test_every_character_of_a_path():
    assert unicodedata.unidata_version == "14.0.0", "compare with DerivedAge.txt, see NEW_IN_15"
    shown = {point for low, high in NEW_IN_15 for point in range(low, high + 1)}
    points = [p for p in range(1, sys.maxunicode + 1) if not 0xD800 <= p <= 0xDFFF and chr(p) not in "/'\""]
    groups = [points[i:i + 26] for i in range(0, len(points), 26)]
    lines = ours(["a 0 " + unix("".join(map(chr, g)).encode()).hex() for g in groups])
    for line, group in zip(lines, groups, strict=True):
        assert line == "'" + "".join(chr(p) if p in shown else repr(chr(p))[1:-1] for p in group) + "'"


def test_paths_of_any_bytes():
    source = random.Random(2)
    paths = [bytes(source.choices(range(1, 256), k=source.randint(1, PATH_MOST))) for _ in range(2000)]
    lines = ours(["a 0 " + unix(path).hex() for path in paths])
    assert lines == [repr(os.fsdecode(path)) for path in paths]


def test_a_path_fills_its_place_or_ends_at_a_nul():
    assert one(unix(b"x" * 108)) == repr("x" * 108)
    assert one(unix(b"abc\0def")) == repr("abc")


def test_netlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.bind((0, 0))
        same_address(s)


def test_vsock():
    raw = (socket.AF_VSOCK.to_bytes(2, sys.byteorder) + bytes(2) + (1234).to_bytes(4, sys.byteorder) +
           (2).to_bytes(4, sys.byteorder) + bytes(4))
    assert one(raw) == repr((2, 1234))


def test_packet_with_the_interface_by_number():
    try:
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        pytest.skip("packet sockets need a privilege")
    with s:
        s.bind(("lo", 0x86DD))
        name, *rest = s.getsockname()
        assert one(system_address(s)) == repr((socket.if_nametoindex(name), *rest))


def test_can_with_the_interface_by_number():
    head = socket.AF_CAN.to_bytes(2, sys.byteorder) + bytes(2) + (3).to_bytes(4, sys.byteorder)
    two = (0x123).to_bytes(4, sys.byteorder) + (0x80000456).to_bytes(4, sys.byteorder)
    assert one(head + two, CAN_RAW) == repr((3,))
    assert one(head + two, CAN_ISOTP) == repr((3, 0x123, 0x80000456))
    j1939 = (0xA1B2C3D4E5).to_bytes(8, sys.byteorder) + (0x12300).to_bytes(4, sys.byteorder) + b"\x20"
    assert one(head + j1939, CAN_J1939) == repr((3, 0xA1B2C3D4E5, 0x12300, 0x20))


def test_nothing_and_the_unknown():
    assert one(b"") == one(b"\x02") == "None"
    assert one((77).to_bytes(2, sys.byteorder) + bytes(range(20))) == repr((77, bytes(range(14))))
