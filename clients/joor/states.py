"""v4 `orders/bulk_update` for export states (facts 8.7) and its per-item errors inside a 2xx (facts 1.5)."""

import re
from collections.abc import Sequence
from typing import Any

from clients.joor.types import ExportState


def body_of(states: Sequence[ExportState]) -> list[dict[str, str]]:
    return [
        {"id": state.order_id, "export_status": state.state, **({"export_description": state.description} if state.description else {})}
        for state in states
    ]


def read_answer(data: dict[str, Any], sent: Sequence[ExportState]) -> dict[str, str | None]:
    """Per order None or JOOR's words. Success is a 2xx with no error for the item.

    An error that names no order belongs to the orders missing from `data`; when none is missing, to every order without an error of its
    own: setting a state again does no harm, believing in a state that was not set does.
    """
    ids = [state.order_id for state in sent]
    result: dict[str, str | None] = dict.fromkeys(ids)
    strays: list[str] = []
    errors = data.get("errors") or []
    for error in errors if isinstance(errors, list) else [errors]:
        words = _words(error)
        named = _named(error, ids)
        for order_id in named:
            result[order_id] = words
        if not named:
            strays.append(words)
    if strays:
        rows = data.get("data")
        taken = {str(row.get("id")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
        clean = [order_id for order_id in ids if result[order_id] is None]
        missing = [order_id for order_id in clean if order_id not in taken]
        for order_id in missing or clean:
            result[order_id] = "; ".join(strays)
    return result


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)[:500]
    said = [str(error[key]) for key in ("status", "message") if error.get(key)]
    return (": ".join(said) or str(error))[:500]


def _named(error: Any, ids: Sequence[str]) -> list[str]:
    if not isinstance(error, dict):
        return []
    details = error.get("details")
    for place in (details if isinstance(details, dict) else {}, error):
        for key in ("order_id", "id"):
            if str(place.get(key, "")) in ids:
                return [str(place[key])]
    words = set(re.findall(r"[A-Za-z0-9_-]+", str(error.get("message", ""))))
    return [order_id for order_id in ids if order_id in words]
