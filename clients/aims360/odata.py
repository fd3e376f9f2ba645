"""OData reads: filter literals, and paging that neither trusts a nextLink nor loses rows (facts 4.1, 4.2)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar

from clients.aims360.contract import Contract
from clients.aims360.rows import Row
from clients.http import Answer, Auth, Http
from models.errors import NotPossible

T = TypeVar("T")

_BAD_FILTER = (400, 422, 501)


def quoted(text: str) -> str:
    """A string literal; quotes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def moment_literal(at: datetime) -> str:
    """A date-time literal in whole seconds, rounded down, bare and in UTC (facts 4.1). Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be asked for")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ODataReader:
    """GETs collections below our own base URL only: nextLink may name another host and is never followed."""

    def __init__(self, http: Http, auth: Auth, contract: Contract) -> None:
        self._http = http
        self._auth = auth
        self._contract = contract

    def rows(
        self,
        path_key: str,
        what: str,
        *,
        id_key: str | Sequence[str] | None = None,
        filter: str | None = None,
        filter_key: str | None = None,
        expand: str | None = None,
    ) -> Iterator[Row]:
        """Every row, page by page, each id once. `id_key` is the contract key of the id, or the keys that tell rows apart together.

        Stops when as many rows as `@odata.count` came, at an empty page, or, without a count, at a page of another length than asked for: a
        short one is the last, a longer one is all there is. A count that says more overrules that: a server may cap its pages. Raises
        Unavailable when pages repeat themselves. With `filter_key`, the entry the filter rests on, a filter that is not understood (400,
        422, 501) raises NotPossible naming it.
        """
        size = int(self._contract["paging.size"])
        id_keys = (id_key,) if isinstance(id_key, str) else tuple(id_key or ())
        seen: set[tuple[str, ...]] = set()
        got = 0
        count: int | None = None
        while True:
            page, said, answer = self._page(path_key, what, got, size, filter, expand, refusable=filter_key is not None)
            if filter_key is not None and answer.status in _BAD_FILTER:
                raise self._no_such_filter(filter_key, what, answer)
            count = said if said is not None else count
            fresh = [row for row in page if not id_keys or _identity(row, id_keys) not in seen]
            if page and not fresh:
                raise self._http.unreadable(answer, "read", what, f"the page at $skip={got} repeats earlier rows")
            for row in fresh:
                if not id_keys:
                    yield row
                elif (row_id := _identity(row, id_keys)) not in seen:
                    seen.add(row_id)
                    yield row
            got += len(page)
            if not page or (got >= count if count is not None else len(page) != size):
                return

    def search(self, path_key: str, what: str, *, filter: str) -> list[Row] | None:
        """At most one page, for a search that should find a handful. None when AIMS360 does not understand the filter (400, 422, 501)."""
        rows, _, answer = self._page(path_key, what, 0, int(self._contract["paging.size"]), filter, None, refusable=True)
        return None if answer.status in _BAD_FILTER else rows

    def first_page(self, path_key: str, what: str, *, expand: str = "") -> list[Row] | None:
        """None when there is no such list (404, 405), or the contract names no path for it."""
        if not self._contract[path_key]:
            return None
        try:
            return self._page(path_key, what, 0, int(self._contract["paging.size"]), None, expand or None)[0]
        except NotPossible:
            return None

    def _page(
        self, path_key: str, what: str, skip: int, size: int, filter: str | None, expand: str | None, *, refusable: bool = False
    ) -> tuple[list[Row], int | None, Answer]:
        params: dict[str, str | int] = {}
        if filter:
            params["$filter"] = filter
        if expand:
            params["$expand"] = expand
        params |= {"$count": "true", "pagesize": size}
        if skip:
            params["$skip"] = skip
        path = self._contract[path_key]
        data, answer = self._http.json(
            "GET", path, intent="read", what=what, params=params, auth=self._auth, wanted=(404, 405, *(_BAD_FILTER if refusable else ()))
        )
        if answer.status in (404, 405):
            raise self.no_such_path(path_key, what, answer)
        if answer.status in _BAD_FILTER:
            return [], None, answer
        found = _member(data, "value") if isinstance(data, dict) else data  # documents answer with a bare array (facts 9.9)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._http.unreadable(answer, "read", what, "JSON without a list `value` came")
        said = _member(data, "@odata.count") if isinstance(data, dict) else None
        rows = [Row(row, self._contract, self._http.site) for row in found]
        return rows, int(said) if isinstance(said, int) or (isinstance(said, str) and said.isdigit()) else None, answer

    def _no_such_filter(self, filter_key: str, what: str, answer: Answer) -> NotPossible:
        entry = self._contract.entry(filter_key)
        return NotPossible(
            f"AIMS360, {what}: it does not understand a filter on {self._contract[filter_key]} (HTTP {answer.status}; contract entry "
            f"`{filter_key}`, evidence {entry.grade}, {entry.source})",
            fix=self._contract.what_to_do(filter_key, self._http.site),
            field=filter_key,
        )

    def no_such_path(self, path_key: str, what: str, answer: Answer) -> NotPossible:
        entry = self._contract.entry(path_key)
        return NotPossible(
            f"AIMS360, {what}: it has no {self._contract[path_key]} (HTTP {answer.status}; contract entry `{path_key}`, "
            f"evidence {entry.grade}, {entry.source})",
            fix=self._contract.what_to_do(path_key, self._http.site),
        )


def _member(data: dict[str, Any], name: str) -> Any:
    return next((value for key, value in data.items() if str(key).lower() == name), None)


def _identity(row: Row, keys: Sequence[str]) -> tuple[str, ...]:
    return (row.text(keys[0], needed=True), *(row.text(key) for key in keys[1:]))


def begun(rows: Iterator[T]) -> Iterator[T]:
    """The same rows with the first one read already, so that a refusal comes out of the call itself."""
    for first in rows:
        return chain([first], rows)
    return iter(())
