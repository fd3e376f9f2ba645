"""The two pretend remote systems of the demo, as a process of their own that is reached over HTTP like the real ones."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

from models.errors import Unavailable

START_SECONDS = 60.0
_FIX = ["Run `python -m sandbox` by itself and read what it says."]


class Controls:
    """What the pretend systems let a demo do and see beside their APIs. `about` is what they printed when they started."""

    about: dict[str, Any]

    def effects(self) -> dict[str, int]:
        """What was written to each system so far, as the pretend systems themselves count it."""
        counts: dict[str, int] = self._ask("joor", "/_ledger")["counts"]
        return counts

    def styles(self) -> list[dict[str, Any]]:
        """The style-colours of the pretend AIMS360."""
        found: list[dict[str, Any]] = self._ask("aims360", "/_state?what=style_colors")["style_colors"]
        return found

    def connections(self, account: str) -> list[dict[str, Any]]:
        """The retailers of a pretend JOOR account, as its GET shows them."""
        found: list[dict[str, Any]] = self._ask("joor", f"/_state?what=connections&account={account}")["connections"]
        return found

    def on_joor(self, account: str, act: str, body: Any) -> dict[str, Any]:
        """What a person does in JOOR's web application."""
        done: dict[str, Any] = self._ask("joor", f"/_joor/{account}/{act}", body)
        return done

    def match_customers_after(self, hours: int) -> None:
        """The people of JOOR who match new customers take so long."""
        self._ask("joor", "/_switches", {"customer_match": hours})

    def advance(self, seconds: float) -> None:
        """Move the pretend systems' clock on."""
        self._ask("joor", "/_advance", {"seconds": seconds})

    def in_aims(self, act: str, **body: Any) -> None:
        """What a person does in AIMS360: change a price, add a colour."""
        self._ask("aims360", f"/_aims/{act}", body)

    def _ask(self, system: str, path: str, body: Any = None) -> Any:
        url = self.about[system] + path
        data = None if body is None else json.dumps(body).encode()
        try:
            request = Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310  # the address that it printed
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except OSError as error:
            raise Unavailable(f"The pretend systems at {self.about[system]} do not answer: {error}", fix=_FIX) from None


class Sandbox(Controls):
    """`with Sandbox([...]) as sandbox:` `about` is what it printed: addresses, accounts, the brand. It ends with the block, or with us."""

    def __init__(self, options: list[str]) -> None:
        self._command = [sys.executable, "-m", "sandbox", "--joor-port", "0", "--aims-port", "0", "--exit-with-parent", *options]
        self.about: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        timer = threading.Timer(START_SECONDS, self._child.kill)
        timer.start()
        try:
            line = self._child.stdout.readline() if self._child.stdout else ""
        finally:
            timer.cancel()
        if not line:
            _, words = self._child.communicate()
            raise Unavailable(f"The pretend systems did not start: {words.strip()[-500:] or 'no answer'}", fix=_FIX)
        self.about = json.loads(line)
        threading.Thread(target=self._drain, name="sandbox-stderr", daemon=True).start()
        return self

    def _drain(self) -> None:
        """A pipe that nobody reads would stop the child."""
        if self._child.stderr:
            while self._child.stderr.read(4096):
                pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._child.stdin:
            self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class RunningSandbox(Controls):
    """Pretend systems that somebody else has started (a container); `file` holds the line that they printed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.about: dict[str, Any] = {}

    def __enter__(self) -> Self:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.about = json.loads(self._file.read_text(encoding="utf-8"))
                return self
            except (OSError, ValueError) as error:
                if time.monotonic() > until:
                    steps = [f"Start them with: python -m sandbox > {self._file}"]
                    raise Unavailable(f"{self._file} does not say where the pretend systems are: {error}", fix=steps) from None
            time.sleep(0.5)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """They stay."""
