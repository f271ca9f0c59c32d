# SPDX-License-Identifier: MIT
"""The ladder as a picture and as a page: well formed, self-contained, and deaf to what strangers say."""
import base64
import hashlib
import re
import shutil
import subprocess

import attacks
import browser
import pytest
from conftest import BUILD, LIMIT, environment

DRAW = str(BUILD / "tests/cli/draw-page")
SCENES = ("nothing", "echo", "udp", "three", "four", "crowd", "many")
KINDS = ("svg", "html")
IDS = [f"{i}-{''.join(c if c.isalnum() else '.' for c in attacks.visible(data))[:24]}"
       for i, data in enumerate(attacks.ALL)]


def draw(kind, scene, data=b"", *more):
    done = subprocess.run([DRAW, kind, scene, *more], input=data, capture_output=True, timeout=LIMIT, env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def hold_well_formed(page):
    if not shutil.which("xmllint"):
        pytest.skip("xmllint is not installed")
    done = subprocess.run(["xmllint", "--huge", "--nonet", "--noout", "-"], input=page, capture_output=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if not browser.installed():
        pytest.skip("no Chromium is installed")
    one = browser.Browser(tmp_path_factory.mktemp("browser"))
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def show(chromium, tmp_path):
    """Draw a scene, open it, and be the browser that shows it."""
    def go(kind, scene, data=b"", change=lambda page: page):
        path = tmp_path / f"page.{kind}"
        path.write_bytes(change(draw(kind, scene, data)))
        chromium.open(path)
        return chromium
    return go


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scene", SCENES)
def test_every_picture_is_well_formed(kind, scene):
    hold_well_formed(draw(kind, scene))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", attacks.ALL, ids=IDS)
def test_no_stranger_breaks_the_form(kind, data):
    page = draw(kind, "attack", data)
    page.decode()
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", page)
    hold_well_formed(page)


def test_enough_strangers_are_tried():
    assert len(attacks.ALL) >= 60 and len(set(attacks.ALL)) == len(attacks.ALL)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outside_is_named(kind):
    page = draw(kind, "four").decode()
    told = re.findall(r"""(?:https?:|//[a-z])[^"'\s<]*""", page)
    assert {link for link in told if "127.0.0.1" not in link} <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
    assert re.findall(r"(?:href|src)=\"(?!#)", page) == [] and "@import" not in page
    assert [use for use in re.findall(r"url\([^)]*\)", page) if not use.startswith("url(#head-")] == []


def test_a_picture_has_no_script():
    page = draw("svg", "four")
    assert b"<script" not in page and not re.search(rb"\son[a-z]+=", page)


def test_the_policy_allows_what_the_page_has_and_nothing_else():
    page = draw("html", "echo").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    digest = {tag: base64.b64encode(hashlib.sha256(re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)[1].encode()).digest())
              for tag in ("style", "script")}
    assert allowed == {"default-src": "'none'", "style-src": f"'sha256-{digest['style'].decode()}'",
                       "script-src": f"'sha256-{digest['script'].decode()}'", "base-uri": "'none'", "form-action": "'none'"}
    assert page.count("<script") == page.count("<style") == 1
    assert not re.search(r"\s(on[a-z]+|style)=", page)


def test_two_untimed_pictures_are_one():
    for kind in KINDS:
        page = draw(kind, "echo", b"", "untimed")
        assert page == draw(kind, "echo", b"", "untimed")
        assert b"pid 42" not in page and b"seconds" not in page and b"0.000137" not in page


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", attacks.ALL, ids=IDS)
def test_a_browser_obeys_no_stranger(kind, data, show):
    page = show(kind, "attack", data)
    text = attacks.visible(data.split(b"\0")[0])
    title = page.value("document.querySelector('title').textContent")
    assert title == text or not text
    assert page.value("document.querySelectorAll('script').length") == (kind == "html")
    assert page.value("document.querySelectorAll('img,iframe,object,embed,base,form,foreignObject,use,animate,set').length") == 0
    assert page.value("[...document.querySelectorAll('*')].every(e => [...e.attributes].every(a => !/^on/i.test(a.name)))")
    if kind == "html":
        assert page.value("document.querySelector('#c2 pre.text').textContent") == attacks.visible(data)
        assert page.value("document.querySelector('#c2 h3 code').textContent") == f"{text} = 1"
        assert page.value("document.querySelector('#r4 .note').textContent") == text or not text
    assert page.said() == []
    assert [url for url in page.requests() if not url.endswith(f"page.{kind}")] == []


def chosen(page):
    return page.value("[...document.querySelectorAll('section.call')].filter(s => s.offsetHeight).map(s => s.id)")


def test_a_click_shows_the_call(show):
    page = show("html", "echo")
    assert chosen(page) == []
    page.value("document.getElementById('at-c8').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))")
    page.value("new Promise(done => setTimeout(done))")
    assert chosen(page) == ["c8"]
    assert page.value("document.querySelectorAll('path.chosen').length") == 1
    assert page.value("document.querySelector('.ladder a.pair').getAttribute('href')") == "#c7"
    assert page.said() == []


def test_keys_go_from_call_to_call_and_across(show):
    page = show("html", "echo")
    page.press("Tab", 9)
    first = chosen(page)
    assert len(first) == 1
    page.press("ArrowDown", 40)
    assert len(chosen(page)) == 1 and chosen(page) != first
    page.value("document.getElementById('at-c8').focus()")
    assert chosen(page) == ["c8"]
    page.press("ArrowLeft", 37)
    assert chosen(page) == ["c7"]
    assert page.value("location.hash") == "#c7"
    page.press("Escape", 27)
    assert chosen(page) == [] and page.said() == []


def test_without_the_script_the_calls_are_a_list(show):
    page = show("html", "echo", change=lambda text: re.sub(rb"script-src '[^']*'", b"script-src 'none'", text))
    every = page.value("[...document.querySelectorAll('section.call')].map(s => s.id)")
    assert chosen(page) == every and len(every) > 10
    assert page.value("getComputedStyle(document.querySelector('.back')).display") == "block"


@pytest.mark.parametrize("scene", SCENES[1:-1])
def test_no_words_lie_upon_each_other(scene, show):
    page = show("svg", scene)
    assert page.value("""(() => {
        const boxes = [...document.querySelectorAll('text')].filter(t => t.textContent && !t.hasAttribute('transform'))
            .map(t => [t.textContent, t.getBoundingClientRect()]);
        return boxes.flatMap(([a, x], i) => boxes.slice(i + 1).filter(([b, y]) => x.left < y.right - 1 &&
            y.left < x.right - 1 && x.top < y.bottom - 4 && y.top < x.bottom - 4).map(([b]) => a + ' | ' + b));
    })()""") == []
    assert page.value("""[...document.querySelectorAll('text')].filter(t => t.getBoundingClientRect().left < 0 ||
        t.getBoundingClientRect().right > document.documentElement.getBoundingClientRect().right).length""") == 0
