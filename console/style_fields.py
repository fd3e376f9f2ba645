"""Which AIMS360 field of a style fills which JOOR field of a site. A CSV file with any error changes nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from console.csv_text import decoded, quoted_formula, records, unquoted
from console.process import Process
from models.catalogue import STYLE_TARGET_PREFIXES, STYLE_TARGETS, StyleField
from models.errors import NotPossible
from models.sites import Site

COLUMNS = ("joor_field", "aims_field", "constant", "fallback")
LONGEST = {"joor_field": 100, "aims_field": 100, "constant": 500, "fallback": 500}
_ERRORS_SHOWN = 50


@dataclass(frozen=True)
class FieldRow:
    """One row as a person gives it. Without field, constant and fallback the JOOR field is not filled at all, not even by default."""

    joor_field: str
    aims_field: str = ""
    constant: str = ""
    fallback: str = ""


@dataclass(frozen=True)
class Imported:
    added: int
    changed: int
    unchanged: int
    removed: int


def listing(session: Session, site: Site) -> Sequence[StyleField]:
    return session.exec(select(StyleField).where(StyleField.site_id == site.id).order_by(col(StyleField.joor_field))).all()


def as_row(stored: StyleField) -> FieldRow:
    return FieldRow(stored.joor_field, stored.aims_field, stored.constant, stored.fallback)


def refuse(row: FieldRow) -> list[tuple[str, str]]:
    """What is wrong with a row by itself, as (column, words); empty when nothing is."""
    given = {name: getattr(row, name) for name in COLUMNS}
    wrong = [(name, f"is longer than {limit} characters") for name, limit in LONGEST.items() if len(given[name]) > limit]
    wrong += [(name, "contains a control character") for name, text in given.items() if not text.isprintable()]
    if not _is_target(row.joor_field):
        names = ", ".join([*STYLE_TARGETS, *(f"{prefix}{'GROUP/' * (prefix == 'tag:')}NAME" for prefix in STYLE_TARGET_PREFIXES)])
        wrong.append(("joor_field", f"{row.joor_field!r} is no field of a JOOR style; there are {names}"))
    if row.aims_field and row.constant:
        wrong.append(("constant", "a field and a constant exclude each other: for an empty field give a fallback"))
    return wrong


def _is_target(name: str) -> bool:
    if name in STYLE_TARGETS:
        return True
    prefix = next((known for known in STYLE_TARGET_PREFIXES if name.startswith(known)), None)
    if prefix is None:
        return False
    group, _, rest = name.removeprefix(prefix).partition("/")
    return bool(group.strip() and (prefix != "tag:" or rest.strip()))


def put(session: Session, process: Process, site: Site, row: FieldRow) -> bool:
    """Store one row. Returns whether it says something new. Does not commit. Raises NotPossible."""
    wrong = refuse(row)
    if wrong:
        raise NotPossible(
            "; ".join(f"{name}: {words}" for name, words in wrong),
            fix=[f"For example: joorsync styles fields set description --aims longDescription --site {site.key}"],
            field=wrong[0][0],
        )
    old = session.get(StyleField, (site.id, row.joor_field))
    if old is not None and as_row(old) == row:
        return False
    _store(session, process, site, [row], [])
    return True


def remove(session: Session, process: Process, site: Site, joor_field: str) -> None:
    """Back to the default. Does not commit. Raises NotPossible."""
    if session.get(StyleField, (site.id, joor_field)) is None:
        raise NotPossible(f"{joor_field!r} is not set for site {site.key}", fix=[f"Look: joorsync styles fields list --site {site.key}"])
    _store(session, process, site, [], [joor_field])


def _store(session: Session, process: Process, site: Site, rows: Sequence[FieldRow], out: Sequence[str]) -> None:
    """One audit row for all of it."""
    touched = sorted({row.joor_field for row in rows} | set(out))
    before = [as_row(old).__dict__ for name in touched if (old := session.get(StyleField, (site.id, name)))]
    for name in out:
        session.delete(session.get_one(StyleField, (site.id, name)))
    for row in rows:
        values = {name: getattr(row, name) for name in COLUMNS}
        session.merge(StyleField(site_id=site.id or 0, **values, updated_at=process.clock.now(), updated_by=process.actor))
    after = [row.__dict__ for row in rows]
    session.add(process.audit("styles.fields", site.key, before={"fields": before}, after={"fields": after}))
    session.flush()


# ---- CSV -----------------------------------------------------------------------------------------------------------------------------


def export(rows: Iterable[StyleField]) -> str:
    """The CSV text; `parse` reads it back to the letter."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([quoted_formula(getattr(row, name)) for name in COLUMNS])
    return text.getvalue()


def parse(data: bytes, name: str) -> list[FieldRow]:
    """Every row of a file. Raises NotPossible listing every error with its line and column."""
    lines = list(records(decoded(data, lambda errors: _refused(name, errors)), lambda errors: _refused(name, errors)))
    if not lines:
        raise _refused(name, ["the file is empty"])
    header = [cell.strip().lower() for cell in lines[0][1]]
    errors = _header_errors(header)
    if errors:
        raise _refused(name, errors)
    rows: dict[str, tuple[int, FieldRow]] = {}
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            errors.append(
                f"line {number}, column {min(len(cells), len(header)) + 1}: {len(cells)} cells where there are {len(header)} columns"
            )
            continue
        row = FieldRow(**{column: unquoted(cell.strip()) for column, cell in zip(header, cells, strict=True)})
        errors += [f"line {number}, {_column(header, column)}: {words}" for column, words in refuse(row)]
        if row.joor_field in rows:
            errors.append(
                f"line {number}, {_column(header, 'joor_field')}: {row.joor_field!r} is on line {rows[row.joor_field][0]} already"
            )
        rows.setdefault(row.joor_field, (number, row))
    if errors:
        raise _refused(name, errors)
    return [row for _, row in rows.values()]


def _column(header: Sequence[str], name: str) -> str:
    return f"column {header.index(name) + 1} ({name})" if name in header else name


def _header_errors(header: Sequence[str]) -> list[str]:
    errors = [f"line 1, column {place}: unknown column {cell!r}" for place, cell in enumerate(header, 1) if cell not in COLUMNS]
    errors += [f"line 1: column {cell} is there twice" for cell in COLUMNS if list(header).count(cell) > 1]
    return errors + (["line 1: column joor_field is missing"] if "joor_field" not in header else [])


def load(session: Session, process: Process, site: Site, rows: Sequence[FieldRow], *, replace: bool) -> Imported:
    """Put every row in place; with `replace` stored ones that the file does not have are taken out. Does not commit."""
    old = {stored.joor_field: as_row(stored) for stored in listing(session, site)}
    new = {row.joor_field: row for row in rows}
    put_in = [row for name, row in new.items() if old.get(name) != row]
    out = [name for name in old if name not in new] if replace else []
    if put_in or out:
        _store(session, process, site, put_in, out)
    changed = sum(1 for row in put_in if row.joor_field in old)
    return Imported(len(put_in) - changed, changed, len(new) - len(put_in), len(out))


def _refused(name: str, errors: Sequence[str]) -> NotPossible:
    shown = [*errors[:_ERRORS_SHOWN], *([f"... and {len(errors) - _ERRORS_SHOWN} more"] if len(errors) > _ERRORS_SHOWN else [])]
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    hint = f"Columns are {', '.join(COLUMNS)}; the first line names those that are there."
    return NotPossible(f"{name} was not imported, nothing was changed: {count}. {hint}", fix=shown)
