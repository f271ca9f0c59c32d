# SPDX-License-Identifier: MIT
"""Two hundred things that are no port: each is refused in two lines before anything is opened."""

import pytest
from conftest import environment, run

SIGNS = [sign + number for sign in ("+", "-", "--", "+-", "~", "!", "\u2212", "\uff0b", "\u00b1")
         for number in ("7", "80", "0", "65535")]
SPACES = [text for space in (" ", "\t", "\n", "\r", "\v", "\f", "\u00a0", "\u2003", "\u3000")
          for text in (space + "80", "80" + space, "8" + space + "0", space)]
BASES = ["0x50", "0X50", "x50", "50h", "0x", "#50", "$50", "%50", "0b1010000", "0o120", "0d80", "'80'", '"80"', "[80]",
         "{80}", "(80)", "<80>", "80L", "80u", "80ul", "16r50", "1010000b", "&h50", "\\x50", "\\80"]
POINTS = ["80.", ".80", "80.0", "8.0e1", "8e1", "8E1", "80e0", "80,", ",80", "8,0", "65,535", "1_000", "8'0", "1 000", "80;",
          "80:", ":80", "80:80", "80/80", "80/", "80?", "80#", "80@", "80%", "80*", "80&", "80|", "80=", "80~", "80..90",
          "80-", "-80-", "80--90"]
LARGE = [str(n) for n in (65536, 65537, 70000, 99999, 100000, 131152, 1 << 31, (1 << 31) + 80, (1 << 32) - 1, 1 << 32,
                          (1 << 32) + 80, (1 << 63) + 80, 1 << 64, (1 << 64) + 80, 10 ** 40)]
LETTERS = ["7x", "x7", "7 x", "seven", "port", "eighty", "nil", "NaN", "inf", "-inf", "true", "None", "80a", "8o", "l7", "O",
           "8\u030a", "\ufeff80", "80\ufeff", "\u200b80", "80\u200b", "\u202e08"]
DIGITS = ["".join(chr(first + int(digit)) for digit in "80")
          for first in (0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
                        0x1040, 0x17e0, 0x1810, 0xff10, 0x1d7ce)]
ODD = ["\u2160", "\u2164", "\u00b2", "\u00bd", "\u2460", "\u516b\u5341", "\u0664", "8\u06600", "\uff180", "\x01", "\x1b[31m80", "80\x7f",
       "\x0780", "80\x1b]0;x\x07", "%38%30", "\\u0038", "A" * 300, "8" * 300, "0" * 300 + "x"]
BAD = SIGNS + SPACES + BASES + POINTS + LARGE + LETTERS + DIGITS + ODD


def lines_of(done):
    assert (done.returncode, done.stdout) == (2, ""), done
    lines = done.stderr.split("\n")
    assert len(lines) == 3 and lines[2] == "" and all(" " <= c or c == "\n" for c in done.stderr), done
    return lines


def test_there_are_two_hundred_of_them():
    assert len(set(BAD)) == len(BAD) >= 200


@pytest.mark.parametrize("verb", ["connect", "send"])
def test_none_of_them_opens_a_socket(verb, tmp_path):
    """The record of socket calls stays empty: no packet, no look-up."""
    trace, words = tmp_path / "trace", ["hello"] if verb == "send" else []
    taken = []
    for port in BAD:
        done = run(verb, f"tcp://127.0.0.1:{port}", *words, env=environment(SOCKEYE_TRACE=str(trace)))
        if done.returncode != 2:
            taken.append(port)
            continue
        first, second = lines_of(done)[:2]
        assert first.startswith(f"sockeye {verb}: ") and second.startswith(f"usage: sockeye {verb} ")
    assert taken == []
    assert trace.read_bytes() == b""


@pytest.mark.parametrize("address", ["tcp://127.1:80", "tcp://0x7f.1:80", "tcp://2130706433:80", "tcp://0177.0.0.1:80",
                                     "tcp://1.2.3.4.5:80", "tcp://256.0.0.1:80", "tcp://[::1:80", "tcp://::1]:80",
                                     "tcp://[::1]80", "tcp://[fe80::1%nosuchzone]:80", "tpc://a:80", "tcp:/a:80", "http://a",
                                     "udp:a:80", "fd:", "fd:x", "vsock:1", "unix:", ""])
def test_an_address_that_is_none_is_refused(address, tmp_path):
    trace = tmp_path / "trace"
    done = run("connect", address, env=environment(SOCKEYE_TRACE=str(trace)))
    lines_of(done)
    assert trace.read_bytes() == b""


def test_names_as_long_as_can_be_are_refused_or_looked_up_whole():
    for n in (256, 300, 1000, 100000):
        lines_of(run("connect", f"tcp://{'a' * n}:80"))
