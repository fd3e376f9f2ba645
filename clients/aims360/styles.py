"""The goods of a tenant: style-colours with their sizes, one style's own fields, and price levels (facts 9.3, A-12, A-13)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from clients.aims360 import parse
from clients.aims360.contract import Contract
from clients.aims360.odata import ODataReader, begun, moment_literal, quoted
from clients.aims360.rows import Row
from clients.aims360.types import PriceRow, StyleColor
from clients.http import Auth, Http
from clients.jsontext import storable

_PRICE = ("price.style_color_id", "price.currency", "price.level", "price.wholesale", "price.retail")


class StyleReader:
    """Reads of the catalogue; each method is one question of `AimsClient`, where it is documented."""

    def __init__(self, http: Http, auth: Auth, reader: ODataReader, contract: Contract) -> None:
        self._http = http
        self._auth = auth
        self._reader = reader
        self._contract = contract

    def of_style(self, style: str, color: str | None) -> list[StyleColor]:
        wanted = f"{self._name('style_color.style')} eq {quoted(style)}"
        if color is not None:
            wanted += f" and {self._name('style_color.color')} eq {quoted(color)}"
        found = map(parse.style_color, self._style_colors(f"reading style {style}", filter=wanted))
        return [row for row in found if row.style == style and color in (None, row.color)]

    def every(self, since: datetime | None) -> Iterator[StyleColor]:
        if since is None:
            return map(parse.style_color, self._style_colors("reading styles"))
        key, from_then = "style_color.last_modified", moment_literal(since)
        changed = self._style_colors(
            f"reading styles changed since {from_then}", filter=f"{self._name(key)} ge {from_then}", filter_key=key
        )
        return map(parse.style_color, begun(changed))

    def details(self, style_id: str) -> dict[str, Any]:
        what, key = f"reading the fields of style {style_id}", "path.style"
        path = self._contract[key].replace("{styleID}", quote(style_id, safe=""))
        data, answer = self._http.json("GET", path, intent="read", what=what, auth=self._auth, wanted=(404, 405))
        if answer.status == 405:
            raise self._reader.no_such_path(key, what, answer)
        if answer.status == 404:
            return {}
        if not isinstance(data, dict):
            raise self._http.unreadable(answer, "read", what, "JSON that is no object came")
        stored: dict[str, Any] = storable(data)
        return stored

    def prices(self, style_color_ids: Sequence[str] | None) -> Iterator[PriceRow]:
        if style_color_ids is None:
            return map(parse.price, begun(self._reader.rows("path.prices", "reading prices", id_key=_PRICE)))
        return begun(price for style_color_id in style_color_ids for price in self._prices_of(style_color_id))

    def _prices_of(self, style_color_id: str) -> Iterator[PriceRow]:
        """A filter that is ignored brings the prices of others: they are left out."""
        key = "price.style_color_id"
        what, wanted = f"reading prices of style-colour {style_color_id}", f"{self._name(key)} eq {style_color_id}"
        rows = self._reader.rows("path.prices", what, id_key=_PRICE, filter=wanted, filter_key=key)
        return (price for price in map(parse.price, rows) if price.style_color_id.lower() == style_color_id.lower())

    def _style_colors(self, what: str, **options: Any) -> Iterator[Row]:
        return self._reader.rows("path.style_colors", what, id_key="style_color.id", expand=self._name("style_color.sizes"), **options)

    def _name(self, key: str) -> str:
        return self._contract.names(key)[0]
