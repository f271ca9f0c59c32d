#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run every test, and count.

    test.py [--soak] [PATTERN]

Unit and fault tests run in four builds, {gcc, clang} x {plain, sanitizers};
the lectures' programs and the command in the plainest and the strictest of
them, the command on each engine; the house's rules once; each fuzz target for
SOCKEYE_FUZZ_SECONDS (30). The last line says how many passed and failed.
--soak repeats all but the fuzzing and the house and sets SOCKEYE_SOAK=1 for
the tests.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build-logs"
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
          "-o", "faulthandler_timeout=120"]
SANITIZE = ["-Db_sanitize=address,undefined", "-Dbuildtype=debugoptimized"]
BUILDS = {
    "build": ("gcc", []),
    "build-gcc-asan": ("gcc", SANITIZE),
    "build-clang": ("clang", []),
    "build-clang-asan": ("clang", SANITIZE),
}
ENGINES = {             # the command's, by build: eperm and enosys are io_uring forbidden with that errno
    "build": ["epoll", "io_uring", "eperm", "enosys"],
    "build-clang-asan": ["epoll", "io_uring"],
}
CLIENTS = ["bad_ports", "completion", "connect", "demo", "doctor", "golden", "nc", "pages", "pcapng", "probe", "ptrace",
           "refusals", "send", "shim", "terminal", "trace_verb"]
SLOW = ["bad_ports", "fault_", "golden", "pages", "terminal"]      # they say little of a slow build that they do not say of a fast one
FUZZ = "build-fuzz"
FUZZ_BUILD = ("clang", ["-Dfuzz=true", *SANITIZE])
BUILD_LIMIT, SUITE_LIMIT, PYTEST_LIMIT = 600, 600, 1200     # seconds


def module_of(name):
    """The module of a test by any of the names that meson and pytest have for it."""
    return re.split(r"[/.]", name)[-1].strip()


class Tally:
    """What was run, and what failed, with the place to read about it."""

    def __init__(self):
        self.passed, self.skipped, self.failures = 0, 0, []

    def fail(self, name, log):
        self.failures.append((name, os.path.relpath(log, ROOT)))

    def line(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failures)} failed{skipped}"

    def add_junit(self, path, prefix, log):
        """Count a JUnit file's cases; returns the modules in which one failed."""
        bad = set()
        for suite in xml.parse(path).getroot().iter("testsuite"):
            for case in suite.iter("testcase"):
                tags = {child.tag for child in case}
                whole = " / " in case.get("name")       # the program did not get to its cases
                module = module_of(case.get("name" if whole else "classname"))
                if tags & {"failure", "error"}:
                    bad.add(module)
                    self.fail(f"{prefix}: {module} {case.get('name')}", log)
                elif "skipped" in tags:
                    self.skipped += 1
                else:
                    self.passed += 1
        return bad


def run(argv, limit, log, **environment):
    """The exit code of a command whose output goes to a log; 124 at the limit."""
    log.parent.mkdir(exist_ok=True)
    with open(log, "wb") as out:
        argv = ["timeout", "--kill-after=10", str(limit), *map(str, argv)]
        return subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT, env={**os.environ, **environment}).returncode


def build(name, compiler, options, target, tally):
    """Set up a build folder once, warnings being errors, and build. True when it is built."""
    log = LOGS / f"{name}.log"
    options = [*options, "-Dwerror=true"]
    if not (ROOT / name / "build.ninja").exists():
        setup = ["meson", "setup", name, *options]
    else:
        setup = ["meson", "configure", name, *options]
    code = run(setup, BUILD_LIMIT, log, CC=compiler)
    code = code or run(["ninja", "-C", name, *target], BUILD_LIMIT, log)
    if code:
        tally.fail(f"{name} does not build", log)
        print("", *[line for line in log.read_text(errors="replace").splitlines()
                    if re.search(r"\b(error|ERROR)\b", line)][:5], sep="\n")
    return code == 0


def modules(folder, pattern):
    """The tests of a build to run, and what to tell them: by their name, else by their claims'."""
    listed = subprocess.run(["meson", "test", "-C", folder, "--list"], cwd=ROOT, check=True,
                            capture_output=True, text=True, timeout=BUILD_LIMIT).stdout
    names = [module_of(line) for line in listed.splitlines() if " / " in line]
    named = [name for name in names if pattern in name]
    if named:
        return named, []
    claim = re.compile(rf"cmocka_unit_test\w*\(\w*{re.escape(pattern)}")
    having = {path.stem.removeprefix("test-") for kind in ("unit", "fault")
              for path in (ROOT / "tests" / kind).glob("test-*.c") if claim.search(path.read_text())}
    return [name for name in names if name in having], [f"--test-args={pattern}"]


def c_tests(folder, pattern, tally, rounds=1):
    """Unit and fault tests of one build."""
    names, extra = modules(folder, pattern)
    if not names:
        return
    logs = ROOT / folder / "meson-logs"
    for old in logs.glob("testlog*"):
        old.unlink()
    if rounds > 1:
        extra += [f"--repeat={rounds}", "--timeout-multiplier=10"]
    limit = SUITE_LIMIT * (1 + rounds // 4)
    run(["meson", "test", "-C", folder, "--no-rebuild", *extra, *names], limit,
        LOGS / f"{folder}-tests.log", **({"SOCKEYE_SOAK": "1"} if rounds > 1 else {}))
    log = logs / "testlog.txt"
    told = logs / "testlog.json"
    entries = [json.loads(line) for line in told.open()] if told.exists() else []
    if len(entries) < len(names):
        tally.fail(f"{folder}: {len(names) - len(entries)} tests did not end", log)
    if rounds > 1:
        count_runs(folder, entries, tally, log)
        return
    cases = logs / "testlog.junit.xml"
    bad = tally.add_junit(cases, folder, log) if cases.exists() else set()
    for entry in entries:           # a crash or a hang is in no case of its own
        name = module_of(entry["name"])
        if entry["result"] not in ("OK", "SKIP") and name not in bad:
            tally.fail(f"{folder}: {name} ({entry['result'].lower()})", log)


def count_runs(folder, entries, tally, log):
    """In a soak each run of a test program counts as one."""
    for entry in entries:
        if entry["result"] in ("OK", "SKIP"):
            tally.passed += 1
        else:
            tally.fail(f"{folder}: {module_of(entry['name'])} ({entry['result'].lower()})", log)


def python_tests(folder, suite, pattern, tally, label="", without=(), **environment):
    """Black-box tests against one build, by the Python that is the oracle too. A label tells runs apart."""
    name = "-".join(part for part in (folder, suite, label) if part)
    result, log = LOGS / f"{name}.xml", LOGS / f"{name}.log"
    soaking = "SOCKEYE_SOAK" in environment
    limit = PYTEST_LIMIT * (4 if soaking else 1)
    without = [*without, *(SLOW if "asan" in folder and not soaking else [])]
    less = [f"--ignore-glob=*/test_{name}*" for name in without]
    result.unlink(missing_ok=True)
    code = run([*PYTEST, f"--junitxml={result}", *(["-k", pattern] if pattern else []), *less, f"tests/{suite}"],
               limit, log, SOCKEYE_BUILD=str(ROOT / folder), PYTHONDONTWRITEBYTECODE="1",
               **environment)
    if result.exists():
        bad = tally.add_junit(result, f"{folder} {label}".strip(), log)
    if not result.exists() or (code not in (0, 5) and not bad):    # 5: no test has such a name
        tally.fail(f"{folder}: pytest of {suite} {label}".rstrip() + f" (exit code {code})", log)


def command_tests(folder, pattern, tally, step, **environment):
    """The command, on each engine that says something new of this build. Its clients have none: once is enough."""
    for i, engine in enumerate(ENGINES.get(folder, [])):
        step(f"command on {engine} in {folder}", python_tests, folder, "cli", pattern, tally, engine,
             CLIENTS if i else (), SOCKEYE_ENGINE=engine, **environment)


def fuzz(target):
    """One target on a copy of its corpus, so that the tree stays as it is."""
    seconds = int(os.environ.get("SOCKEYE_FUZZ_SECONDS", "30"))
    name = target.name
    work, log = ROOT / FUZZ / "work" / name, LOGS / f"{name}.log"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    seeds = ROOT / "tests/fuzz/corpus" / name.removeprefix("fuzz-")
    code = run([target, f"-max_total_time={seconds}", "-timeout=10", f"-artifact_prefix={LOGS}/{name}-",
                work, *([seeds] if seeds.is_dir() else [])], seconds + 60, log)
    shutil.rmtree(work)
    return name, code, log


def fuzz_tests(pattern, tally):
    if not build(FUZZ, *FUZZ_BUILD, ["fuzzers"], tally):
        return
    targets = sorted(path for path in (ROOT / FUZZ / "tests/fuzz").glob("fuzz-*")
                     if path.is_file() and pattern in path.name)
    with ThreadPoolExecutor(2) as pool:
        for name, code, log in pool.map(fuzz, targets):
            if code:
                tally.fail(f"{FUZZ}: {name} (exit code {code})", log)
            else:
                tally.passed += 1


class Steps:
    """Says what is under way, and how each step went."""

    def __init__(self, tally):
        self.tally = tally

    def __call__(self, about, do, *arguments, **more):
        print(f"test: {about} ...", end=" ", flush=True)
        start, passed, failed = time.monotonic(), self.tally.passed, len(self.tally.failures)
        answer = do(*arguments, **more)
        passed, failed = self.tally.passed - passed, len(self.tally.failures) - failed
        print(f"{passed} passed, {failed} failed" if passed or failed else "done",
              f"({time.monotonic() - start:.0f} s)", flush=True)
        return answer


def test(pattern, tally):
    step, built = Steps(tally), []
    for name, (compiler, options) in BUILDS.items():
        if step(f"building {name}", build, name, compiler, options, ["all", "meson-test-prereq"], tally):
            built.append(name)
    for name in built:
        step(f"unit and fault tests in {name}", c_tests, name, pattern, tally)
    if "build" in built:
        step("lectures in build", python_tests, "build", "lectures", pattern, tally)
        step("house in build", python_tests, "build", "house", pattern, tally)
    if "build-clang-asan" in built:
        step("lectures in build-clang-asan", python_tests, "build-clang-asan", "lectures", pattern, tally)
    for name in built:
        command_tests(name, pattern, tally, step)
    step("fuzzing", fuzz_tests, pattern, tally)


def soak(pattern, tally):
    step, rounds = Steps(tally), max(2, int(os.environ.get("SOCKEYE_SOAK_ROUNDS", "50")))
    for name in ("build", "build-clang-asan"):
        if not step(f"building {name}", build, name, *BUILDS[name], ["all", "meson-test-prereq"], tally):
            continue
        step(f"unit and fault tests in {name}, {rounds} times", c_tests, name, pattern, tally, rounds)
        for round in range(1, rounds // 5 + 2):
            step(f"lectures in {name}, round {round}", python_tests, name, "lectures", pattern, tally,
                 SOCKEYE_SOAK="1")
            command_tests(name, pattern, tally, step, SOCKEYE_SOAK="1")


def main():
    parser = argparse.ArgumentParser(prog="run test")
    parser.add_argument("--soak", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("pattern", nargs="?", default="", help="a part of a test's name")
    options = parser.parse_args()
    if not re.fullmatch(r"[\w.-]*", options.pattern):
        parser.error("a pattern is made of letters, digits, '_', '-' and '.'")
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir()
    tally = Tally()
    (soak if options.soak else test)(options.pattern, tally)
    for name, log in tally.failures:
        print(f"FAILED {name}: see {log}")
    print(tally.line())
    return 1 if tally.failures or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
