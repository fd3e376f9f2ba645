"""What `clients.http` is given and gives: the gate before every call, the credential on it, the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from clients.meter import Exchange
from runtime.answer_headers import header, moment


class Gate(Protocol):
    """Asked before and told after every call. `before` may sleep, or raise WaitUntil; `status` None means that no answer came.

    `after` may raise WaitUntil for a 429. Anything else it raises is logged and dropped: the answer of a create must not be lost because
    a ledger could not be written.
    """

    def before(self, method: str, path: str) -> None: ...

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None: ...


class NullGate:
    """No limits."""

    def before(self, method: str, path: str) -> None:
        return None

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        return None


class Auth(Protocol):
    """A credential. `renew` is told which header value was refused and returns True when there is another one to try; `fix` tells a
    person what to do about a refusal."""

    def header(self) -> str: ...

    def renew(self, refused: str) -> bool: ...

    def fix(self, site: str) -> list[str]: ...


@dataclass
class Answer:
    """A whole answer with a wanted status. `headers` has lower-case keys."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    exchange: Exchange

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower() or "no content type"

    def why_not_json(self, error: Exception) -> str:
        """What came instead of JSON, in words."""
        if not self.body.strip():
            return "an empty answer came instead of JSON"
        if "html" in self.content_type or self.body.lstrip()[:1] == b"<":
            return "a web page came instead of JSON"
        return f"broken JSON came ({error})"[:200]

    def summary(self) -> str:
        start = self.beginning()
        return f"(HTTP {self.status}, {self.content_type}, {len(self.body)} bytes" + (f", begins {start!r})" if start else ")")

    def beginning(self) -> str:
        return " ".join(self.body[:2000].decode("utf-8", "replace").split())[:200]


@dataclass(frozen=True)
class Dated:
    """When an answer was made by the remote clock (whole seconds), when it came (`time.monotonic`), how many seconds it took."""

    theirs: datetime
    came: float
    seconds: float

    def offset(self, now: datetime, monotonic: float) -> timedelta:
        """The remote clock minus ours: the least difference that explains the date. `now` is aware, and ours at `monotonic`."""
        least = self.theirs - (now - timedelta(seconds=monotonic - self.came))
        most = least + timedelta(seconds=1 + self.seconds)
        return min(max(timedelta(0), least), most)


def dated(headers: Mapping[str, str], came: float, seconds: float) -> Dated | None:
    """None where the answer tells no time, or comes from a cache and so has an old one."""
    theirs = moment(header(headers, "date"))
    return None if theirs is None or header(headers, "age").strip("0") else Dated(theirs, came, seconds)


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Seconds, from either form of the header (RFC 9110 10.2.3), at most a day; nonsense is None. `now` is seconds since the epoch."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except ValueError:
            return None
    return min(max(seconds, 0.0), 86_400.0) if seconds == seconds else None
