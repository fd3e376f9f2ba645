"""The part of OData that AIMS360 is proven to understand (AIMS360 facts 4.1), and nothing more.

`$filter` with `eq` on quoted strings and bare GUIDs, `ge`/`le` on bare date-times with an offset, `and`, nested `any`; `$select`;
`$expand` with nested `$filter`, `$select` and `$expand`; `$count`, `$skip`, `pagesize`. Everything else is UNKNOWN and refused, unless the
switch `odata_extra` is on: then `ne gt lt or ( )`, `contains`, `startswith`, other literals, `$orderby` and `$top` work too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.aims360_filter import FilterParser
from sandbox.aims360_schema import BadQuery, Predicate, Row, Schema, invalid, items, unsupported, wire
from sandbox.aims360_table import Table


@dataclass(frozen=True)
class Expansion:
    """What to do with one collection (or with the entity set itself)."""

    schema: Schema
    where: Predicate | None = None
    select: list[str] | None = None
    expand: dict[str, "Expansion"] = field(default_factory=dict)
    equal: dict[str, Any] = field(default_factory=dict)  # what `where` asks of every row, for a table with indexes

    def matches(self, row: Row) -> bool:
        return self.where is None or self.where({"": row})

    def render(self, row: Row) -> Row:
        """The row as JSON values: chosen properties, then expanded collections."""
        shown = {name: wire(row.get(name)) for name in (self.select or self.schema.properties)}
        for name, expansion in self.expand.items():
            shown[name] = [expansion.render(item) for item in items(row, name) if expansion.matches(item)]
        return shown


def parse_options(schema: Schema, options: dict[str, str], *, extra: bool) -> Expansion:
    """`$filter`, `$select` and `$expand` (option names lower case). Raises BadQuery."""
    if unknown := sorted(set(options) - {"$filter", "$select", "$expand"}):
        raise unsupported(f"The query option '{unknown[0]}'")
    parser = FilterParser(options["$filter"], schema, extra=extra) if options.get("$filter") else None
    where = parser.parse() if parser else None
    select = [schema.property(name.strip()) for name in options["$select"].split(",")] if options.get("$select") else None
    expand = {}
    for part in split_outside(options.get("$expand", ""), ","):
        name, _, nested = part.strip().partition("(")
        collection = schema.collection(name.strip())
        if nested and not nested.endswith(")"):
            raise invalid(f"Unbalanced parentheses in $expand: '{part}'.")
        pairs = [option.strip().partition("=") for option in split_outside(nested[:-1], ";")]
        inner = {option.lower(): value for option, _, value in pairs}
        expand[collection] = parse_options(schema.collections[collection], inner, extra=extra)
    return Expansion(schema, where, select, expand, parser.equal if parser else {})


def split_outside(text: str, mark: str) -> list[str]:
    """Split at a mark that stands outside parentheses and quotes."""
    parts, depth, quoted, begun = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif not quoted and depth == 0 and letter == mark:
            parts.append(text[begun:position])
            begun = position + 1
    return [part for part in (*parts, text[begun:]) if part.strip()]


@dataclass(frozen=True)
class Query:
    """One request for an entity set."""

    expansion: Expansion
    skip: int
    size: int
    count: bool
    order_by: tuple[str, bool] | None  # property, descending; only with `odata_extra`


def parse_query(schema: Schema, query: dict[str, list[str]], *, default_size: int, cap: int, extra: bool) -> Query:
    """Raises BadQuery. A `pagesize` above the cap is cut to it (A-16)."""
    options = {name.lower(): values[-1] for name, values in query.items()}
    size = _whole(options, "pagesize", default_size)
    if extra and "$top" in options:
        size = _whole(options, "$top", size)
    order = options.pop("$orderby", "").split() if extra else []
    skip, count = _whole(options, "$skip", 0), options.get("$count", "false").lower()
    if count not in ("true", "false"):
        raise invalid("$count must be true or false.")
    if size < 1:
        raise BadQuery("OutOfRangeQueryParameterValue", "pagesize must be at least 1.")
    paging = {"pagesize", "$skip", "$count", *(["$top"] if extra else [])}
    expansion = parse_options(schema, {name: value for name, value in options.items() if name not in paging}, extra=extra)
    order_by = (schema.property(order[0]), order[-1].lower() == "desc") if order else None
    return Query(expansion, skip, min(size, cap), count == "true", order_by)


def _whole(options: dict[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not text.isdigit():
        raise invalid(f"{name} must be a whole number.")
    return int(text)


def answer(query: Query, rows: Sequence[Row], context: str, next_link: str, *, always_next: bool) -> Row:
    """The response envelope. `next_link` is the link without `$skip`; it is given even after the last page when `always_next` (4.2)."""
    found = rows
    if query.expansion.where is not None:
        found = rows.having(query.expansion.equal) if isinstance(rows, Table) else rows
        found = [row for row in found if query.expansion.matches(row)]
    if query.order_by:
        name, descending = query.order_by
        found = sorted(found, key=lambda row: (row.get(name) is not None, row.get(name)), reverse=descending)
    page = found[query.skip : query.skip + query.size]
    body: Row = {"@odata.context": context}
    if query.count:
        body["@odata.count"] = len(found)
    body["value"] = [query.expansion.render(row) for row in page]
    after = query.skip + query.size
    if always_next or after < len(found):
        body["@odata.nextLink"] = f"{next_link}{'&' if '?' in next_link else '?'}{urlencode({'$skip': after}, safe='$')}"
    return body
