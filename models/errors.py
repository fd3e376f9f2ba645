"""The glossary of outcomes and failures. Every field is a column of the error report; the same words reach console, e-mail and CLI.

Two separate answers (DESIGN: failures): the class says what the machine does, `whose` says whose problem it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

Whose = Literal["remote", "data", "setup", "person", "time", "us"]


# ---- what a flow returns -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Synced:
    """Something was sent. `sent` counts remote records changed; `note` is one human sentence; `counts` go to run tables."""

    sent: int = 1
    note: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Unchanged:
    """Nothing had to be sent, and why."""

    why: str
    counts: dict[str, int] = field(default_factory=dict)
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Waiting:
    """Not before `until` (aware UTC). Spends no attempt."""

    until: datetime
    why: str


Outcome = Synced | Unchanged | Waiting


# ---- what clients and rules raise ----------------------------------------------------------------------------------------------------


class SyncError(Exception):
    """A failure a person can read. `fix` is a list of numbered steps; `retry_after` is in seconds."""

    kind: ClassVar[str] = "error"
    whose: ClassVar[Whose] = "us"

    def __init__(
        self,
        summary: str,
        *,
        fix: Sequence[str] = (),
        field: str | None = None,
        remote_message: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.fix = list(fix)
        self.field = field
        self.remote_message = remote_message
        self.retry_after = retry_after


class Unavailable(SyncError):
    """The remote side cannot answer now. The job is tried again; Retry-After holds back the whole lane."""

    kind = "unavailable"
    whose = "remote"


class WaitUntil(SyncError):
    """A client may not call before `until`: no credits left, breaker open, lane held. Becomes `Waiting`; spends no attempt. `lane`: nothing
    else of the lane can call either, so it is held as a whole instead of finding out job by job."""

    kind = "waiting"
    whose = "time"

    def __init__(self, until: datetime, why: str, *, lane: bool = False) -> None:
        super().__init__(why)
        self.until = until
        self.lane = lane


class OutcomeUnknown(SyncError):
    """A create went out and no answer came back. Never sent again before a look-up by our reference has answered."""

    kind = "unknown"
    whose = "remote"


class Rejected(SyncError):
    """The remote side refused the data, in `remote_message`'s words."""

    kind = "rejected"
    whose = "data"


class AccessDenied(SyncError):
    """Credentials or rights are wrong. The site is paused: one report, not five hundred."""

    kind = "access_denied"
    whose = "setup"


@dataclass(frozen=True)
class Missing:
    """One thing that must be mapped or decided. `kind` is a MappingKind value or `decision`; `value` is the remote code or text."""

    kind: str
    value: str
    where: str = ""  # for example "order 7700123, payment method"
    fix: str = ""  # one step a person can do, with the command


class NeedsMapping(SyncError):
    """One or more pairs are missing. ALL of them are listed. The job blocks on them; saving a pair re-queues it."""

    kind = "needs_mapping"
    whose = "setup"

    def __init__(self, missing: Sequence[Missing], summary: str | None = None) -> None:
        if not missing:
            raise ValueError("NeedsMapping needs at least one missing thing")
        first = missing[0]
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        super().__init__(summary or f"{first.kind} {first.value!r} is not mapped{more}", fix=[item.fix for item in missing if item.fix])
        self.missing = list(missing)


class NotPossible(SyncError):
    """Only a person can do this; `fix` holds the manual steps."""

    kind = "not_possible"
    whose = "person"


class Defect(SyncError):
    """Our own fault (any exception that is none of the above). Few retries, then failed; the report names the job id."""

    kind = "defect"
    whose = "us"
