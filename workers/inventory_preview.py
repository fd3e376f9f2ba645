"""The first differences between what JOOR was told and what it would be told, for a dry run."""

from typing import Any

from sqlalchemy import Row

SHOWN = 50


class Preview:
    """`differences` counts all; the first 50 are kept."""

    def __init__(self) -> None:
        self.differences = 0
        self.first: list[dict[str, Any]] = []

    def add(self, old: Row[Any] | None, row: dict[str, Any]) -> None:
        """`old` is the ledger's row (None: never heard of), `row` what it should be."""
        sent = old.sent if old is not None else None
        never = old is None or old.sent_version is None
        if (never and not row["wanted"]) or sent == row["wanted"]:
            return
        self.differences += 1
        self.show(sent, row)

    def show(self, sent: int | None, row: dict[str, Any]) -> None:
        if len(self.first) < SHOWN:
            shown = ("warehouse", "sku_key", "style", "color", "size", "bucket", "wanted")
            self.first.append({name: row[name] for name in shown} | {"sent": sent, "steps": (row["explain"] or {}).get("steps", [])})

    def as_json(self) -> dict[str, Any]:
        return {"differences": self.differences, "first": self.first}
