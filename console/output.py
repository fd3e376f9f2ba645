"""What commands print: tables for people, JSON for programs, failures with numbered steps. Results on stdout, everything else on stderr."""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.errors import SyncError, Unavailable
from runtime.logs import REDACTOR

WELL, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3
_PIPE_WIDTH = 160


def out() -> Console:
    """Made per call, so that it follows a redirected stdout."""
    return _console(sys.stdout)


def err() -> Console:
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else max(_PIPE_WIDTH, shutil.get_terminal_size((0, 0)).columns)
    return Console(file=stream, width=width, soft_wrap=False, highlight=False, emoji=False)


def say(text: str = "") -> None:
    """One line on stdout, to the letter."""
    out().print(escape(text), soft_wrap=True)


def note(text: str) -> None:
    """One line on stderr: progress, hints, warnings. Never part of a result."""
    err().print(escape(text), soft_wrap=True)


def document(value: Any) -> None:
    """The JSON document of `--json`."""
    print(json.dumps(value, default=plain, ensure_ascii=False, indent=2))


def plain(value: Any) -> Any:
    """Times as ISO 8601 with offset, money as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, title: str = "", empty: str = "Nothing.") -> None:
    """Columns are keys of the rows; their names are the headings, underscores as spaces."""
    listed = list(rows)
    if not listed:
        say(empty)
        return
    made = Table(title=escape(title) or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float | Decimal | None) for row in listed)
        made.add_column(column.replace("_", " "), justify="right" if numbers else "left", overflow="fold")
    for row in listed:
        made.add_row(*(escape(cell(row.get(column))) for column in columns))
    out().print(made)


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def ago(age: timedelta) -> str:
    """For example "3 min"."""
    seconds = int(age.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def steps(fix: Sequence[str], indent: str = "  ") -> list[str]:
    """The numbered form of what a person can do."""
    return [f"{indent}{number}. {step}" for number, step in enumerate(fix, 1)]


def failure(error: SyncError) -> int:
    """Print a failure on stderr. Returns the exit code that belongs to it."""
    note(REDACTOR.text(error.summary))
    if error.remote_message and error.remote_message not in error.summary:
        note(f"  they said: {REDACTOR.text(error.remote_message)}")
    for line in steps(error.fix):
        note(REDACTOR.text(line))
    return UNREACHABLE if isinstance(error, Unavailable) else USAGE


def field_lines(error: ValidationError, prefix: str = "") -> list[str]:
    """One line per wrong field: its name, what is wrong, what was given."""
    lines = []
    for item in error.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ").strip()
        given = "" if not name or item["type"] in ("missing", "extra_forbidden") else f" (given: {item['input']!r})"
        words = "there is no such setting" if item["type"] == "extra_forbidden" else message
        lines.append(f"{prefix}{name}{': ' if name else ''}{words}{given}")
    return lines
