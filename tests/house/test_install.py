# SPDX-License-Identifier: MIT
"""An installed library serves a program outside the tree, shared and static."""
import json
import os
import pathlib
import subprocess

import pytest
from conftest import BUILD, LIMIT, ROOT, out

PROGRAM = r"""
#include <sockeye.h>
#include <sockeye/addr.h>
#include <sockeye/eye.h>
#include <sockeye/line.h>
#include <sockeye/many.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(void)
{
	struct sock pair[2];
	char buf[16];

	if (sock_pair(pair, 0, 0) < 0)
		return sock_report(&pair[0]);
	sock_sendall(&pair[0], "sockeye", 7);
	printf("%.*s\n", (int)sock_recv(&pair[1], buf, sizeof buf), buf);
	sock_close(&pair[0]);
	return sock_close(&pair[1]);
}
"""
# How a program is linked: extra flags for pkg-config and for the compiler.
WAYS = {
    "shared": ([], []),
    "static": (["--static"], ["-static"]),
    "archive": (["--static"], ["-Wl,-Bstatic"]),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The installed tree, and the environment in which pkg-config finds it."""
    where = tmp_path_factory.mktemp("tree")
    out("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", where)
    pc = next(where.rglob("sockeye.pc"))
    env = dict(os.environ, PKG_CONFIG_LIBDIR=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(where),
               LD_LIBRARY_PATH=str(pc.parent.parent))
    return where, env


def link(way, folder, env):
    ask, flags = WAYS[way]
    source, program = folder / "program.c", folder / "program"
    source.write_text(PROGRAM)
    found = out("pkg-config", *ask, "--cflags", "--libs", "sockeye", env=env).split()
    if way == "archive":                    # the library static, libc as usual
        found = [flag.replace("-lsockeye", "-l:libsockeye.a") for flag in found]
        flags = []
    out("gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, *flags, *found, "-o", program)
    return program


@pytest.mark.parametrize("way", WAYS)
def test_a_program_links_runs_and_is_traced(way, tree, tmp_path):
    _, env = tree
    program, trace = link(way, tmp_path, env), tmp_path / "trace"
    done = subprocess.run([program], env=dict(env, SOCKEYE_TRACE=str(trace)), capture_output=True,
                          text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "sockeye\n", "")
    calls = [json.loads(line)["call"] for line in trace.read_text().splitlines()]
    assert {"socketpair", "send", "recv", "close"} <= set(calls)
    assert trace.stat().st_mode & 0o777 == 0o600


def test_only_the_shared_way_needs_the_library_at_run_time(tree, tmp_path):
    for way in WAYS:
        folder = tmp_path / way
        folder.mkdir()
        needed = out("readelf", "-d", link(way, folder, tree[1]))
        assert ("libsockeye.so.0" in needed) == (way == "shared"), way


def test_the_manual_and_the_headers_are_installed(tree):
    files = [path for path in pathlib.Path(tree[0]).rglob("*") if path.is_file()]
    names = {path.name for path in files}
    wanted = {path.name for path in (ROOT / "include").rglob("*.h")}
    pages = {f"man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").glob("*.[0-9]")}
    assert wanted - names == set()
    assert pages - {f"{path.parent.name}/{path.name}" for path in files} == set()
    assert {"libsockeye.a", "libsockeye.so.0.1.0", "sockeye.pc"} <= names


def test_the_command_is_installed_and_needs_nothing_of_the_tree(tree):
    command = next(pathlib.Path(tree[0]).rglob("bin/sockeye"))
    assert out(command, "--version", cwd="/") == "sockeye 0.1.0\n"
    assert "libsockeye" not in out("readelf", "-d", command)


def test_the_shells_find_the_completion_of_the_command(tree):
    share = next(pathlib.Path(tree[0]).rglob("bash-completion")).parent
    for shell, place in (("bash", "bash-completion/completions/sockeye"), ("zsh", "zsh/site-functions/_sockeye"),
                         ("fish", "fish/vendor_completions.d/sockeye.fish")):
        assert (share / place).read_text() == out(BUILD / "src/cmd/sockeye", "completion", shell)
