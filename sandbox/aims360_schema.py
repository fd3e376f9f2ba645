"""Entity types of the pretend AIMS360, values on the wire, and the refusal of a query."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

Kind = Literal["guid", "text", "moment", "date", "number", "flag", "complex"]
Row = dict[str, Any]  # properties by name; a collection is a list of rows, or a function that makes it
Scope = dict[str, Row]  # lambda variable -> row; "" is the row of the entity set
Predicate = Callable[[Scope], bool]


class BadQuery(Exception):
    """A query AIMS360 would refuse with 400. The code is of the 2016 list (facts 6.2)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def unsupported(what: str) -> BadQuery:
    return BadQuery("UnsupportedQueryParameter", f"{what} is not supported.")


def invalid(message: str) -> BadQuery:
    return BadQuery("InvalidQueryParameterValue", message)


@dataclass(frozen=True)
class Schema:
    """An entity type: its properties and the collections `$expand` knows. Names match case-insensitively (facts 4.1)."""

    name: str
    properties: dict[str, Kind]
    collections: dict[str, "Schema"] = field(default_factory=dict)

    def property(self, name: str) -> str:
        return _find(self.properties, name, self.name)

    def collection(self, name: str) -> str:
        return _find(self.collections, name, self.name)

    def without(self, names: set[str]) -> "Schema":
        """The same type lacking some properties (lower case)."""
        return Schema(self.name, {name: kind for name, kind in self.properties.items() if name.lower() not in names}, self.collections)


def entity(name: str, properties: str, collections: dict[str, Schema] | None = None) -> Schema:
    """A schema from text: `customerID:guid customerAccount` (text is the kind when none is named)."""
    pairs = [entry.partition(":") for entry in properties.split()]
    return Schema(name, {prop: cast(Kind, kind or "text") for prop, _, kind in pairs}, collections or {})


def _find(names: dict[str, Any], wanted: str, owner: str) -> str:
    for name in names:
        if name.lower() == wanted.lower():
            return name
    raise invalid(f"Could not find a property named '{wanted}' on type '{owner}'.")


def items(row: Row, name: str) -> list[Row]:
    value = row.get(name, [])
    return list(value() if callable(value) else value)


def wire(value: Any) -> Any:
    """A value as AIMS360's JSON has it: money and percentages as numbers, times in UTC with `Z`, dates `yyyy-MM-dd`."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [wire(item) for item in value]
    return value
