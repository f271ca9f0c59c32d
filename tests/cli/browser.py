# SPDX-License-Identifier: MIT
"""A headless Chromium on two pipes (its remote debugging protocol), for pages from files.

It tells what a page did besides being shown: dialogs, console messages,
exceptions, requests. Nothing listens on a port, and nothing is left behind.
"""
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time

LIMIT = 60
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe")
LOUD = {"Page.javascriptDialogOpening", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}


def installed():
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    def __init__(self, folder):
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        theirs_in, self.write = os.pipe()
        self.read, theirs_out = os.pipe()

        def pipes():
            """The protocol is spoken on descriptors 3 and 4."""
            held_in, held_out = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(held_in, 3)
            os.dup2(held_out, 4)

        self.process = subprocess.Popen([installed(), *QUIET, f"--user-data-dir={folder}/profile"], close_fds=False,
                                        preexec_fn=pipes, start_new_session=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)})
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def message(self, deadline):
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.read], [], [], left)[0], "the browser hangs"
            more = os.read(self.read, 1 << 16)
            assert more, "the browser has ended"
            self.rest += more
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + LIMIT
        while True:
            told = self.message(deadline)
            if told.get("id") == self.number:
                assert "error" not in told, told
                return told["result"]
            self.hear(told)

    def hear(self, told):
        self.events.append(told)
        if told.get("method") == "Page.javascriptDialogOpening":        # or everything stands still
            self.number += 1
            os.write(self.write, json.dumps({"id": self.number, "method": "Page.handleJavaScriptDialog",
                                             "sessionId": self.session, "params": {"accept": True}}).encode() + b"\0")

    def open(self, path):
        """Show a file; goes on when all of it is there."""
        self.events = []
        frame = self.ask("Page.navigate", url=path.as_uri())
        assert "errorText" not in frame, frame
        deadline = time.monotonic() + LIMIT
        while not any(told.get("method") == "Page.loadEventFired" for told in self.events):
            self.hear(self.message(deadline))

    def value(self, expression):
        told = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key, number):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=number)

    def said(self):
        """Everything loud that the page has done since it was opened."""
        self.ask("Runtime.evaluate", expression="0")            # what it did before is told before the answer
        return [told for told in self.events if told.get("method") in LOUD]

    def requests(self):
        return [told["params"]["request"]["url"] for told in self.events
                if told.get("method") == "Network.requestWillBeSent"]

    def close(self):
        """It ends when its pipe does; what will not is killed, with its children."""
        with contextlib.suppress(OSError, AssertionError):
            self.session = None
            self.ask("Browser.close")
        os.close(self.write)
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.read)
