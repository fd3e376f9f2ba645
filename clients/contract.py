"""A remote system's paths and field names as one table, each with its evidence, each replaceable by a site's TOML file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from models.errors import NotPossible


@dataclass(frozen=True)
class Entry:
    """`value` is a path, a field name (several to try are separated by `|`) or an option. `grade` is the fact sheets' own."""

    key: str
    value: str
    grade: str
    source: str
    note: str = ""

    @property
    def assumed(self) -> bool:
        return self.grade in ("A", "ASSUMED", "UNKNOWN")


class ContractTable:
    """The entries of one system with a site's own values in place. Immutable."""

    system = ""  # table name in the TOML file
    entries: tuple[Entry, ...] = ()

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._entries = {entry.key: entry for entry in self.entries}
        self._values = {key: entry.value for key, entry in self._entries.items()}
        self._own = dict(values or {})
        self._refuse_unknown(self._own)
        self._values.update(self._own)

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def names(self, key: str) -> tuple[str, ...]:
        """The field names to try, in order."""
        return tuple(name.strip() for name in self[key].split("|") if name.strip())

    def entry(self, key: str) -> Entry:
        return self._entries[key]

    def rows(self) -> list[tuple[Entry, str]]:
        """Every entry with the value in force, for `joorsync check --contract`."""
        return [(entry, self[entry.key]) for entry in self.entries]

    def to_toml(self) -> str:
        """The table as a TOML file: values in force, evidence as comments. Loading it back gives the same contract."""
        groups: dict[str, list[str]] = {}
        for entry in self.entries:
            head, _, name = entry.key.rpartition(".")
            evidence = f"# {entry.grade}, {entry.source}{': ' + entry.note if entry.note else ''}"
            groups.setdefault(head, []).extend([evidence, f"{name} = {json.dumps(self[entry.key], ensure_ascii=False)}"])
        lines = [line for head, rows in groups.items() for line in ("", f"[{self.system}.{head}]", *rows)][1:]
        return "\n".join(lines) + "\n"

    def what_to_do(self, key: str, site: str, present: Iterable[str] = ()) -> list[str]:
        """Steps for a person when the entry proves wrong. `present` are the names that the answer did have."""
        entry = self._entries[key]
        steps = [
            f"Find the right value of `{key}` (now {self[key]!r}; evidence {entry.grade}, {entry.source}) in the vendor's API reference."
        ]
        names = sorted(set(present))
        if names:
            steps.append(f"The answer had these names: {', '.join(names[:40])}.")
        head, _, name = key.rpartition(".")
        steps.append(f'Write it to the site\'s contract file under [{self.system}.{head}] as {name} = "..." and load it with')
        steps.append(f"`joorsync sites set {site} --contract FILE`, then `joorsync check --site {site} --contract`.")
        return steps

    def _refuse_unknown(self, values: Mapping[str, str]) -> None:
        unknown = [key for key in values if key not in self._entries]
        if unknown:
            close = get_close_matches(unknown[0], self._entries, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise NotPossible(
                f"The contract file names unknown entries for {self.system}: {', '.join(unknown)}.{hint}",
                fix=[f"Valid entries are: {', '.join(self._entries)}."],
            )
        bad = [key for key, value in values.items() if not isinstance(value, str)]
        if bad:
            raise NotPossible(f"The contract file must give a text for {', '.join(bad)}", fix=['Write it as name = "value".'])


def section(overrides: Mapping[str, Any], system: str, *, default: bool) -> dict[str, Any]:
    """The flat `{key: value}` of one system out of a parsed TOML file. Keys outside `[joor]` and `[aims360]` count for the system whose
    `default` is True."""
    chosen = dict(overrides.get(system, {}))
    if default:
        chosen.update({key: value for key, value in overrides.items() if key not in ("joor", "aims360")})
    return dict(_flat(chosen, ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
