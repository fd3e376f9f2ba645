"""v2 orders on the wire: the window of a read, and rows that cannot be read (facts 8.1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from clients.joor.parse import parse_order
from clients.joor.types import JoorOrder
from clients.jsontext import storable

NAMES = ("orders", "order")  # of the list, whichever way it is nested


def window(since: datetime | None, until: datetime | None, now: datetime) -> dict[str, str]:
    """Both ends or none (facts 8.1)."""
    if since is None and until is None:
        return {}
    if since is None:
        raise ValueError("modified_to needs modified_from: JOOR takes both or none")
    return {"date_start": _iso(since), "date_end": _iso(until or now)}


def _iso(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("JOOR's dates are UTC: give an aware datetime")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def parsed(found: Sequence[Any]) -> tuple[list[JoorOrder], list[tuple[dict[str, Any], str]]]:
    """The orders, and the rows that are none with the reason."""
    orders: list[JoorOrder] = []
    broken: list[tuple[dict[str, Any], str]] = []
    for row in found:
        try:
            orders.append(parse_order(row))
        except ValueError as exc:
            raw = storable(row)
            broken.append((raw if isinstance(raw, dict) else {"value": raw}, str(exc)))
    return orders, broken


def unreadable(raw: dict[str, Any]) -> JoorOrder:
    """A marked order that cannot be parsed: nothing but its id (or its text) and the raw row."""
    order_id = str(raw.get("order_id") or raw)
    empty = parse_order({"order_id": order_id, "line_items": ""})
    return replace(empty, raw=raw)
