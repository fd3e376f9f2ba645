"""The rows of an entity set, built when they are looked at: one page of a large set costs no more than one page of a small one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from sandbox.aims360_schema import Row

T = TypeVar("T")


class Table(Sequence[Row], Generic[T]):
    """`build` makes the row of a record. `indexes` give, for a property and a value, the records that can have it: a superset will do."""

    def __init__(
        self, records: Sequence[T], build: Callable[[T], Row], indexes: Mapping[str, Callable[[Any], Sequence[T]]] | None = None
    ) -> None:
        self._records, self._build, self._indexes = records, build, indexes or {}

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._build(record) for record in self._records[place]]
        return self._build(self._records[place])

    def __iter__(self) -> Iterator[Row]:
        return map(self._build, self._records)

    def having(self, equal: Mapping[str, Any]) -> "Table[T]":
        """At least the rows whose properties have these values."""
        for name, value in equal.items():
            if name in self._indexes:
                return Table(self._indexes[name](value), self._build)
        return self
