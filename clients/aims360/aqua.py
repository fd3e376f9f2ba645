"""Aqua exports: request, poll, download (facts 9.9, published contract), and the rows of the stock view by size (9.4)."""

import csv
import io
import random
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from clients.aims360.contract import Contract
from clients.http import Answer, Auth, Http
from clients.jsontext import loads
from models.errors import NotPossible, Rejected, SyncError, Unavailable
from runtime.clock import Clock

MAX_EXPORT_BYTES = 200 * 1024 * 1024
_POLL_SECONDS = (2.0, 7.0)  # what AIMS360's own library waits (facts 5)


class AquaExport:
    """One export job per `rows` call. `wait_seconds` bounds the polling; `max_bytes` the download."""

    def __init__(
        self, http: Http, auth: Auth, contract: Contract, clock: Clock, *, wait_seconds: float = 600.0, max_bytes: int = MAX_EXPORT_BYTES
    ) -> None:
        self._http = http
        self._auth = auth
        self._contract = contract
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._max_bytes = max_bytes

    def rows(self, source: str, view: str) -> list[dict[str, Any]]:
        """The view's rows by column name. Raises Rejected with AIMS360's words when the job fails, Unavailable when it does not end."""
        what = f"exporting {source} / {view}"
        started = self._request(source, view, what)
        job = self._finished(str(started["jobid"]), what)
        inline = job.get("response") if "in-line" in str(job.get("responsetype", "")).lower() else None
        if isinstance(inline, str) and inline.strip():
            return self._table(inline.encode(), None, what)
        link = str(job.get("publishlink") or started.get("publishlink") or "")
        if not link:
            raise Unavailable(f"AIMS360, {what}: the job is complete but names no link to its result. It is tried again by itself.")
        answer = self._http.call(
            "GET",
            link,
            intent="read",
            what=f"{what}, download",
            auth=self._auth,
            max_body_bytes=self._max_bytes,
            deadline=self._wait_seconds,
        )
        return self._table(answer.body, answer, what)

    def _request(self, source: str, view: str, what: str) -> dict[str, Any]:
        body = {
            "exportType": "View",
            "exportDataSettings": {"source": source, "viewName": view},
            "exportCriteriaVersion": "v1.0",
            "outputFormat": self._contract["aqua.format"],
            "publishLinkAccessScope": self._contract["aqua.scope"],
        }
        path = self._contract["path.aqua_export"]
        data, answer = self._http.json("POST", path, intent="write", what=what, json=body, auth=self._auth)
        job = _folded(data)
        if not job.get("jobid"):
            raise self._http.unreadable(answer, "write", what, "the answer names no job")
        return job

    def _finished(self, job_id: str, what: str) -> dict[str, Any]:
        until = self._clock.now() + timedelta(seconds=self._wait_seconds)
        while True:
            job = self._job(job_id, what)
            status = str(job.get("jobstatus", "")).replace(" ", "").replace("-", "").lower()
            if status == "completed":
                return job
            if status in ("failed", "cancelled", "canceled"):
                words = self._http.redact(str(job.get("jobstatustext") or job.get("response") or "no reason given"))[:500]
                raise Rejected(
                    f"AIMS360, {what}: the export job {job_id} failed: {words}",
                    remote_message=words,
                    fix=["Open Aqua in AIMS360 and export this view by hand: it must exist and be visible to the API operator."],
                )
            if self._clock.now() >= until:
                raise Unavailable(
                    f"AIMS360, {what}: the export job {job_id} is still {status or 'without a status'} after {self._wait_seconds:g} s. "
                    "It is tried again by itself."
                )
            self._clock.sleep(random.uniform(*_POLL_SECONDS))  # noqa: S311 - spreads polls, guards nothing

    def _job(self, job_id: str, what: str) -> dict[str, Any]:
        path = self._contract["path.job"]
        params = None if "{id}" in path else {"$filter": f"jobId eq '{job_id}'"}
        data, answer = self._http.json(
            "GET", path.replace("{id}", job_id), intent="read", what=f"{what}, waiting", params=params, auth=self._auth
        )
        found = _folded(data).get("value", data)
        rows = found if isinstance(found, list) else [found]
        job = next((row for row in map(_folded, rows) if str(row.get("jobid", job_id)) == job_id and "jobstatus" in row), None)
        if job is None:
            raise self._http.unreadable(answer, "read", what, f"the job {job_id} is not in the answer")
        return job

    def _table(self, body: bytes, answer: Answer | None, what: str) -> list[dict[str, Any]]:
        start = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
        try:
            rows = _json_rows(body) if start in (b"{", b"[") else _csv_rows(body)
        except (ValueError, csv.Error, RecursionError) as exc:
            raise self._bad_result(answer, what, f"the result cannot be read ({str(exc)[:150]})") from None
        return rows

    def _bad_result(self, answer: Answer | None, what: str, why: str) -> SyncError:
        if answer is not None:
            return self._http.unreadable(answer, "read", what, why)
        return Unavailable(f"AIMS360, {what}: {self._http.redact(why)}. It is tried again by itself.")


def _json_rows(body: bytes) -> list[dict[str, Any]]:
    """`{"totalRecordCount": n, "data": [..]}` (facts 9.9) or a bare list. A count that does not hold is half a result: ValueError."""
    data = loads(body)
    folded = _folded(data)
    rows = folded.get("data", folded.get("value")) if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("JSON without a list `data`")
    total = folded.get("totalrecordcount")
    if total is not None and str(total) != str(len(rows)):
        raise ValueError(f"{len(rows)} rows came of {total}")
    return rows


def _csv_rows(body: bytes) -> list[dict[str, Any]]:
    text = body.decode("utf-8-sig")
    if text.lstrip()[:1] == "<" or not text.strip():
        raise ValueError("a web page came" if text.strip() else "nothing came")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = list(reader)
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a row has more or fewer columns than the header")
    return rows


def _folded(data: Any) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}


class Columns:
    """Which column of a tenant's view holds which of our fields."""

    def __init__(self, own: Mapping[str, str], contract: Contract, view: str, site: str) -> None:
        self._names = {
            entry.key.removeprefix("aqua_stock."): contract.names(entry.key)
            for entry in contract.entries
            if entry.key.startswith("aqua_stock.")
        }
        self._own = dict(own)
        self._view = view
        self._site = site
        unknown = sorted(set(own) - set(self._names))
        if unknown:
            raise NotPossible(
                f"The inventory setting `columns` names unknown fields: {', '.join(unknown)}",
                fix=[f"Valid fields are: {', '.join(self._names)}.", f"`joorsync sites set {site} --inventory columns=...`"],
            )
        self._names.update({field: (column,) for field, column in own.items()})

    def resolve(self, header: list[str], needed: set[str]) -> dict[str, str]:
        """Our field -> column of this result. A needed field, or one named in the settings, that is missing raises NotPossible."""
        by_fold = {_plain(column): column for column in header}
        found: dict[str, str] = {}
        for field, names in self._names.items():
            column = next((by_fold[_plain(name)] for name in names if _plain(name) in by_fold), None)
            if column is not None:
                found[field] = column
            elif field in needed or field in self._own:
                raise self._missing(field, names, header)
        return found

    def _missing(self, field: str, names: tuple[str, ...], header: list[str]) -> NotPossible:
        said = " or ".join(repr(name) for name in names)
        return NotPossible(
            f"The AIMS360 view {self._view!r} has no column {said} for `{field}`",
            field=field,
            fix=[
                f"The view has these columns: {', '.join(header)}.",
                f"Either add the column to the view in AIMS360, or set the inventory setting `columns` ({field} = name of the column): "
                f"`joorsync sites set {self._site} --inventory columns.{field}=COLUMN`.",
            ],
        )


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower())
