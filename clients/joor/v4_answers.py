"""What a v4 bulk answer says of each item that was sent (facts 1.5): errors inside a 2xx, judged per item. Pure, and linear in its size."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
#: What an item is known by: field -> value, the surest first. A field may belong to several items (all SKUs of one `product_id`).
Names = Mapping[str, str]

DUPLICATED = "DUPLICATED"  # the one known `status`
SILENT = "JOOR's answer says nothing about it"
_MENTIONED = ("product_identifier", "external_id", "id", "sku_id", "product_id", "filename")  # fields whose values a message may quote
_SHORTEST_MENTION = 3  # a shorter value is too likely to be a word or a number of the message itself
_QUOTES = "\"'`()[]{}<>.,;:"
_WORDS_KEPT = 3


@dataclass(frozen=True)
class BulkAnswer:
    """By place of what was sent: its row of `data`, and JOOR's words when it was refused. `duplicated`: places that are there already."""

    rows: list[Row | None]
    words: list[str | None]
    duplicated: frozenset[int]


def read_bulk(data: Mapping[str, Any], sent: Sequence[Names], names_of: Callable[[Row], Names], redact: Callable[[str], str]) -> BulkAnswer:
    """An error belongs to the items its details name, among them to those that `data` lacks; else to the lacking ones its message quotes.

    An error that names no item belongs to all that `data` lacks and that have no error of their own; when none is lacking, to the items its
    message quotes, else to all. Beside errors, an item that `data` lacks while it has others is refused too: to send a state again does no
    harm, to believe in one that was not set does.
    """
    index = _index(sent)
    quoted = {value: places for (field, value), places in index.items() if field in _MENTIONED and len(value) >= _SHORTEST_MENTION}
    rows = _matched(data, len(sent), index, names_of)
    said: dict[int, dict[str, None]] = {}
    twice: set[int] = set()
    strays: list[tuple[Any, list[int]]] = []
    errors = rows_in(data.get("errors"))
    for error in errors:
        named = _lacking(_named(error, index), rows)
        if not named:
            mentioned = _mentioned(error, quoted)
            named = [place for place in mentioned if rows[place] is None]
            if not named:
                strays.append((error, mentioned))
        _note(error, named, said, twice)
    for error, mentioned in _condensed(strays):
        clean = [place for place in range(len(sent)) if place not in said]
        _note(error, [place for place in clean if rows[place] is None] or mentioned or clean, said, twice)
    if errors and any(row is not None for row in rows):
        for place, row in enumerate(rows):
            if row is None and place not in said:
                said[place] = {SILENT: None}
    words = [redact(joined(said[place])) if place in said else None for place in range(len(sent))]
    return BulkAnswer(rows, words, frozenset(twice))


def rows_in(value: Any) -> list[Any]:
    """A list as JOOR may write it: one entry as itself, nothing as null or ""."""
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]


def words_of(error: Any) -> str:
    """JOOR's status and message, "DUPLICATED: ..."."""
    if not isinstance(error, dict):
        return str(error)[:500]
    said = [str(error[key]) for key in ("status", "message") if error.get(key)]
    return (": ".join(said) or str(error))[:500]


def joined(words: Iterable[str]) -> str:
    """Distinct words as one text, a few of them."""
    found = list(dict.fromkeys(words))
    more = len(found) - _WORDS_KEPT
    return "; ".join(found[:_WORDS_KEPT]) + (f"; and {more} more" if more > 0 else "")


def told(refused: Iterable[tuple[str, str]]) -> str:
    """(title, words) of the items of one card as one text: "ERROR: no such size (NVY M, NVY L, RED M and 4 more)"."""
    by_words: dict[str, list[str]] = {}
    for title, words in refused:
        by_words.setdefault(words, []).append(title)
    return joined(
        f"{words} ({', '.join(titles[:3])}{f' and {len(titles) - 3} more' if len(titles) > 3 else ''})"
        for words, titles in by_words.items()
    )


def text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def named(row: Mapping[str, Any], *fields: str) -> dict[str, str]:
    """The fields a row has, as names."""
    return {field: found for field in fields if (found := text(row, field))}


def _index(sent: Sequence[Names]) -> dict[tuple[str, str], list[int]]:
    index: dict[tuple[str, str], list[int]] = {}
    for place, names in enumerate(sent):
        for pair in names.items():
            index.setdefault(pair, []).append(place)
    return index


def _matched(
    data: Mapping[str, Any], count: int, index: dict[tuple[str, str], list[int]], names_of: Callable[[Row], Names]
) -> list[Row | None]:
    rows: list[Row | None] = [None] * count
    for row in rows_in(data.get("data")):
        if isinstance(row, dict):
            hits = (index.get(pair, []) for pair in names_of(row).items())
            found = next((places for places in hits if len(places) == 1), None)
            if found:
                rows[found[0]] = row
    return rows


def _named(error: Any, index: dict[tuple[str, str], list[int]]) -> list[int]:
    """The items that every known field of the error's details fits."""
    if not isinstance(error, dict):
        return []
    details = error.get("details")
    fields = {**error, **(details if isinstance(details, dict) else {})}
    hits = [index[field, str(value)] for field, value in fields.items() if isinstance(value, str | int) and (field, str(value)) in index]
    if not hits:
        return []
    hits.sort(key=len)
    found = set(hits[0])
    for places in hits[1:]:
        found &= set(places)
    return sorted(found) or hits[0]


def _lacking(places: list[int], rows: Sequence[Row | None]) -> list[int]:
    return [place for place in places if rows[place] is None] or places


def _mentioned(error: Any, quoted: Mapping[str, list[int]]) -> list[int]:
    """The items whose key stands in the message, by the key that fits the fewest. Keys may have spaces ("D410|NVY|One Size")."""
    message = str(error.get("message") or "") if isinstance(error, dict) else str(error)
    tokens = message[:1000].split()
    phrases = (" ".join(tokens[at : at + width]).strip(_QUOTES) for width in (1, 2, 3, 4) for at in range(len(tokens) - width + 1))
    found = [quoted[phrase] for phrase in phrases if phrase in quoted]
    return min(found, key=len) if found else []


def _condensed(strays: list[tuple[Any, list[int]]]) -> list[tuple[Any, list[int]]]:
    """Errors without a place as one: who knows which of them belongs to which item."""
    if len(strays) < 2:
        return strays
    statuses = {str(error.get("status") or "").upper() for error, _ in strays if isinstance(error, dict)}
    words = joined(words_of(error) for error, _ in strays)
    return [({"message": words, "twice": DUPLICATED in statuses}, sorted({place for _, places in strays for place in places}))]


def _note(error: Any, places: Iterable[int], said: dict[int, dict[str, None]], twice: set[int]) -> None:
    words = words_of(error)
    duplicated = isinstance(error, dict) and (str(error.get("status") or "").upper() == DUPLICATED or error.get("twice") is True)
    for place in places:
        said.setdefault(place, {})[words] = None
        if duplicated:
            twice.add(place)
