"""A real browser without a window: Chromium, spoken to through its DevTools protocol over a pair of pipes."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE: Final = 8.0  # seconds for anything that the page is waited for
ENDED: Final = "Chromium has ended"


def find() -> str:
    """The browser that is installed; CHROMIUM names another one."""
    found = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(
            "There is no Chromium here. On Debian: apt-get install chromium; or set CHROMIUM to one."
        )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, which is gone afterwards."""
    to_read, to_us = os.pipe()
    from_us, to_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="persona-chromium-", ignore_cleanup_errors=True) as profile:
        options = [
            "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run",
            "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
            "--font-render-hinting=none", *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]  # fmt: skip

        def wire() -> None:
            """Chromium reads from file descriptor 3 and writes to 4, whatever they are here."""
            ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (from_us, to_us)]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        process = subprocess.Popen(
            [find(), *options, "about:blank"], preexec_fn=wire, pass_fds=(3, 4),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(from_us)
        os.close(to_us)
        try:
            yield Browser(to_read, to_write)
        finally:
            process.terminate()
            process.wait(20)
            os.close(to_read)
            os.close(to_write)


class Browser:
    def __init__(self, to_read: int, to_write: int) -> None:
        self._read, self._write = to_read, to_write
        self._last = 0
        self._rest = b""
        self._events: list[dict[str, Any]] = []

    def tab(
        self, width: int = 1280, height: int = 900, *, dark: bool = False, still: bool = True, scale: float = 1
    ) -> Tab:
        """A new tab with cookies of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            tab.call(f"{domain}.enable")
        tab.resize(width, height, scale)
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "",
        }
        tab.call(
            "Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in features.items()]
        )
        return tab

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Send a command and wait for what it gives; what happens meanwhile is kept for `happened`."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") != self._last:
                self._events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return dict(answer["result"])

    def happened(self, session: str) -> list[dict[str, Any]]:
        return [event for event in self._events if event.get("sessionId") == session]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._read, 1 << 16)
            if not read:
                raise EOFError(ENDED)
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


class Tab:
    """One page. What it asked the network for, wrote to the console and so on is kept from its beginning."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """What a JavaScript expression gives; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, condition: str) -> Any:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self._try(condition)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The page never came to: {condition}. It shows: {self.text()}")
            time.sleep(0.03)
        return value

    def text(self) -> str:
        return str(self.run("document.body?.innerText ?? ''"))

    def source(self) -> str:
        """All that the page holds now, with what the user does not see."""
        return str(self.run("document.documentElement.outerHTML"))

    def hover(self, selector: str) -> None:
        x, y = self._middle(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        x, y = self._middle(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        code = {"Enter": 13, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path: Path | None = None) -> bytes:
        """What the window shows, as PNG."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if path:
            path.write_bytes(data)
        return data

    @property
    def asked(self) -> list[str]:
        """Every address that the page has asked for."""
        return [event["params"]["request"]["url"] for event in self._happened("Network.requestWillBeSent")]

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings of the console and the browser, dialogs, and what the security policy stopped."""
        told = [
            *(event["params"]["entry"]["text"] for event in self._happened("Log.entryAdded")),
            *(str(event["params"]["args"]) for event in self._happened("Runtime.consoleAPICalled")),
            *(str(event["params"]["exceptionDetails"]) for event in self._happened("Runtime.exceptionThrown")),
            *(f"dialog: {event['params']['message']}" for event in self._happened("Page.javascriptDialogOpening")),
        ]
        issues = [event["params"]["issue"]["code"] for event in self._happened("Audits.issueAdded")]
        return [*told, *issues]

    def _happened(self, method: str) -> list[dict[str, Any]]:
        self.run("0")  # what has happened before it has come by then
        return [event for event in self._browser.happened(self._session) if event["method"] == method]

    def _try(self, condition: str) -> Any:
        try:
            return self.run(condition)
        except RuntimeError:  # the page is being replaced
            return None

    def _middle(self, selector: str) -> tuple[float, float]:
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'nearest'}})")
        box = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)}).getClientRects()[0];"
            " return [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        return box[0], box[1]
