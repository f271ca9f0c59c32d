# SPDX-License-Identifier: MIT
r"""A stranger's bytes on a terminal, with tmux as the judge; and what a person there is told.

connect runs in a pane and hears one escape sequence after the other. The pane's
title, modes, paste buffers and earlier lines must stay as they were, nothing
may be typed in the person's name, and the bytes must be visible as \x1b and the
like. With --raw the same bytes do what they were made for, so the judge sees.
"""
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest
from conftest import COMMAND, LIMIT, environment, rest, take
from talks import MIB, answering, digest, pieces, spoken, talk, until  # noqa: F401

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")

WIDE, HIGH = 160, 40
EARLIER = [f"earlier line {i}" for i in range(1, 6)]
MODES = ["alternate_on", "cursor_flag", "cursor_shape", "insert_flag", "keypad_cursor_flag", "keypad_flag", "mouse_all_flag",
         "mouse_any_flag", "mouse_button_flag", "mouse_sgr_flag", "mouse_standard_flag", "mouse_utf8_flag",
         "origin_flag", "wrap_flag", "scroll_region_upper", "scroll_region_lower", "pane_tabs", "pane_title",
         "window_name", "window_bell_flag", "pane_in_mode"]
CONFIGURATION = """
set -s set-clipboard on
set -g status off
set -g monitor-bell on
set -g default-terminal screen
setw -g allow-rename on
setw -g automatic-rename off
"""

# What it would do to a terminal that obeys.
SEQUENCES = {
    "title": b"\x1b]0;owned\x07",
    "title ended by ST": b"\x1b]2;owned\x1b\\",
    "title of the icon": b"\x1b]1;owned\x07",
    "title as DCS of screen": b"\x1bkowned\x1b\\",
    "title as APC": b"\x1b_owned\x1b\\",
    "title asked for": b"\x1b[21t",
    "clipboard": b"\x1b]52;c;cm0gLXJmIH4K\x07",
    "clipboard asked for": b"\x1b]52;c;?\x07",
    "hyperlink": b"\x1b]8;;http://evil.example/\x1b\\good\x1b]8;;\x1b\\",
    "palette": b"\x1b]4;1;rgb:00/00/00\x07",
    "colour of the background": b"\x1b]11;#ff0000\x07",
    "colour asked for": b"\x1b]10;?\x07",
    "folder": b"\x1b]7;file:///tmp\x07",
    "notification": b"\x1b]9;owned\x07",
    "alternate screen": b"\x1b[?1049h",
    "alternate screen of old": b"\x1b[?47h",
    "clear": b"\x1b[2J",
    "clear and home": b"\x1b[H\x1b[2J",
    "clear the history": b"\x1b[3J",
    "clear the line": b"\x1b[2K",
    "cursor up": b"\x1b[5Aowned",
    "cursor home": b"\x1b[1;1Howned",
    "cursor to a column": b"\x1b[1Gowned",
    "cursor saved and put back": b"\x1b7\x1b[1;1Howned\x1b8",
    "cursor hidden": b"\x1b[?25l",
    "cursor's shape": b"\x1b[5 q",
    "reverse index": b"\x1bM\x1bM\x1bMowned",
    "next line": b"\x1bE",
    "scroll region": b"\x1b[3;5r",
    "scroll up": b"\x1b[10S",
    "scroll down": b"\x1b[10T",
    "lines inserted": b"\x1b[1;1H\x1b[5L",
    "lines deleted": b"\x1b[1;1H\x1b[5M",
    "characters deleted": b"\x1b[10D\x1b[5P",
    "insert mode": b"\x1b[4h",
    "origin mode": b"\x1b[?6h",
    "no wrapping": b"\x1b[?7l",
    "reverse video": b"\x1b[?5h",
    "colours": b"\x1b[31;42;8mhidden",
    "bracketed paste": b"\x1b[?2004h",
    "focus events": b"\x1b[?1004h",
    "mouse": b"\x1b[?1000h",
    "mouse buttons": b"\x1b[?1002h",
    "mouse everywhere": b"\x1b[?1003h\x1b[?1006h",
    "mouse in UTF-8": b"\x1b[?1000h\x1b[?1005h",
    "keypad": b"\x1b=",
    "cursor keys": b"\x1b[?1h",
    "reset": b"\x1bc",
    "soft reset": b"\x1b[!p",
    "full of E": b"\x1b#8",
    "line drawing": b"\x1b(0lqqk",
    "shift out": b"\x1b)0\x0elqqk",
    "shift in": b"\x0flqqk",
    "tabs cleared": b"\x1b[3g",
    "who are you": b"\x1b[c\x1b[>c\x1bZ",
    "where are you": b"\x1b[6n\x1b[5n",
    "answerback": b"\x05",
    "terminfo asked for": b"\x1bP+q544e\x1b\\",
    "setting asked for": b"\x1bP$qm\x1b\\",
    "DCS for the terminal outside": b"\x1bPtmux;\x1b\x1b]0;owned\x07\x1b\\",
    "sixel": b"\x1bPq#0;2;0;0;0~-\x1b\\",
    "privacy message": b"\x1b^owned\x1b\\",
    "start of a string": b"\x1bXowned\x1b\\",
    "never ended": b"\x1b]0;owned",
    "printer": b"\x1b[5i",
    "window made small": b"\x1b[8;5;10t",
    "C1 CSI, a byte": b"\x9b2J",
    "C1 OSC, a byte": b"\x9d0;owned\x9c",
    "C1 DCS, a byte": b"\x90owned\x9c",
    "C1 CSI in UTF-8": b"\xc2\x9b2J",
    "C1 OSC in UTF-8": b"\xc2\x9d0;owned\xc2\x9c",
    "all of C1, bytes": bytes(range(0x80, 0xa0)),
    "all of C1 in UTF-8": "".join(map(chr, range(0x80, 0xa0))).encode(),
    "all of C0": bytes(set(range(32)) - set(b"\t\n")),
    "next line in UTF-8": b"\xc2\x85",
    "right to left": "\u202egpj.exe\u202c".encode(),
    "bidi isolates": "\u2066a\u2067b\u2068c\u2069\u200e\u200f\u061c".encode(),
    "no width": "a\u200bb\u200cc\u200dd\ufeff\u00ad".encode(),
    "line separators": "a\u2028b\u2029c".encode(),
    "tags": "\U000e0041\U000e0042".encode(),
    "backspaces": b"good\b\b\b\bevil",
    "carriage return": b"good command\revil",
    "delete": b"good\x7f\x7f",
    "bell": b"\a\a\a",
    "nul": b"a\0b",
    "vertical tab and form feed": b"a\vb\fc",
    "substitute": b"\x1b[\x1a\x18",
    "half a sequence": b"\x1b[",
    "overlong": b"\xc0\x9b2J\xe0\x80\x9b2J",
}

# Of these the judge can tell that they were obeyed.
OBEYED = {
    "title": ("pane_title", "owned"),
    "title ended by ST": ("pane_title", "owned"),
    "title as DCS of screen": ("window_name", "owned"),
    "alternate screen": ("alternate_on", "1"),
    "cursor hidden": ("cursor_flag", "0"),
    "scroll region": ("scroll_region_upper", "2"),
    "insert mode": ("insert_flag", "1"),
    "origin mode": ("origin_flag", "1"),
    "no wrapping": ("wrap_flag", "0"),
    "mouse": ("mouse_standard_flag", "1"),
    "mouse buttons": ("mouse_button_flag", "1"),
    "mouse everywhere": ("mouse_all_flag", "1"),
    "keypad": ("keypad_flag", "1"),
    "cursor keys": ("keypad_cursor_flag", "1"),
    "tabs cleared": ("pane_tabs", ""),
}


def visible(data):
    """What a person shall see of bytes."""
    def one(char):
        point = ord(char)
        if char in "\n\t" or char.isprintable():
            return char
        if 0xdc80 <= point <= 0xdcff:
            return f"\\x{point - 0xdc00:02x}"
        return "\\r" if char == "\r" else (f"\\x{point:02x}" if point < 0x100 else
                                           f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}")
    return "".join(map(one, data.replace(b"\r\n", b"\n").decode(errors="surrogateescape")))


class Terminal:
    """A tmux of our own, with a session for each pane."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockeye-"))
        (self.folder / "conf").write_text(CONFIGURATION)
        self.env = {**{name: value for name, value in environment().items() if name != "TMUX"}, "SHELL": "/bin/sh",
                    "TERM": "screen"}
        del self.env["NO_COLOR"]

    def __call__(self, *words):
        done = subprocess.run(["tmux", "-S", self.folder / "tmux", "-u", "-f", self.folder / "conf", *map(str, words)],
                              capture_output=True, text=True, timeout=LIMIT, env=self.env, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout

    def pane(self, script):
        """A script runs, its exit code is told, and the pane stays as it is."""
        return Pane(self, self("new-session", "-d", "-x", WIDE, "-y", HIGH, "-P", "-F", "#{pane_id}",
                               f'trap : INT; {script}; echo "code $?"; read stay').strip())

    def close(self):
        subprocess.run(["tmux", "-S", self.folder / "tmux", "kill-server"], capture_output=True, timeout=LIMIT)
        until(lambda: subprocess.run(["tmux", "-S", self.folder / "tmux", "list-sessions"],
                                     capture_output=True).returncode != 0, "tmux's end")
        shutil.rmtree(self.folder)


class Pane:
    def __init__(self, tmux, name):
        self.tmux, self.name = tmux, name

    def ask(self, what):
        return self.tmux("display-message", "-p", "-t", self.name, f"#{{{what}}}").rstrip("\n")

    def modes(self):
        told = self.tmux("display-message", "-p", "-t", self.name, "|".join(f"#{{{name}}}" for name in MODES))
        return dict(zip(MODES, told.rstrip("\n").split("|")))

    def text(self):
        """What is on it and has gone beyond its upper edge, lines that were wrapped being one."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-", "-t", self.name)

    def lines(self):
        return [line.rstrip() for line in self.text().rstrip("\n").split("\n")]

    def shows(self, what):
        try:
            until(lambda: what in self.text(), what)
        except AssertionError:
            raise AssertionError(f"{what!r} never came to:\n{self.text()}") from None

    def type(self, *keys):
        self.tmux("send-keys", "-t", self.name, *keys)

    def ends(self, code=0):
        """It has ended so; what is on the pane then."""
        self.shows(f"code {code}\n")
        lines = self.lines()
        return lines[:lines.index(f"code {code}")]


@pytest.fixture(scope="module")
def tmux():
    terminal = Terminal()
    yield terminal
    terminal.close()


def line(*words):
    return shlex.join(map(str, words))


PROLOGUE = "printf '%s\\n' " + line(*EARLIER) + "; "


class Sayer:
    """A server that says one piece when told, and hears all that is said to it."""

    def __init__(self):
        self.go, self.heard = threading.Event(), None
        self.data = b""

    def __call__(self, sock):
        assert self.go.wait(LIMIT)
        sock.sendall(self.data)
        sock.shutdown(socket.SHUT_WR)
        self.heard = rest(sock)

    def say(self, data):
        self.data = data
        self.go.set()


# -- Sequences ----------------------------------------------------------------------------


def test_there_are_sequences_enough():
    assert len(SEQUENCES) >= 40 and set(OBEYED) <= set(SEQUENCES)


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_is_shown_and_not_obeyed(tmux, name):
    sayer, data = Sayer(), SEQUENCES[name]
    with answering(sayer) as where:
        pane = tmux.pane(PROLOGUE + line(COMMAND, "connect", where))
        pane.shows("(FIN)")
        before, lines = pane.modes(), pane.lines()
        assert lines[:5] == EARLIER
        sayer.say(b"<" + data + b">\n")
        after = pane.ends()
    assert after[:len(lines)] == lines
    assert visible(b"<" + data + b">") in after[len(lines):]
    assert pane.modes() == before
    assert tmux("list-buffers") == ""
    assert sayer.heard == b""           # nothing was typed in the person's name


@pytest.mark.parametrize("name", OBEYED)
def test_with_raw_it_is_obeyed(tmux, name):
    sayer, (mode, value) = Sayer(), OBEYED[name]
    with answering(sayer) as where:
        pane = tmux.pane(PROLOGUE + line(COMMAND, "connect", "--raw", where))
        pane.shows("(FIN)")
        assert pane.ask(mode) != value
        sayer.say(SEQUENCES[name])
        until(lambda: pane.ask(mode) == value, f"{mode} {value}")


def test_with_raw_the_clipboard_is_written(tmux):
    with answering(lambda sock: sock.sendall(SEQUENCES["clipboard"])) as where:
        tmux.pane(line(COMMAND, "connect", "--raw", where))
        until(lambda: tmux("list-buffers"), "a buffer")
    assert tmux("show-buffer") == "rm -rf ~\n"
    tmux("delete-buffer")


@pytest.mark.parametrize("options", [[], ["--raw"]], ids=["plain", "raw"])
def test_a_pipe_gets_the_same_bytes(options):
    data = b"".join(SEQUENCES.values())
    with answering(lambda sock: sock.sendall(data)) as where:
        done = spoken("connect", *options, where)
    assert digest(done.stdout) == digest(data)
    with answering(lambda sock: (rest(sock), sock.sendall(data))) as where:
        done = spoken("send", *options, where, "text")
    assert digest(done.stdout) == digest(data)


def test_the_dump_is_harmless_by_itself(tmux):
    sayer = Sayer()
    with answering(sayer) as where:
        pane = tmux.pane(line(COMMAND, "connect", "-x", where))
        pane.shows("(FIN)")
        before = pane.modes()
        sayer.say(b"".join(SEQUENCES.values()))
        pane.ends()
    assert pane.modes() == before
    assert "< 00000000  1b 5d 30 3b" in pane.text()


@pytest.mark.parametrize("name", ["title", "clipboard", "clear", "all of C1, bytes", "right to left", "backspaces"])
def test_send_shows_and_does_not_obey(tmux, name):
    data = SEQUENCES[name]
    with answering(lambda sock: (rest(sock), sock.sendall(b"<" + data + b">"))) as where:
        pane = tmux.pane(PROLOGUE + line(COMMAND, "send", where, "text"))
        before = pane.modes()
        assert pane.ends() == [*EARLIER, visible(b"<" + data + b">")]
    assert pane.modes() == before and tmux("list-buffers") == ""


def test_send_obeys_with_raw(tmux):
    with answering(lambda sock: (rest(sock), sock.sendall(b"\x1b]0;owned\x07"))) as where:
        pane = tmux.pane(line(COMMAND, "send", "--raw", where, "text"))
        until(lambda: pane.ask("pane_title") == "owned", "the title")


# -- A person --------------------------------------------------------------------------------


def test_a_person_is_told_who_talks_and_how_it_ends(tmux):
    heard = []

    def work(sock):
        heard.append(take(sock, 6))
        heard.append(rest(sock))        # Ctrl-D
        sock.sendall(b"goodbye\n")

    with answering(work) as where:
        pane = tmux.pane(line(COMMAND, "connect", where))
        pane.shows(f"is connected with {where}\n")
        pane.shows("Ctrl-D is told to it (FIN); it may then go on, with up to 30s of silence\n")
        pane.type("hello", "Enter")
        until(lambda: heard == [b"hello\n"], "a line")
        pane.type("C-d")
        pane.shows("goodbye\n")
        pane.ends()
    assert heard == [b"hello\n", b""]


def test_the_peers_end_ends_it_at_a_terminal(tmux):
    with answering(lambda sock: sock.sendall(b"goodbye\n")) as where:
        pane = tmux.pane(line(COMMAND, "connect", where))
        pane.ends()
    assert "the peer has ended; 0 bytes sent, 8 received" in pane.text()


def test_half_a_line_is_sent_at_the_end_of_input(tmux):
    heard = []
    with answering(lambda sock: heard.append(rest(sock))) as where:
        pane = tmux.pane(line(COMMAND, "connect", where))
        pane.shows("(FIN)")
        pane.type("half", "C-d", "C-d")
        pane.shows("code 0\n")
    assert heard == [b"half"]


def test_an_interrupt_ends_it_and_the_terminal_is_as_it_was(tmux):
    with answering(lambda sock: rest(sock)) as where:
        pane = tmux.pane("stty -a >" + line(tmux.folder / "before") + "; " + line(COMMAND, "connect", where) +
                         "; code=$?; stty -a >" + line(tmux.folder / "after") + "; (exit $code)")
        pane.shows("(FIN)")
        pane.type("C-c")
        pane.shows("code 130\n")
    assert (tmux.folder / "before").read_text() == (tmux.folder / "after").read_text() != ""


def test_quiet_tells_a_person_nothing(tmux):
    with answering(lambda sock: sock.sendall(b"only this\n")) as where:
        pane = tmux.pane(line(COMMAND, "connect", "-q", where))
        assert pane.ends() == ["only this"]


@pytest.mark.parametrize("reply, lines", [(b"reply", ["reply"]), (b"reply\n", ["reply"]), (b"", []),
                                          (b"two\n\n", ["two", ""]), (b"a\r\n", ["a"]), (b"a\r", ["a\\r"])])
def test_send_leaves_a_terminal_at_the_beginning_of_a_line(tmux, reply, lines):
    with answering(lambda sock: (rest(sock), sock.sendall(reply)), callers=2) as where:
        pane = tmux.pane(line(COMMAND, "send", where, "text"))
        assert pane.ends() == lines
        assert spoken("send", where, "text").stdout == reply        # and nothing more into a pipe


# -- Progress -------------------------------------------------------------------------------


class Slow:
    """Takes a little, and all of it when told; then says a reply."""

    def __init__(self, reply=b""):
        self.go, self.reply, self.n = threading.Event(), reply, 0
        self.first = threading.Event()

    def __call__(self, sock):
        take(sock, 1000)
        if self.reply:
            self.first.wait(LIMIT)
            sock.sendall(self.reply)
        assert self.go.wait(LIMIT)
        self.n = 1000 + len(rest(sock))


@pytest.fixture
def much(tmp_path):
    path = tmp_path / "much"
    with open(path, "wb") as out:
        out.writelines(pieces(32 * MIB))
    return path


@pytest.mark.parametrize("given", ["file", "pipe"])
def test_a_long_transfer_tells_how_far_it_is(tmux, much, given, tmp_path):
    one, two = Slow(), Slow()
    with answering(one) as where, answering(two) as other:
        # The second was there first, and its stderr is a file.
        silent = tmux.pane(f"{COMMAND} connect {other} <{much} 2>{tmp_path}/stderr >{tmp_path}/stdout")
        until(lambda: (tmp_path / "stdout").exists(), "its beginning")
        talker = f"{COMMAND} connect {where} >{tmp_path}/stdout2"
        pane = tmux.pane(f"{talker} <{much}" if given == "file" else f"cat {much} | {talker}")
        pane.shows(" sent, 0 B received, ")
        if given == "file":
            pane.shows(" %")
        one.go.set()
        two.go.set()
        assert (pane.ends(), silent.ends()) == ([], [])
    assert (one.n, two.n) == (32 * MIB, 32 * MIB)
    assert (tmp_path / "stderr").read_bytes() == b""


def test_progress_gives_way_to_what_comes(tmux, much):
    slow = Slow(b"prompt: ")
    with answering(slow) as where:
        pane = tmux.pane(f"{COMMAND} connect {where} <{much}")
        pane.shows(" sent, 0 B received, ")
        slow.first.set()
        pane.shows("prompt: ")
        assert pane.lines()[0] == "prompt:"
        slow.go.set()
        pane.shows("prompt: code 0\n")


def test_quiet_tells_no_progress(tmux, much, tmp_path):
    loud, quiet = Slow(), Slow()
    with answering(loud) as where, answering(quiet) as other:
        still = tmux.pane(f"{COMMAND} connect -q {other} <{much} >{tmp_path}/stdout")
        until(lambda: (tmp_path / "stdout").exists(), "its beginning")
        pane = tmux.pane(f"{COMMAND} connect {where} <{much} >/dev/null")
        pane.shows(" sent, ")
        assert "sent" not in still.text()
        loud.go.set()
        quiet.go.set()
        assert (pane.ends(), still.ends()) == ([], [])
