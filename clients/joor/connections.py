"""Customers of the brand on JOOR (facts section 3): read one by one or all, sent in bulk jobs, given their code."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from clients.http import Http
from clients.joor.connection_record import record_of, unsendable, with_code
from clients.joor.contract import JoorContract
from clients.joor.envelope import next_start, number, response_of, rows_of
from clients.joor.parse import parse_connection
from clients.joor.types import BulkConnectionJob, Connection, ConnectionDraft
from clients.joor.v2_calls import V2Calls
from clients.joor.v2_jobs import BulkJobs, JobState
from models.errors import NotPossible, Rejected

__all__ = ["Connections", "unsendable"]

_NAMES = ("connections", "connection", "customers", "customer")
_ID, _CODE = "customer_account_id", "customer_code"
_ABSENT = (404, 405)


class Connections:
    """Each method is one question of `JoorClient`, where it is documented."""

    def __init__(self, calls: V2Calls, contract: JoorContract) -> None:
        self._calls = calls
        self._contract = contract
        self._jobs = BulkJobs(calls, contract, "bulk_connection")

    @property
    def _http(self) -> Http:
        return self._calls.http

    # ---- reading --------------------------------------------------------------------------------------------------------------------

    def every(self) -> Iterator[Connection]:
        what, size = "reading connections", int(self._contract["connections.page_size"])
        start: int | None = 0
        while start is not None:
            params: dict[str, str | int] = {"start_from": start, "count": size}
            data, answer = self._calls.get(self._contract["path.connections"], params, what, missing_is_none=False)
            found = rows_of(data, _NAMES, _id_key(data), self._http, answer, what, asked=size)
            for row in found:
                yield self._connection(row, what)
            start = next_start(response_of(data), start, size, len(found))

    def of_code(self, code: str) -> Connection | None:
        found = self._one(self._contract["path.connection"].format(customer_code=quote(code, safe="")), f"reading connection {code}")
        return next((row for row in found if row.customer_code == code), None)

    def of_id(self, connection_id: str) -> Connection | None:
        path = self._contract["path.connection_by_id"].format(connection_id=quote(connection_id, safe=""))
        found = self._one(path, f"reading connection {connection_id}")
        return next((row for row in found if row.connection_id == connection_id), None)

    def _one(self, path: str, what: str) -> list[Connection]:
        data, answer = self._calls.get(path, {}, what)
        if data is None:
            return []
        return [self._connection(row, what) for row in rows_of(data, _NAMES, _id_key(data), self._http, answer, what)]

    def _connection(self, row: Any, what: str) -> Connection:
        try:
            return parse_connection(row)
        except ValueError as exc:
            name = (row.get(_CODE) or row.get(_ID)) if isinstance(row, dict) else row
            raise Rejected(f"JOOR, {what}: connection {name!r} cannot be read: {exc}", remote_message=str(exc)) from None

    # ---- sending --------------------------------------------------------------------------------------------------------------------

    def send(self, drafts: Sequence[ConnectionDraft]) -> str:
        if not drafts:
            raise ValueError("there is no customer to send")
        records = [record_of(draft, self._contract) for draft in drafts]
        return self._jobs.post("connection", records, f"sending {len(records)} customer(s)")

    def job(self, job_id: str) -> BulkConnectionJob:
        state = self._jobs.state(job_id)
        return BulkConnectionJob(
            state.id,
            state.ended,
            state.status,
            records=_count(state, "connection_record_count"),
            done=_count(state, "connection_record_progress"),
            created=state.created,
        )

    # ---- codes ----------------------------------------------------------------------------------------------------------------------

    @property
    def can_update(self) -> bool:
        return bool(self._contract["path.connection_update"])

    def write_code(self, connection: Connection, code: str) -> None:
        name = connection.customer_name or connection.connection_id
        what = f"giving {name} customer code {code}"
        if not connection.connection_id:
            raise ValueError(f"{name} has no JOOR id to be updated by")
        if not self.can_update:
            raise self._by_hand(what, "no call for it is known", name, code)
        path = self._contract["path.connection_update"].format(connection_id=quote(connection.connection_id, safe=""))
        body: Any = with_code(connection, code)
        for node in reversed(self._contract["connection_update.root"].split(".")):
            body = {node: body} if node.strip() else body
        _, answer = self._calls.write("PUT", path, body, what, wanted=_ABSENT)
        if answer.status in _ABSENT:
            raise self._by_hand(what, f"it has no such call, or no such connection any more (HTTP {answer.status})", name, code)

    def _by_hand(self, what: str, why: str, name: str, code: str) -> NotPossible:
        return NotPossible(
            f"JOOR, {what}: {why}",
            fix=[
                f"Open the connection of {name} on JOOR, enter customer code {code} and save.",
                *self._contract.what_to_do("path.connection_update", self._http.site),
            ],
            field="path.connection_update",
        )


def _id_key(data: Any) -> str:
    """What tells a row from the nodes around it. The id; the code where JOOR spells the id otherwise."""
    return _ID if _has(data, _ID) else _CODE


def _has(node: Any, name: str) -> bool:
    if isinstance(node, dict):
        return name in node or any(_has(value, name) for value in node.values() if isinstance(value, dict | list))
    return isinstance(node, list) and any(_has(item, name) for item in node[:1])


def _count(state: JobState, name: str) -> int | None:
    found = number(state.row.get(name), -1)
    return None if found < 0 else found
