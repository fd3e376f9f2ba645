"""Bulk jobs of v2, of styles and of connections alike: they tell of progress, never of results (facts 3.4, 4.6)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from clients.failures import Intent
from clients.http import Answer
from clients.joor.contract import JoorContract
from clients.joor.envelope import rows_of
from clients.joor.parse import moment
from clients.joor.v2_calls import V2Calls

NOT_KNOWN = "not known any more"


@dataclass(frozen=True)
class JobState:
    """`ended` also for a job that JOOR no longer knows: what became of its records is seen at them. `row` is JOOR's own of the job."""

    id: str
    ended: bool
    status: str
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def created(self) -> datetime | None:
        """Aware UTC, by JOOR's clock; None where it does not tell."""
        return self._moment("created")

    @property
    def modified(self) -> datetime | None:
        return self._moment("modified")

    def _moment(self, name: str) -> datetime | None:
        try:
            return moment(self.row, name)
        except ValueError:
            return None


class BulkJobs:
    """Jobs of one kind; `kind` begins their contract entries. The root of bodies and answers is its plural."""

    def __init__(self, calls: V2Calls, contract: JoorContract, kind: Literal["bulk_style", "bulk_connection"]) -> None:
        self._calls = calls
        self._contract = contract
        self._kind = kind
        self._root = f"{kind}s"

    def post(self, record_node: str, records: list[dict[str, Any]], what: str) -> str:
        """Start one job, 5 credits whatever the number of records; its id. An upsert by the records' own keys: repeatable."""
        body = {self._root: {record_node: records}}
        data, answer = self._calls.write("POST", self._contract[f"path.{self._kind}"], body, what)
        found = self._rows(data, answer, what, "write")
        if not found:
            http, key = self._calls.http, f"{self._kind}.job_id"
            failure = http.unreadable(answer, "write", what, "no number of a job came")
            failure.fix = self._contract.what_to_do(key, http.site, data if isinstance(data, dict) else ())
            raise failure
        return str(found[0][self._id_name])

    def state(self, job_id: str) -> JobState:
        """1 credit."""
        what = f"asking for bulk job {job_id}"
        path = self._contract[f"path.{self._kind}_job"].format(job=quote(job_id, safe=""))
        data, answer = self._calls.get(path, {}, what)
        if data is None:
            return JobState(job_id, True, NOT_KNOWN)
        row = next((row for row in self._rows(data, answer, what, "read") if str(row[self._id_name]) == job_id), None)
        if row is None:
            raise self._calls.http.unreadable(answer, "read", what, "JSON without that job came")
        status = str(row.get("status") or "without a state").strip().lower()
        return JobState(job_id, status in self._contract.names(f"{self._kind}.ended"), status, row)

    @property
    def _id_name(self) -> str:
        return self._contract[f"{self._kind}.job_id"]

    def _rows(self, data: Any, answer: Answer, what: str, intent: Intent) -> list[dict[str, Any]]:
        names = (self._root, f"{self._root}_jobs", f"{self._root}_job")
        found = rows_of(data, names, self._id_name, self._calls.http, answer, what, intent=intent)
        return [row for row in found if isinstance(row, dict) and row.get(self._id_name) not in (None, "")]
