"""What a failed call means: one flat table from what happened to the kind of failure, per intent of the call."""

import html
import re
from dataclasses import dataclass
from typing import Any, Literal

from models.errors import AccessDenied, OutcomeUnknown, Rejected, SyncError, Unavailable

#: `read` changes nothing. `write` sets a state and may be repeated. `create` must not be repeated blindly.
Intent = Literal["read", "write", "create"]
Happening = Literal[
    "not_sent",  # no connection: nothing left this machine
    "no_answer",  # time-out, reset, half an answer
    "server_error",  # 5xx, 408
    "unreadable",  # HTML, nothing, broken JSON or a wrong shape where data was expected
    "too_large",
    "redirected",
    "throttled",  # 429
    "denied",  # 401, 403 after one renewal of the token
    "refused",  # every other 4xx
]

FAILURES: dict[Happening, dict[Intent, type[SyncError]]] = {
    "not_sent": {"read": Unavailable, "write": Unavailable, "create": Unavailable},
    "no_answer": {"read": Unavailable, "write": Unavailable, "create": OutcomeUnknown},
    "server_error": {"read": Unavailable, "write": Unavailable, "create": OutcomeUnknown},
    "unreadable": {"read": Unavailable, "write": Unavailable, "create": OutcomeUnknown},
    "too_large": {"read": Unavailable, "write": Unavailable, "create": OutcomeUnknown},
    "redirected": {"read": Unavailable, "write": Unavailable, "create": OutcomeUnknown},
    "throttled": {"read": Unavailable, "write": Unavailable, "create": Unavailable},
    "denied": {"read": AccessDenied, "write": AccessDenied, "create": AccessDenied},
    "refused": {"read": Rejected, "write": Rejected, "create": Rejected},
}

#: Worth a second try in process, for reads only (AIMS360 facts 5; JOOR gives no rule).
PASSING_STATUSES = frozenset({502, 503, 504})

_NEXT: dict[type[SyncError], str] = {
    Unavailable: "It is tried again by itself.",
    OutcomeUnknown: "It may or may not have been done; it is looked up before anything is sent again.",
    AccessDenied: "The site is paused until the credentials are put right.",
    Rejected: "It is not sent again until that is put right.",
}


@dataclass(eq=False)
class Trouble(Exception):
    """What happened to one call, before it is known what it means. Never leaves `clients.http`."""

    happening: Happening
    detail: str
    passing: bool = False  # a second try may find it gone
    remote_message: str | None = None
    retry_after: float | None = None
    fix: tuple[str, ...] = ()

    def failure(self, intent: Intent, system: str, what: str) -> SyncError:
        kind = FAILURES[self.happening][intent]
        summary = f"{system}, {what}: {self.detail}. {_NEXT[kind]}"
        return kind(summary, fix=self.fix, remote_message=self.remote_message, retry_after=self.retry_after)


def happening_of(status: int) -> Happening | None:
    """None for an answer that carries what was asked for."""
    if 200 <= status < 300:
        return None
    if status < 400:
        return "redirected"
    if status in (401, 403):
        return "denied"
    if status == 429:
        return "throttled"
    if status == 408 or status >= 500:
        return "server_error"
    return "refused"


def refusal(happening: Happening, status: int, data: Any, text: str, *, reference: str | None, retry_after: float | None) -> Trouble:
    """The trouble of an answer that is not a 2xx. `data` is its JSON or None, `text` the beginning of its body."""
    words = remote_words(data, text)
    detail = f"HTTP {status}" + (f", {words}" if words else " without a word") + (f" (their reference {reference})" if reference else "")
    passing = status in PASSING_STATUSES and retry_after is None
    return Trouble(happening, detail, passing=passing, remote_message=words or None, retry_after=retry_after)


def remote_words(data: Any, text: str) -> str:
    """What the remote side said, from any of the known error bodies (JOOR facts 1.5, AIMS360 facts 6.1), else the text without tags."""
    found = _words(data)
    if found:
        return "; ".join(dict.fromkeys(found))[:1000]
    plain = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", text, flags=re.IGNORECASE)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", plain)).split())[:200]


def _words(data: Any) -> list[str]:
    if not isinstance(data, dict):
        return []
    rows = {str(key).lower(): value for key, value in data.items()}
    error = rows.get("error")
    if isinstance(error, dict):
        inner = {str(key).lower(): value for key, value in error.items()}
        code, message = inner.get("code"), inner.get("message")
        return [f"{code}: {message}" if code and message else str(message or code)] if (message or code) else []
    if isinstance(rows.get("errors"), list):
        return [str(item.get("message") or item.get("status") or item) if isinstance(item, dict) else str(item) for item in rows["errors"]]
    for envelope in (rows, *(value for value in rows.values() if isinstance(value, dict))):
        response = envelope.get("response")
        if isinstance(response, dict) and response.get("comment"):
            return [str(response["comment"])]
    said = [
        str(rows[key]) for key in ("error_description", "message", "error", "detail", "comment", "title") if isinstance(rows.get(key), str)
    ]
    return [word for word in said if word][:2]


def reference_of(data: Any) -> str | None:
    """AIMS360's requestId or JOOR's log_id: what their support asks for."""
    if not isinstance(data, dict):
        return None
    for key, value in data.items():
        if str(key).lower() == "requestid" and isinstance(value, str):
            return value[:100]
    for envelope in (data, *(value for value in data.values() if isinstance(value, dict))):
        response = envelope.get("response")
        if isinstance(response, dict) and response.get("log_id"):
            return str(response["log_id"])[:100]
    return None
