"""AIMS360's JSON rows by contract key: property names without regard to case, 1899 dates as none (facts 4.3, 4.4)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from clients.aims360.contract import Contract
from clients.jsontext import storable
from models.errors import NotPossible, Rejected

_NO = frozenset({"no", "n", "false", "0", "inactive", "disabled"})


class Row:
    """One JSON object. Getters take a contract key; a missing needed field raises NotPossible naming the key, a bad value Rejected."""

    def __init__(self, raw: Mapping[str, Any], contract: Contract, site: str) -> None:
        self._raw = raw
        self._folded = {str(key).lower(): value for key, value in raw.items()}
        self._contract = contract
        self._site = site

    @property
    def raw(self) -> dict[str, Any]:
        """JSON-storable: exact numbers as text."""
        stored: dict[str, Any] = storable(dict(self._raw))
        return stored

    def has(self, key: str) -> bool:
        return any(name.lower() in self._folded for name in self._contract.names(key))

    def value(self, key: str) -> Any:
        return next((self._folded[name.lower()] for name in self._contract.names(key) if name.lower() in self._folded), None)

    def needed(self, key: str) -> Any:
        if not self.has(key):
            entry = self._contract.entry(key)
            raise NotPossible(
                f"AIMS360's answer has no field {self._contract[key]!r} (contract entry `{key}`, evidence {entry.grade}, {entry.source})",
                fix=self._contract.what_to_do(key, self._site, self._raw),
                field=key,
            )
        return self.value(key)

    def text(self, key: str, *, needed: bool = False) -> str:
        value = self.needed(key) if needed else self.value(key)
        found = "" if value is None or isinstance(value, dict | list) else str(value).strip()
        if needed and not found:
            raise self._bad(key, value, "is empty")
        return found

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) or None

    def flag(self, key: str, *, absent: bool) -> bool:
        value = self.value(key)
        if value is None or value == "":
            return absent
        return value if isinstance(value, bool) else str(value).strip().lower() not in _NO

    def money(self, key: str) -> Decimal | None:
        value = self.value(key)
        if value is None or value == "":
            return None
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite():
            raise self._bad(key, value, "is not a number")
        return amount

    def count(self, key: str, *, needed: bool = False) -> int:
        """A whole number; absent, null and "" are 0 unless needed (then absent raises, null is still 0)."""
        if needed:
            self.needed(key)
        amount = self.money(key)
        if amount is None:
            return 0
        if amount != amount.to_integral_value():
            raise self._bad(key, amount, "is not a whole number")
        return int(amount)

    def day(self, key: str) -> date | None:
        value = self.text(key)
        try:
            found = date.fromisoformat(value[:10]) if value else None
        except ValueError:
            raise self._bad(key, value, "is not a date") from None
        return None if found is None or found.year < 1900 else found

    def moment(self, key: str) -> datetime | None:
        """Aware UTC; a value without a zone is taken as UTC."""
        value = self.text(key)
        if self.day(key) is None:
            return None
        try:
            at = datetime.fromisoformat(value)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise self._bad(key, value, "is not a date") from None

    def rows(self, key: str, *, needed: bool = False) -> list["Row"]:
        value = self.needed(key) if needed else self.value(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._bad(key, value, "is not a list of objects")
        return [Row(item, self._contract, self._site) for item in value]

    def _bad(self, key: str, value: Any, why: str) -> Rejected:
        name = self._contract[key]
        return Rejected(f"AIMS360's field {name!r} {why}: {str(value)[:60]!r}", field=name, remote_message=str(value)[:200])
