"""Named places where a test may make a process die or stumble: FAILPOINTS=after_http_before_record:kill."""

import os
import signal
import threading
from pathlib import Path

NAMES = frozenset(
    {
        "before_claim",
        "after_claim",
        "after_http_before_record",
        "after_record_before_ack",
        "after_publish_before_stamp",
        "mid_batch",
    }
)


class FailpointError(RuntimeError):
    """Raised by the action `raise`."""


class Failpoints:
    """`spec` is `name:action[:nth]`, comma-separated; actions are kill (SIGKILL to ourselves) and raise. `nth` counts from 1.

    With `once` (a folder) each failpoint strikes a single time over all processes that share the folder, so that a restarted process
    gets past it. Raises ValueError for an unknown name or action.
    """

    def __init__(self, spec: str = "", once: Path | None = None) -> None:
        self._actions: dict[str, tuple[str, int]] = {}
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._once = once
        for part in filter(None, (piece.strip() for piece in spec.split(","))):
            name, _, rest = part.partition(":")
            action, _, nth = rest.partition(":")
            if name not in NAMES or action not in {"kill", "raise"}:
                raise ValueError(f"FAILPOINTS: {part!r} is not name:kill or name:raise with a name of {', '.join(sorted(NAMES))}")
            self._actions[name] = (action, int(nth or 1))

    def hit(self, name: str) -> None:
        if name not in self._actions:
            return
        action, nth = self._actions[name]
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1
            if self._counts[name] != nth or not self._first(name):
                return
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise FailpointError(name)

    def _first(self, name: str) -> bool:
        if self._once is None:
            return True
        self._once.mkdir(parents=True, exist_ok=True)
        try:
            (self._once / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
