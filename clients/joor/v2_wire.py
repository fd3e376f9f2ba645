"""The calls of the v2 catalogue: bulk jobs and looking at styles (facts 1.2, 1.5, 4.2, 4.6, 5.4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from clients.http import Auth, Http
from clients.joor.contract import JoorContract
from clients.joor.envelope import next_start, response_of, rows_of
from clients.joor.parse import text
from clients.joor.types import JoorStyleCard, StyleDraft
from clients.joor.v2_calls import V2Calls
from clients.joor.v2_jobs import BulkJobs
from clients.joor.v2_shown import card_of
from models.errors import Rejected, WaitUntil
from runtime.clock import Clock

SINGLES = 3  # so many styles are looked at one by one; more by pages of the list, as long as that is cheaper
_STYLES = ("styles", "style")


@dataclass(frozen=True)
class Seen:
    """What JOOR shows of a style; no row when it shows none."""

    identifier: str
    row: Any


@dataclass(frozen=True)
class Job:
    """A bulk job that has ended. Times are JOOR's own (aware UTC), None where it does not tell."""

    id: str
    created: datetime | None = None
    modified: datetime | None = None


class Wire:
    """One account over v2. Failures are those of `clients.failures`."""

    def __init__(self, http: Http, auth: Auth, contract: JoorContract, clock: Clock) -> None:
        self.http = http
        self.contract = contract
        self._clock = clock
        self._calls = V2Calls(http, auth)
        self._jobs = BulkJobs(self._calls, contract, "bulk_style")

    # ---- bulk jobs ------------------------------------------------------------------------------------------------------------------

    def post(self, records: list[dict[str, Any]], what: str) -> str:
        """Start one bulk job, 5 credits whatever the number; its id. An upsert by style identifier: repeatable."""
        return self._jobs.post(self.contract["bulk_style.record_node"], records, what)

    def wait(self, job_id: str, *, fresh: bool, patient: bool = True) -> Job:
        """Look until the job has ended; raises WaitUntil when it takes longer than our patience, or at once when there is none. The first
        look is without a pause when the job is not `fresh`."""
        pause, longest, patience, come_back = (
            float(self.contract[f"bulk_style.{name}"]) for name in ("poll_first", "poll_longest", "patience", "come_back")
        )
        begun = self._clock.now()
        if fresh:
            self._clock.sleep(pause)
        while True:
            job, status = self._look(job_id)
            if job is not None:
                return job
            now = self._clock.now()
            if not patient or now - begun >= timedelta(seconds=patience):
                raise WaitUntil(now + timedelta(seconds=come_back), f"JOOR has not finished bulk job {job_id} yet (it is {status})")
            pause = min(max(pause, 0.01) * 1.5, longest)
            self._clock.sleep(pause)

    def _look(self, job_id: str) -> tuple[Job | None, str]:
        """The job when it has ended, else what JOOR calls its state."""
        state = self._jobs.state(job_id)
        if not state.ended:
            return None, state.status
        return Job(job_id, state.created, state.modified), state.status

    # ---- styles ---------------------------------------------------------------------------------------------------------------------

    def pages(self, window: tuple[datetime, datetime] | None = None) -> Iterator[list[Any]]:
        """Rows of styles page by page, 1 credit each: those modified in the window (aware UTC), or all."""
        what, size = "reading styles", int(self.contract["v2_styles.page_size"])
        bounds = {"date_start": _iso(window[0]), "date_end": _iso(window[1])} if window else {}
        start: int | None = 0
        while start is not None:
            params: dict[str, str | int] = {"start_from": start, "count": size, **bounds}
            data, answer = self._calls.get(self.contract["path.v2_styles"], params, what, missing_is_none=False)
            found = rows_of(data, _STYLES, "style_id", self.http, answer, what, asked=size)
            yield found
            start = next_start(response_of(data), start, size, len(found))

    def looked_at(self, drafts: Sequence[StyleDraft], job: Job, began: datetime) -> Iterator[Sequence[Seen]]:
        """Each style once, as the job left it. By pages of what was modified around the job's time; by single reads where these cost less,
        and for what no page has: that a record which changed nothing counts as modified is not known. `began`: when we sent it."""
        left = {draft.identifier: draft for draft in drafts}
        listed = self.pages(self._window(job, began))
        pages = 0
        while len(left) > max(SINGLES, pages) and (page := next(listed, None)) is not None:
            pages += 1
            shown = {str(row.get("style_identifier")): row for row in page if isinstance(row, dict)}
            found = [Seen(name, row) for name, row in shown.items() if left.pop(name, None)]
            if found:
                yield found
        for draft in left.values():
            yield [Seen(draft.identifier, self.style(draft.number, draft.identifier))]

    def _window(self, job: Job, began: datetime) -> tuple[datetime, datetime]:
        """By JOOR's own clock when the job tells it (narrow: the jobs before it are in a wider one), else by ours with room for a
        difference."""
        around = timedelta(seconds=float(self.contract["v2_styles.window_seconds"]))
        skew = timedelta(minutes=float(self.contract["v2_styles.skew_minutes"]))
        first = job.created - around if job.created else began - skew
        return first, (job.modified + around if job.modified else self._clock.now() + skew)

    def style(self, number: str, identifier: str) -> Any:
        """The row of one style, 1 credit; None when JOOR has none of that number and identifier."""
        path = self.contract["path.v2_style"].format(number=quote(number, safe=""), identifier=quote(identifier, safe=""))
        return self._one(path, identifier)

    def style_by_id(self, joor_id: str, identifier: str) -> Any:
        """The row with that JOOR id, when it has that identifier."""
        return self._one(self.contract["path.v2_style_by_id"].format(style_id=quote(joor_id, safe="")), identifier)

    def _one(self, path: str, identifier: str) -> Any:
        what = f"reading style {identifier}"
        data, answer = self._calls.get(path, {}, what)
        if data is None:
            return None
        found = rows_of(data, _STYLES, "style_id", self.http, answer, what)
        return next((row for row in found if isinstance(row, dict) and str(row.get("style_identifier")) == identifier), None)

    def delete(self, draft: StyleDraft, params: Mapping[str, str]) -> bool:
        """Take a style, or one colour or size of it, off JOOR; False when JOOR does not know it. Repeatable. Reaches into orders (4.5)."""
        what = f"removing {' '.join((*params.values(), 'of')) if params else 'style'} {draft.identifier}"
        path = self.contract["path.v2_style"].format(number=quote(draft.number, safe=""), identifier=quote(draft.identifier, safe=""))
        return self._calls.delete(path, params, what)

    def card(self, row: Any, what: str = "reading styles") -> JoorStyleCard:
        """Raises Rejected naming a style that cannot be read."""
        try:
            return card_of(row, self.contract)
        except ValueError as exc:
            name = text(row, "style_identifier") if isinstance(row, dict) else row
            raise Rejected(f"JOOR, {what}: style {name!r} cannot be read: {exc}", remote_message=str(exc)) from None


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
