"""One contract entry after a look at the remote system: what it was found to be, and the TOML that would put it right. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from clients.contract import ContractTable, Entry

Found = Literal["holds", "differs", "missing", "not probed"]
UNKNOWN_VALUE = "..."
_NAMES_SHOWN = 30


@dataclass(frozen=True)
class Verdict:
    """`value` is what is in force, `right` the value that the answer suggests ("" when nothing does). `needed_by` are the data types of the
    site that cannot work without the entry: a wrong one fails the check then, and is only told otherwise."""

    system: str
    key: str
    value: str
    grade: str
    source: str
    verdict: Found
    words: str
    right: str = ""
    needed_by: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        return self.verdict in ("differs", "missing")

    @property
    def toml(self) -> str:
        """The lines to write, "" when nothing is to be changed."""
        if not self.wrong:
            return ""
        head, name = table_of(self.system, self.key)
        return f"[{head}]\n{name} = {_text(self.right or UNKNOWN_VALUE)}"


def table_of(system: str, key: str) -> tuple[str, str]:
    """(TOML table, name) of an entry: ("aims360.path", "terms")."""
    head, _, name = key.rpartition(".")
    return f"{system}.{head}", name


def verdict_of(table: ContractTable, key: str, found: Found, words: str, right: str = "") -> Verdict:
    entry = table.entry(key)
    return Verdict(table.system, key, table[key], entry.grade, entry.source, found, words, right)


def field_verdict(table: ContractTable, key: str, rows: Sequence[Mapping[str, Any]], taken: Iterable[str]) -> Verdict:
    """Whether one of the entry's names is in these rows; names are compared without regard to case (AIMS360 facts 4.4). `taken` are names
    that other entries stand for, so they are not proposed. There must be rows."""
    names = {name.lower() for name in table.names(key)}
    having = [row for row in rows if any(str(name).lower() in names for name in row)]
    if having:
        filled = sum(1 for row in having if any(str(name).lower() in names and value not in (None, "", []) for name, value in row.items()))
        return verdict_of(table, key, "holds", f"{filled} of {len(rows)} row(s) have a value")
    present = list(dict.fromkeys(str(name) for row in rows for name in row))
    free = {name.lower(): name for name in present if name.lower() not in {other.lower() for other in taken}}
    close = [found for name in names for found in get_close_matches(name, free, n=1, cutoff=0.6)]
    right = free[close[0]] if close else ""
    hint = f"; the closest is {right}" if right else ""
    return verdict_of(table, key, "differs", f"no row has it; there are: {', '.join(present[:_NAMES_SHOWN])}{hint}", right)


def shown(entry: Entry, value: str) -> bool:
    """Whether an entry is told about although nothing is wrong with it: nobody has proved it, or the site gave a value of its own."""
    return entry.assumed or value != entry.value


def snippet(verdicts: Sequence[Verdict], own: Mapping[str, Mapping[str, str]]) -> str:
    """One contract file for the site: the entries to change, beside those it has already (`own`: system -> key -> value), because loading a
    file replaces what is stored. A value that nobody knows stays a comment. "" when nothing is to be changed."""
    wrong = [found for found in verdicts if found.wrong]
    if not wrong:
        return ""
    lines: dict[str, list[str]] = {}
    for found in wrong:
        head, name = table_of(found.system, found.key)
        value, mark = (found.right, "") if found.right else (UNKNOWN_VALUE, "# ")
        lines.setdefault(head, []).append(f"{mark}{name} = {_text(value)}  # was {_text(found.value)}: {found.words[:160]}")
    known = {(found.system, found.key) for found in wrong if found.right}
    for system, values in own.items():
        for key, value in values.items():
            if (system, key) not in known:
                head, name = table_of(system, key)
                lines.setdefault(head, []).append(f"{name} = {_text(value)}")
    return "\n\n".join("\n".join([f"[{head}]", *rows]) for head, rows in lines.items()) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
