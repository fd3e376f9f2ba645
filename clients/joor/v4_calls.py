"""v4 catalogue calls of one account: the account parameter, the envelope, reads whose paging nobody documented (facts 1.4, 1.5, 4.7)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clients.failures import Intent
from clients.http import Answer, Http
from clients.joor.contract import JoorContract
from clients.joor.v4_answers import BulkAnswer, Names, Row, joined, read_bulk, rows_in, text, words_of
from clients.jsontext import dumps
from clients.seams import Auth
from models.errors import Rejected

_LARGEST_ANSWER = 64 * 1024 * 1024  # a whole catalogue may come in one answer


class V4Calls:
    """Thread-safe. `path` is a key of the contract. Failures are those of `clients.failures`."""

    def __init__(self, http: Http, auth: Auth, contract: JoorContract, account_id: str) -> None:
        self.http = http
        self.contract = contract
        self._auth = auth
        self._account_id = account_id

    def number(self, key: str) -> int:
        return int(self.contract[key])

    def post(self, path: str, items: Sequence[Row], what: str, intent: Intent, **params: str) -> dict[str, Any]:
        """The answer's envelope, errors inside a 2xx unjudged (see `bulk`). An answer of another shape is a failure of the call."""
        data, answer = self.http.json(
            "POST",
            self.contract[path],
            intent=intent,
            what=what,
            params={"account": self._account_id, **params},
            json=list(items),
            auth=self._auth,
            max_body_bytes=_LARGEST_ANSWER,
        )
        if not isinstance(data, dict) or not ("data" in data or "errors" in data):
            raise self.http.unreadable(answer, intent, what, "JSON without data and errors came")
        return data

    def bulk(
        self,
        path: str,
        items: Sequence[Row],
        sent: Sequence[Names],
        names_of: Callable[[Row], Names],
        what: str,
        intent: Intent,
        **params: str,
    ) -> BulkAnswer:
        """`post`, judged per item. `sent` says what each item is known by."""
        return read_bulk(self.post(path, items, what, intent, **params), sent, names_of, self.http.redact)

    def rows(self, path: str, what: str, **params: str) -> Iterator[Row]:
        """Every row, page by page, each once; stop taking them when you have what you need.

        Whether these reads have pages is UNKNOWN, so `page` and `page_size` are sent as for orders and the reading goes on until a page
        brings nothing new: a server that ignores them is asked twice, and one that caps its pages loses no row. Raises Rejected for errors
        inside a 2xx: an empty list must not be guessed from them.
        """
        page_param, size_param = self.contract["v4.page_param"], self.contract["v4.page_size_param"]
        page = self.number("v4.first_page")
        seen: set[str] = set()
        while True:
            asked = {**params, **({page_param: str(page)} if page_param else {})}
            if size_param:
                asked[size_param] = self.contract["v4.page_size"]
            new = [(key, row) for row in self._page(path, asked, what) if (key := text(row, "id") or dumps(row)) not in seen]
            fresh = dict(new)
            seen.update(fresh)
            yield from fresh.values()
            if not fresh or not page_param:
                return
            page += 1

    def rows_of(self, path: str, filter_by: str, ids: Sequence[str], what: str) -> Iterator[Row]:
        """The rows of these ids, so many ids per read as an address can hold (a comma list: ASSUMED, facts 4.7)."""
        size = self.number("v4.ids_per_read")
        for start in range(0, len(ids), size):
            yield from self.rows(path, what, **{filter_by: ",".join(ids[start : start + size])})

    def _page(self, path: str, params: dict[str, str], what: str) -> list[Row]:
        data, answer = self.http.json(
            "GET",
            self.contract[path],
            intent="read",
            what=what,
            params={"account": self._account_id, **params},
            auth=self._auth,
            max_body_bytes=_LARGEST_ANSWER,
        )
        if isinstance(data, dict) and (errors := rows_in(data.get("errors"))):
            words = self.http.redact(joined(words_of(error) for error in errors))
            raise Rejected(f"JOOR, {what}: {words}", remote_message=words)
        return self._rows_of_page(data, answer, what)

    def _rows_of_page(self, data: Any, answer: Answer, what: str) -> list[Row]:
        if not isinstance(data, dict) or "data" not in data:
            raise self.http.unreadable(answer, "read", what, "JSON without data came")
        rows = rows_in(data["data"])
        if any(not isinstance(row, dict) for row in rows):
            raise self.http.unreadable(answer, "read", what, "data holds something else than objects")
        return rows
