"""What one question of `joorsync check` found, and what a failed question means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import AccessDenied, SyncError, Unavailable, WaitUntil


@dataclass(frozen=True)
class Probe:
    """`reached` is False when no answer came. `open`: nothing is wrong, but something is left for a person. `detail` is for programs."""

    area: str
    ok: bool
    summary: str
    fix: Sequence[str] = ()
    reached: bool = True
    open: bool = False
    detail: Mapping[str, Any] | None = None


def asked(area: str, question: Callable[[], str | Probe]) -> Probe:
    """The answer, or the failure in words."""
    try:
        answer = question()
    except SyncError as error:
        return failed(area, error)
    return Probe(area, True, answer) if isinstance(answer, str) else answer


def failed(area: str, error: SyncError) -> Probe:
    reached = not isinstance(error, Unavailable | WaitUntil)
    fix = error.fix or (["Look at the credentials."] if isinstance(error, AccessDenied) else [])
    return Probe(area, False, error.summary, fix, reached)
