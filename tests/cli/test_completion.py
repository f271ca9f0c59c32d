# SPDX-License-Identifier: MIT
"""`sockeye completion`: bash, zsh and fish themselves are asked what they would offer."""
import functools
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, LIMIT, environment, run

SHELLS = ["bash", "zsh", "fish"]


@functools.cache
def script(shell):
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def section(text, title):
    return re.search(rf"^{title}:\n((?:.+\n?)*)", text, re.M)[1]


@functools.cache
def help_of(*verb):
    return run(*verb, "--help").stdout


def verbs():
    return re.findall(r"^  (\w+)", section(help_of(), "Verbs"), re.M)


def services():
    return re.findall(r"^  (\w+) +port", help_of("serve"), re.M)


def options(verb):
    """(letter, name, placeholder) of each option that a verb's help lists; of the command for ''."""
    return re.findall(r"^  (?:-(\w), |    )--([\w-]+) ?(\S*)", help_of(*[verb] if verb else []), re.M)


def written(verb):
    return {f"--{name}" for _, name, _ in options(verb)} | {f"-{letter}" for letter, _, _ in options(verb) if letter}


def words_of(placeholder):
    """Those that stand for themselves."""
    return {word for word in placeholder.split("|") if word == word.lower()}


ALL = [(verb, *option) for verb in ["", *verbs()] for option in options(verb)]
WITH_VALUE = [each for each in ALL if each[3]]
NAMES = [f"{verb or 'sockeye'}--{name}" for verb, _, name, _ in ALL]
VALUE_NAMES = [f"{verb}--{name}" for verb, _, name, _ in WITH_VALUE]
TAKE_ADDRESS = [verb for verb in verbs() if re.search(r"\b(ADDRESS|SERVICE)\b", help_of(verb).splitlines()[0])]


def need(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    return shell


def ask(shell, code, *arguments, home=None, cwd=None):
    """What a shell prints; it must end well and say nothing else."""
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    behind = [] if shell == "fish" else [shell]      # what would be $0
    done = subprocess.run([need(shell), *flags, "-c", code, *behind, *arguments], capture_output=True, text=True,
                          timeout=LIMIT, cwd=cwd, stdin=subprocess.DEVNULL,
                          env=environment(**({"HOME": str(home)} if home else {})))
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


# -- The verb -----------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_its_script(shell, tmp_path):
    file = tmp_path / "script"
    file.write_text(script(shell))
    done = subprocess.run([need(shell), "-n", str(file)], capture_output=True, text=True, timeout=LIMIT,
                          env=environment(HOME=str(tmp_path)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_file_that_is_installed_is_what_is_printed(shell):
    name = {"bash": "sockeye", "zsh": "_sockeye", "fish": "sockeye.fish"}[shell]
    assert (BUILD / "completion" / name).read_text() == script(shell)


@pytest.mark.parametrize("arguments, part", [
    ([], "no shell named"),
    (["--"], "no shell named"),
    (["bahs"], "no shell 'bahs': did you mean bash?"),
    (["fihs"], "did you mean fish?"),
    (["powershell-of-old"], "no shell 'powershell-of-old' is known here"),
    ([""], "no shell ''"),
    (["bash", "zsh"], "zsh: a second shell"),
    (["--help=me"], "--help takes no value"),
    (["--bash"], "no option '--bash'"),
    (["-b"], "-b is no option"),
])
def test_a_wrong_command_line_is_two_lines_and_exit_2(arguments, part):
    done = run("completion", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 2)
    assert part in done.stderr and "usage: sockeye completion [OPTIONS] bash|zsh|fish" in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_a_full_disk_is_told(shell):
    with open("/dev/full", "w") as full:
        done = run("completion", shell, stdout=full)
    assert done.returncode == 1 and "No space left on device" in done.stderr


@pytest.mark.parametrize("verb, letter, name, placeholder", ALL, ids=NAMES)
def test_every_option_of_every_verb_is_in_each_script(verb, letter, name, placeholder):
    bash = re.search(rf"^\t{verb or chr(39) * 2}\)\n\t\toptions='(.*)'", script("bash"), re.M)[1].split()
    zsh = re.search(rf"^_sockeye{'_' * bool(verb)}{verb}\(\)\n{{\n((?:.+\n|\n)*?)}}\n", script("zsh"), re.M)[1]
    fish = [line for line in script("fish").splitlines()
            if line.startswith("complete -c sockeye -n '__sockeye_verb_is " + (verb or '""') + "'")]
    assert f"--{name}" in bash and (not letter or f"-{letter}" in bash)
    assert re.search(rf"'(\(.*?\)|\*)?--{name}=?\[", zsh)
    assert not letter or re.search(rf"'(\(.*?\)|\*)?-{letter}\+?\[", zsh)
    assert any(f" -l {name} " in line and (not letter or f" -s {letter} " in line) for line in fish)


# -- bash -----------------------------------------------------------------------------------

COMPLETE = """
eval "$1"
shift
COMP_WORDS=(sockeye "$@")
COMP_CWORD=$#
_sockeye
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash(*words, cwd=None):
    """What bash offers for the last of the words."""
    return ask("bash", COMPLETE, script("bash"), *words, cwd=cwd).splitlines()


def test_bash_offers_the_verbs():
    assert bash("") == verbs()
    assert bash("se") == [verb for verb in verbs() if verb.startswith("se")]
    assert set(bash("-")) == {"--version", "--help", "-h"}
    assert bash("zzz") == []


def test_bash_is_told_for_which_command_it_is():
    assert ask("bash", 'eval "$1"; complete -p sockeye', script("bash")) == "complete -F _sockeye sockeye\n"


@pytest.mark.parametrize("verb", verbs())
def test_bash_offers_the_options_of_a_verb(verb):
    assert set(bash(verb, "-")) == written(verb)
    assert set(bash(verb, "--")) == {option for option in written(verb) if option.startswith("--")}
    assert bash(verb, "--hel") == ["--help"]


@pytest.mark.parametrize("verb, letter, name, placeholder", WITH_VALUE, ids=VALUE_NAMES)
def test_bash_offers_the_words_of_a_placeholder(verb, letter, name, placeholder, tmp_path):
    (tmp_path / "a file").touch()
    ways = [f"--{name}"] + [f"-{letter}"] * bool(letter)
    if placeholder in ("FILE", "DIR"):
        assert [bash(verb, way, "a", cwd=tmp_path) for way in ways] == [["a file"]] * len(ways)
    elif placeholder == "COMMAND":
        assert all("printf" in bash(verb, way, "print", cwd=tmp_path) for way in ways)
    else:
        assert [set(bash(verb, way, "", cwd=tmp_path)) for way in ways] == [words_of(placeholder)] * len(ways)


def test_some_placeholders_have_words():
    assert set(bash("serve", "--full", "")) == {"wait", "refuse"}
    assert set(bash("serve", "--engine", "e")) == {"epoll"}
    assert bash("serve", "--idle", "") == ["off"] and bash("serve", "--workers", "") == []


def test_bash_offers_files_behind_an_option_that_takes_one(tmp_path):
    for name in ("one.json", "two words", "other"):
        (tmp_path / name).touch()
    assert sorted(bash("connect", "--record", "", cwd=tmp_path)) == ["one.json", "other", "two words"]
    assert bash("connect", "echo", "--record", "=", "t", cwd=tmp_path) == ["two words"]


def test_bash_knows_a_value_behind_an_equals_sign():
    """Which is a word of its own, unless COMP_WORDBREAKS says otherwise."""
    assert set(bash("serve", "--full", "=")) == {"wait", "refuse"}
    assert bash("serve", "--full", "=", "w") == ["wait"]
    assert bash("serve", "--full=w") == ["--full=wait"]


@pytest.mark.parametrize("verb", TAKE_ADDRESS)
def test_bash_offers_services_where_one_or_an_address_is_taken(verb):
    assert bash(verb, "") == services()
    assert bash(verb, "--help", "up") == ["upper"]
    assert bash(verb, "da") == ["daytime"]


def test_the_verbs_that_take_an_address_are_known():
    assert {"serve", "connect", "send"} <= set(TAKE_ADDRESS)


def conversations():
    return re.findall(r"^(\S+)", run("demo", "--list").stdout, re.M)


def test_bash_offers_shells_conversations_and_where_nothing_follows_the_options():
    assert bash("completion", "") == SHELLS
    assert bash("demo", "") == conversations()
    assert bash("demo", "udp-h") == ["udp-hello"]
    assert set(bash("doctor", "")) == written("doctor")
    assert bash("no-such-verb", "") == []


def test_bash_offers_programs_and_files_where_either_is_taken(tmp_path):
    (tmp_path / "talk.json").touch()
    assert bash("trace", "talk", cwd=tmp_path) == ["talk.json"]
    assert "printf" in bash("trace", "--quiet", "print")


def test_bash_is_not_misled_by_what_stands_before_the_verb():
    assert bash("--version", "ser") == ["serve"]
    assert bash("serve", "connect", "--ful") == ["--full"]


# -- fish ------------------------------------------------------------------------------------


def fish(line, home):
    """Offered word -> what is said of it."""
    said = ask("fish", "source $argv[1]; complete -C $argv[2]", home / "script", line, home=home)
    return dict((text + "\t").split("\t")[:2] for text in said.splitlines())


@pytest.fixture
def home(tmp_path):
    (tmp_path / "script").write_text(script("fish"))
    return tmp_path


def about(verb, name):
    """What the short help says, in one line."""
    text = run(verb, "-h").stdout
    told = re.search(rf"--{name}\b ?\S* *\n? +((?:.+\n)(?: {{30}}.+\n)*)", text)[1]
    return " ".join(told.split())


def test_fish_offers_what_bash_offers(home):
    assert set(fish("sockeye ", home)) == set(verbs())
    assert set(fish("sockeye serve ", home)) == set(services())
    assert set(fish("sockeye serve --full ", home)) == {"wait", "refuse"}
    assert set(fish("sockeye serve --full=r", home)) == {"--full=refuse"}
    assert set(fish("sockeye completion ", home)) == set(SHELLS)
    assert set(fish("sockeye demo ", home)) == set(conversations())
    for verb in verbs():
        assert {word for word in fish(f"sockeye {verb} -", home)} >= written(verb) - {"-h"}


def test_fish_says_what_an_option_is_up_to_the_semicolon(home):
    told = fish("sockeye serve --", home)
    assert told["--congestion"] == about("serve", "congestion") == "TCP's congestion control: cubic, bbr, ..."
    assert told["--ready-fd"] == 'where to write a line "ready"'
    assert told["--max-clients"] == "connections at once"


def test_fish_offers_files_behind_an_option_that_takes_one_alone(home):
    (home / "a file").touch()
    assert f"{home}/a file" in fish(f"sockeye connect --record {home}/a", home)
    assert fish(f"sockeye serve --workers {home}/a", home) == {}


# -- zsh -------------------------------------------------------------------------------------

STUBS = """
compdef() { print -r -- "compdef $*" }
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- "$@" "${(@P)@[-1]}" }
source "$1"
"$2"
"""


def zsh(function, tmp_path):
    """What a function of the script hands on, a line for each argument."""
    file = tmp_path / "script"
    file.write_text(script("zsh"))
    lines = ask("zsh", STUBS, str(file), function).splitlines()
    assert lines[0] == "compdef _sockeye sockeye"
    return lines[1:]


def test_zsh_hands_on_texts_as_they_are(tmp_path):
    told = zsh("_sockeye_serve", tmp_path)
    assert r"--congestion=[TCP's congestion control\: cubic, bbr, ...]:NAME: " in told
    assert "--full=[what callers beyond that do]:wait|refuse:(wait refuse)" in told
    assert "*-v[tell who comes and goes]" in told
    assert told[-1] == "*:service or address:_sockeye_services"


def test_zsh_offers_verbs_services_files_and_commands(tmp_path):
    assert [line.partition(":")[0] for line in zsh("_sockeye_verbs", tmp_path)[4:]] == verbs()
    assert [line.partition(":")[0] for line in zsh("_sockeye_services", tmp_path)[4:]] == services()
    told = zsh("_sockeye_connect", tmp_path)
    assert any(line.startswith("--record=[") and line.endswith(":FILE:_files") for line in told)
    assert any(line.startswith("(-e --exec)--exec=[") and line.endswith(":COMMAND:_command_names -e") for line in told)
    assert zsh("_sockeye_completion", tmp_path)[-1] == "*:word:(bash zsh fish)"
    assert zsh("_sockeye_trace", tmp_path)[-1] == "*:argument:{_command_names -e; _files}"
    assert zsh("_sockeye_demo", tmp_path)[-1] == f"*:word:({' '.join(conversations())})"


def test_zsh_completes_by_its_own_system(tmp_path):
    """The whole of it, as compinit loads a file of $fpath; the words that are left go to the verb."""
    (tmp_path / "_sockeye").write_text(script("zsh"))
    code = """
    fpath=("$1" $fpath)
    autoload -Uz compinit
    compinit -u -D
    print -r -- $_comps[sockeye]
    """
    assert ask("zsh", code, str(tmp_path), home=tmp_path) == "_sockeye\n"
