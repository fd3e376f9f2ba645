"""AIMS360's styles as last read, in SQL: rows to JSON and back, stored in bulk, an older reading never over a newer one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from clients.aims360.types import PriceRow, SizeRow, StyleColor
from clients.jsontext import storable
from models.catalogue import StyleSource
from rules.style_frame import Goods
from rules.style_parts import fingerprint
from workers.source_rows import SourceRows

#: Stored, touched, marked as gone and as exported by this.
ROWS = SourceRows(StyleSource, "style")
_c = ROWS.table.c


class Light(NamedTuple):
    """What a scan compares of a stored style."""

    style: str
    digest: str
    exported_digest: str | None
    division: str
    season: str
    active: bool
    gone: bool


def color_json(row: StyleColor) -> dict[str, Any]:
    """Exact numbers and times as text."""
    at = row.last_modified.isoformat() if row.last_modified else None
    found: dict[str, Any] = storable(asdict(row) | {"last_modified": at})
    return found


def color_from(row: dict[str, Any]) -> StyleColor:
    money = {name: None if row.get(name) is None else Decimal(row[name]) for name in ("wholesale_price", "retail_price")}
    at = row.get("last_modified")
    sizes = tuple(SizeRow(**size) for size in row.get("sizes") or ())
    return StyleColor(**{**row, **money, "sizes": sizes, "last_modified": datetime.fromisoformat(at) if at else None})


def style_colors_of(source: StyleSource) -> tuple[StyleColor, ...]:
    return tuple(color_from(row) for row in source.rows)


def price_json(row: PriceRow) -> dict[str, Any]:
    found: dict[str, Any] = storable(asdict(row))
    return found


def prices_of(source: StyleSource) -> tuple[PriceRow, ...]:
    """Rows of other price levels; empty where the site does not read them."""
    rows = source.prices or []
    money = ("wholesale", "retail")
    return tuple(PriceRow(**{**row, **{name: None if row.get(name) is None else Decimal(row[name]) for name in money}}) for row in rows)


def goods_of(source: StyleSource) -> Goods:
    return Goods(source.style, style_colors_of(source), prices_of(source), source.details)


def source_digest(rows: Sequence[Mapping[str, Any]], prices: Sequence[Mapping[str, Any]] | None, details: Mapping[str, Any] | None) -> str:
    """Of what can reach JOOR: the time of change and OData's own marks say nothing about the goods."""
    plain = [{**row, "last_modified": None, "raw": {k: v for k, v in (row.get("raw") or {}).items() if _tells(k)}} for row in rows]
    plain.sort(key=lambda row: (str(row.get("color")), str(row.get("id"))))
    return fingerprint([plain, sorted(fingerprint(price) for price in prices or ()), details])


def make_source(
    site_id: int,
    style: str,
    rows: Sequence[dict[str, Any]],
    prices: Sequence[dict[str, Any]] | None,
    details: dict[str, Any] | None,
    codes: tuple[str, str],
    read_at: datetime,
) -> StyleSource:
    """`rows` are style-colours as `color_json` gives them; `codes` are the AIMS360 codes of division and season. Lists inside AIMS360's own
    row are left out: nothing is mapped from them, and the sizes stand typed beside."""
    kept = [{**row, "raw": {name: value for name, value in (row.get("raw") or {}).items() if _is_plain(value)}} for row in rows]
    kept.sort(key=lambda row: (str(row.get("color")), str(row.get("id"))))
    return StyleSource(
        site_id=site_id,
        style=style,
        division=codes[0],
        season=codes[1],
        active=any(row.get("active") for row in kept),
        gone=not kept,
        rows=kept,
        prices=list(prices) if prices is not None else None,
        details=details,
        digest=source_digest(kept, prices, details),
        read_at=read_at,
    )


def stored(session: Session, site_id: int, styles: Collection[str]) -> dict[str, StyleSource]:
    query = select(StyleSource).where(StyleSource.site_id == site_id, col(StyleSource.style).in_(sorted(styles)))
    return {row.style: row for row in session.exec(query)}


def light(session: Session, site_id: int, *, after: str = "", styles: Collection[str] | None = None, limit: int = 1000) -> list[Light]:
    """In the order of style numbers, those after `after`."""
    columns = select_columns(*(_c[name] for name in Light._fields)).where(_c.site_id == site_id, _c.style > after)
    if styles is not None:
        columns = columns.where(_c.style.in_(sorted(styles)))
    return [Light(*row) for row in session.execute(columns.order_by(_c.style).limit(limit))]


def _tells(name: str) -> bool:
    return not name.startswith("@") and "modified" not in name.casefold()


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list | tuple)
