"""Pairs as CSV: what `export` writes `import` reads back to the letter, and a file with any error changes nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from console import mapping
from console.csv_text import decoded, quoted_formula, records, unquoted
from console.mapping import Pair
from console.process import Process
from models.errors import NotPossible
from models.mappings import Mapping, MappingKind
from models.sites import Site

COLUMNS = ("joor_code", "joor_name", "aims_code", "aims_id", "primary", "ignored")
REQUIRED = ("joor_code", "aims_code")
_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}
_ERRORS_SHOWN = 50


@dataclass(frozen=True)
class Imported:
    added: int
    changed: int
    unchanged: int
    removed: int
    released: int


def export(rows: Iterable[Mapping]) -> str:
    """The CSV text of these pairs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = [row.joor_code, row.joor_name, row.aims_code, row.aims_id or ""]
        flags = ["yes" if flag else "no" for flag in (row.is_primary, row.ignored)]
        writer.writerow([*map(quoted_formula, cells), *flags])
    return text.getvalue()


def parse(data: bytes, kind: MappingKind, name: str) -> list[Pair]:
    """Every pair of a file. Raises NotPossible listing every error with its line and column."""
    lines = list(records(decoded(data, lambda errors: _refused(name, errors)), lambda errors: _refused(name, errors)))
    if not lines:
        raise _refused(name, ["the file is empty"])
    header = [cell.strip().lower() for cell in lines[0][1]]
    errors = _header_errors(header)
    if errors:
        raise _refused(name, errors)
    pairs: list[tuple[int, Pair]] = []
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        pair, wrong = _pair(header, cells, kind)
        errors += [f"line {number}, {column}: {words}" for column, words in wrong]
        if pair is not None:
            pairs.append((number, pair))
    line_of = {id(pair): number for number, pair in pairs}
    for earlier, later, words in mapping.twice(kind, [pair for _, pair in pairs]):
        errors.append(f"line {line_of[id(later)]}: {words} (line {line_of[id(earlier)]})")
    if errors:
        raise _refused(name, errors)
    return [pair for _, pair in pairs]


def _header_errors(header: Sequence[str]) -> list[str]:
    errors = [f"line 1, column {place}: unknown column {cell!r}" for place, cell in enumerate(header, 1) if cell not in COLUMNS]
    errors += [f"line 1: column {cell} is missing" for cell in REQUIRED if cell not in header]
    errors += [f"line 1: column {cell} is there twice" for cell in COLUMNS if list(header).count(cell) > 1]
    return errors


def _pair(header: Sequence[str], cells: Sequence[str], kind: MappingKind) -> tuple[Pair | None, list[tuple[str, str]]]:
    if len(cells) != len(header):
        return None, [(f"column {min(len(cells), len(header)) + 1}", f"{len(cells)} cells where the first line has {len(header)} columns")]
    given = {name: unquoted(cell.strip()) for name, cell in zip(header, cells, strict=True)}
    wrong: list[tuple[str, str]] = []
    primary, ignored = (_flag(given, name, default, wrong) for name, default in (("primary", True), ("ignored", False)))
    texts = {name: given.get(name, "") for name in ("joor_code", "aims_code", "joor_name", "aims_id")}
    pair = Pair(**texts, is_primary=primary, ignored=ignored)
    wrong += mapping.refuse(kind, pair)
    return (None if wrong else pair), [
        (f"column {header.index(name) + 1} ({name})" if name in header else name, words) for name, words in wrong
    ]


def _flag(given: dict[str, str], name: str, default: bool, wrong: list[tuple[str, str]]) -> bool:
    text = given.get(name, "").lower()
    if text and text not in _YES | _NO:
        wrong.append((name, f"{given[name]!r} is neither yes nor no"))
    return text in _YES if text else default


def load(session: Session, process: Process, site: Site, kind: MappingKind, pairs: Sequence[Pair], *, replace: bool) -> Imported:
    """Put every pair in place; with `replace` pairs that the file does not have are taken out. Does not commit.

    Raises NotPossible for a pair that contradicts a stored one which stays.
    """
    stored = mapping.listing(session, site, kind)
    old = {(row.joor_code, row.aims_code): row for row in stored}
    new = {(pair.joor_code, pair.aims_code): pair for pair in pairs}
    same = {key for key, pair in new.items() if key in old and mapping.as_pair(old[key]) == pair}
    codes = {pair.joor_code for pair in pairs if pair.joor_code} if kind not in mapping.MANY else set()
    out = [row for key, row in old.items() if key not in same and (key in new or replace or row.joor_code in codes)]
    stay = [row for key, row in old.items() if key not in new and row not in out]
    clashes = mapping.twice(kind, [*map(mapping.as_pair, stay), *pairs])
    if clashes:
        raise _refused("the file", [words for _, _, words in clashes])
    put = [pair for key, pair in new.items() if key not in same]
    released = mapping.store(session, process, site, kind, put, out, stored) if put or out else 0
    changed = sum(1 for key in new if key in old and key not in same)
    gone = sum(1 for row in out if (row.joor_code, row.aims_code) not in new)
    return Imported(len(put) - changed, changed, len(same), gone, released)


def _refused(name: str, errors: Sequence[str]) -> NotPossible:
    shown = [*errors[:_ERRORS_SHOWN], *([f"... and {len(errors) - _ERRORS_SHOWN} more"] if len(errors) > _ERRORS_SHOWN else [])]
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    hint = f"Columns are {', '.join(COLUMNS)}; the first line names those that are there."
    return NotPossible(f"{name} was not imported, nothing was changed: {count}. {hint}", fix=shown)
