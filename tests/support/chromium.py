"""Drives a headless Chromium over a pipe, with the DevTools protocol.

Messages are JSON, each followed by a NUL; Chromium reads them from file descriptor 3 and writes its
own to 4. So no port is opened and no library is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium")
PATIENCE = 120  # seconds; the machine may be busy
# Gives the pipes the numbers that Chromium expects, and then becomes Chromium. Both are moved away
# first, in case one has the other's number.
_BECOME = """
import fcntl, os, sys
away = [fcntl.fcntl(int(pipe), fcntl.F_DUPFD, 10) for pipe in sys.argv[1:3]]
for pipe, number in zip(away, (3, 4)):
    os.dup2(pipe, number)
os.execv(sys.argv[3], sys.argv[3:])
"""
COMPLAINTS = ("error", "warning", "assert")


class ChromiumError(RuntimeError):
    """Chromium has ended, does not answer, or answers with an error."""


@dataclass
class Tab:
    """A browser tab.

    complaints: errors and warnings in its console. requests: addresses that it requested, apart
    from those inside the page.
    """

    write: int
    read: int
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the protocol. Raises ChromiumError."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        try:
            os.write(self.write, json.dumps(message).encode() + b"\0")
        except BrokenPipeError as error:
            raise ChromiumError("Chromium has ended") from error
        for answer in self._answers(PATIENCE):
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise ChromiumError(f"{method}: {answer['error']}")
                return answer["result"]
        raise ChromiumError(f"{method}: no answer in {PATIENCE} seconds")

    def open(self, path: Path, fragment: str = "") -> None:
        """Opens a file, and waits until it is loaded."""
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.until("document.readyState == 'complete'")

    def ask(self, expression: str) -> Any:
        """The value of an expression in JavaScript. Raises ChromiumError where it throws."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in found:
            raise ChromiumError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, expression: str) -> Any:
        """Waits until an expression is true, and returns its value. Raises ChromiumError."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.ask(expression):
                return found
            time.sleep(0.1)
        raise ChromiumError(f"{expression}: not so in {PATIENCE} seconds")

    def click(self, element: str) -> None:
        """Clicks into the middle of the element that an expression finds."""
        self.click_at(
            f"(() => {{ const found = {element}; if (!found) return null; "
            "found.scrollIntoView({block: 'center', behavior: 'instant'}); "
            "const box = found.getBoundingClientRect(); "
            "return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null })()"
        )

    def click_at(self, where: str) -> None:
        """Clicks at [x, y], the value of an expression, once that has stopped moving."""
        before = None
        while (place := self.until(where)) != before:
            before = place
            time.sleep(0.3)
        x, y = place
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def screenshot(self, path: Path, whole: bool = True) -> Path:
        """Writes a PNG of what is visible, or of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def pdf(self, path: Path) -> Path:
        """Prints to a PDF, on the paper that the stylesheet asks for."""
        printed = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        path.write_bytes(base64.b64decode(printed["data"]))
        return path

    def _answers(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Messages as they arrive. Notes complaints and requests on the way."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            while b"\0" in self._rest:
                message, _, self._rest = self._rest.partition(b"\0")
                answer = json.loads(message)
                self._note(answer.get("method", ""), answer.get("params", {}))
                yield answer
            if select.select([self.read], [], [], left)[0]:
                block = os.read(self.read, 1 << 20)
                if not block:
                    raise ChromiumError("Chromium has ended")
                self._rest += block

    def _note(self, event: str, said: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.complaints.append(str(said["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled" and said["type"] in COMPLAINTS:
            self.complaints.append(str(said["args"]))
        elif event == "Log.entryAdded" and said["entry"]["level"] in COMPLAINTS:
            self.complaints.append(said["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if not address.startswith(("data:", "blob:")):
                self.requests.append(address)


@contextmanager
def tab(profile: Path, width: int = 1200, height: int = 900) -> Iterator[Tab]:
    """A tab of a new Chromium. profile: a folder for its profile."""
    commands, answers = os.pipe(), os.pipe()
    options = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
        f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank",
    ]  # fmt: skip
    pipes = (commands[0], answers[1])
    process = subprocess.Popen(
        [sys.executable, "-c", _BECOME, *map(str, pipes), str(PROGRAM), *options],
        pass_fds=pipes, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(commands[0])
    os.close(answers[1])
    try:
        found = Tab(commands[1], answers[0])
        target = found.call("Target.createTarget", url="about:blank")["targetId"]
        attached = found.call("Target.attachToTarget", targetId=target, flatten=True)
        found.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            found.call(f"{domain}.enable")
        yield found
    finally:
        process.kill()
        process.wait()
        os.close(commands[1])
        os.close(answers[0])
