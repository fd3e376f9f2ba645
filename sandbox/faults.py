"""What the pretend systems remember beside their data: a clock that can be moved, a ledger of effects and calls, and faults to inject."""

import itertools
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

FaultKind = Literal[
    "status",  # answer `status` with `body` and `headers`, effect NOT performed
    "status_after_commit",  # perform the effect, then answer `status`
    "html",  # answer 200 (or `status`) with an HTML page, effect NOT performed
    "malformed_json",  # perform, answer broken JSON
    "half_body",  # perform, announce the full Content-Length, send half, close
    "drop_before",  # close the connection without performing
    "drop_after_commit",  # perform, close the connection without an answer
    "timeout_after_commit",  # perform, then answer nothing for `seconds`
    "slow",  # wait `seconds`, then behave normally
    "huge_body",  # answer 200 with `bytes` bytes of JSON-looking text
    "token_expired",  # 401, and the bearer token used is revoked from now on
]


@dataclass
class Fault:
    system: str  # joor | aims360
    kind: FaultKind
    path: str = ""  # substring of the request path; empty matches every path
    method: str = ""  # empty matches every method
    account: str = ""  # JOOR account key ("us"); empty matches every account
    times: int = 1  # how often it strikes; -1 is until it is cleared
    skip: int = 0  # let that many matching requests pass first
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int = 0


class Clock:
    """Real UTC plus an offset that `/_advance` moves."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> datetime:
        self._offset += timedelta(seconds=seconds)
        return self.now()


class Memory:
    """Shared by both systems of one sandbox process. All methods are thread-safe."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._lock = threading.Lock()
        self._effects: list[dict[str, Any]] = []
        self._calls: list[dict[str, Any]] = []
        self._faults: list[Fault] = []
        self._call_numbers = itertools.count(1)

    def next_call(self) -> int:
        """A number for the call that begins now; its effects and its row in the call log carry it as `call`."""
        return next(self._call_numbers)

    def effect(self, system: str, effect: str, key: str, **detail: Any) -> None:
        """Note one change of remote state (an order created, an inventory position set, an export state set)."""
        with self._lock:
            self._effects.append(
                {
                    "seq": len(self._effects) + 1,
                    "at": self.clock.now().isoformat(),
                    "system": system,
                    "effect": effect,
                    "key": key,
                    **detail,
                }
            )

    def call(self, **row: Any) -> None:
        """Note one HTTP call (method, path, query, headers without secrets, body, status)."""
        with self._lock:
            self._calls.append({"seq": len(self._calls) + 1, "at": self.clock.now().isoformat(), **row})

    def effects(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._effects)

    def calls(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._calls)

    def add_fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        with self._lock:
            self._faults.clear()

    def faults(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def strike(self, system: str, method: str, path: str, account: str = "") -> Fault | None:
        """The first fault that matches this request, counted down; None when the request passes."""
        with self._lock:
            for fault in self._faults:
                if fault.system != system or fault.path not in path:
                    continue
                if fault.method and fault.method.upper() != method.upper():
                    continue
                if fault.account and fault.account != account:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times == 0:
                    continue
                if fault.times > 0:
                    fault.times -= 1
                return fault
        return None
