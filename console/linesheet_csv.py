"""The style list of one linesheet as CSV: what `export` writes `import` reads back, and a file with any error changes nothing."""

import csv
import io
from collections.abc import Sequence

from console.csv_text import decoded, quoted_formula, records, unquoted
from models.errors import NotPossible

COLUMNS = ("style", "order")
_LONGEST_STYLE = 100
_ERRORS_SHOWN = 50


def export(styles: Sequence[str]) -> str:
    """The CSV text, numbered from 1 in display order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((quoted_formula(style), number) for number, style in enumerate(styles, 1))
    return text.getvalue()


def parse(data: bytes, name: str) -> list[str]:
    """The styles in display order: by `order` where it is given, the others after them as they stand in the file.

    Raises NotPossible listing every error with its line and column.
    """

    def refuse(errors: Sequence[str]) -> NotPossible:
        return _refused(name, errors)

    lines = list(records(decoded(data, refuse), refuse))
    if not lines:
        raise refuse(["the file is empty"])
    header = [cell.strip().lower() for cell in lines[0][1]]
    errors = [f"line 1, column {place}: unknown column {cell!r}" for place, cell in enumerate(header, 1) if cell not in COLUMNS]
    errors += ["line 1: column style is missing"] if "style" not in header else []
    errors += [f"line 1: column {cell} is there twice" for cell in COLUMNS if header.count(cell) > 1]
    if errors:
        raise refuse(errors)
    found: list[tuple[int | None, int, str]] = []
    seen: dict[str, int] = {}
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        style, order, wrong = _row(header, cells)
        if style in seen:
            wrong.append((header.index("style") + 1, f"style {style} is there twice (line {seen[style]})"))
        errors += [f"line {number}, column {column}: {words}" for column, words in wrong]
        seen.setdefault(style, number)
        found.append((order, number, style))
    if errors:
        raise refuse(errors)
    return [style for _, _, style in sorted(found, key=lambda row: (row[0] is None, row[0] or 0, row[1]))]


def _row(header: Sequence[str], cells: Sequence[str]) -> tuple[str, int | None, list[tuple[int, str]]]:
    """(style, order, errors by column)."""
    if len(cells) != len(header):
        at = min(len(cells), len(header)) + 1
        return f"\n{id(cells)}", None, [(at, f"{len(cells)} cells where the first line has {len(header)} columns")]
    given = {name: unquoted(cell.strip()) for name, cell in zip(header, cells, strict=True)}
    wrong: list[tuple[int, str]] = []
    style, order = given["style"], given.get("order", "")
    if not style:
        wrong.append((header.index("style") + 1, "style is empty"))
    elif len(style) > _LONGEST_STYLE or not style.isprintable() or "|" in style:
        wrong.append((header.index("style") + 1, f"{style[:60]!r} is no style number"))
    if order and not (order.isascii() and order.isdigit() and len(order) <= 9):
        wrong.append((header.index("order") + 1, f"{order!r} is no whole number"))
        order = ""
    return style or f"\n{id(cells)}", int(order) if order else None, wrong


def _refused(name: str, errors: Sequence[str]) -> NotPossible:
    shown = [*errors[:_ERRORS_SHOWN], *([f"... and {len(errors) - _ERRORS_SHOWN} more"] if len(errors) > _ERRORS_SHOWN else [])]
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    hint = f"Columns are {' and '.join(COLUMNS)}; order may be left out."
    return NotPossible(f"{name} was not imported, nothing was changed: {count}. {hint}", fix=shown)
