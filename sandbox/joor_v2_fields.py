"""Reading the parts of a v2 record: texts, and groups of objects, in the several shapes JSON gives them (fact sheet 1.5)."""

from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]


class Unfit(Exception):
    """A record JOOR does not apply. A single call is told why (wording ASSUMED); a bulk job says nothing (3.4, 4.6)."""


def rows_of(record: Record, name: str) -> Iterator[Record]:
    """A group: plain objects under the record (3.5, 4.3); one object, and empty text for none, are taken as well (1.5)."""
    value = record.get(name)
    rows = [value] if isinstance(value, dict) else (value or [])
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        raise Unfit(f"{name} is a list of objects")
    yield from rows


def text_of(record: Record, name: str, longest: int = 0) -> str:
    value = record.get(name)
    found = "" if value is None else str(value)
    if longest and len(found) > longest:
        raise Unfit(f"{name} may have {longest} characters, not {len(found)}")
    return found
