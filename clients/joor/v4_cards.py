"""One card on its way through a save: what is known of it, what was done, what JOOR refused."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from clients.joor.types import CardIds, CardWork, Part, Saved, SkuDraft

#: Called with the identifiers of a call that may create something, just before it.
AboutTo = Callable[[Sequence[str]], None]

C = TypeVar("C")
T = TypeVar("T")


class Card:
    """`fresh`: made in this pass, so JOOR has nothing of it that we do not know. `looks`: SKUs and prices that we have no ids of may be on
    JOOR already (doubt, or an adopted card)."""

    def __init__(self, work: CardWork) -> None:
        self.draft = work.draft
        self.identifier = work.draft.identifier
        self.doubt = work.doubt
        # in doubt JOOR may have been told something else since, so nothing is spared
        self.before = None if work.doubt else work.before
        self.joor_id = work.ids.joor_id
        self.skus = dict(work.ids.skus)
        self.prices = dict(work.ids.prices)
        self.fresh = False
        self.adopted = False
        self._parts = work.parts
        self._refused: dict[Part, str] = {}
        self._done: set[Part] = set()
        self._told = self._mark()
        self._told_done: frozenset[Part] = frozenset()
        self._told_refused: frozenset[Part] = frozenset()

    @property
    def alive(self) -> bool:
        """Nothing was refused yet: a part is not sent after one that it depends on has failed."""
        return not self._refused

    @property
    def looks(self) -> bool:
        return (self.doubt or self.adopted) and not self.fresh

    def wants(self, part: Part) -> bool:
        return part in self._parts

    @property
    def lacking(self) -> list[SkuDraft]:
        """SKUs without a JOOR id."""
        return [sku for sku in self.draft.skus if sku.key not in self.skus]

    def done(self, part: Part) -> None:
        """The part is as in the draft; counts when it was asked for and nothing was refused."""
        if self.alive and self.wants(part):
            self._done.add(part)

    def refuse(self, part: Part, words: str) -> None:
        self._refused.setdefault(part, words)

    def news(self) -> Saved | None:
        """What came to pass since the last time; None for nothing. Ids are all that are known."""
        mark = self._mark()
        if mark == self._told:
            return None
        parts = frozenset(self._done) - self._told_done
        refused = {part: words for part, words in self._refused.items() if part not in self._told_refused}
        self._told, self._told_done, self._told_refused = mark, frozenset(self._done), frozenset(self._refused)
        return Saved(self.identifier, CardIds(self.joor_id, dict(self.skus), dict(self.prices)), parts, refused, self.adopted)

    def _mark(self) -> tuple[object, ...]:
        return self.joor_id, len(self.skus), len(self.prices), len(self._done), len(self._refused)


def calls_of(groups: Sequence[tuple[C, Sequence[T]]], most: int) -> Iterator[list[tuple[C, Sequence[T]]]]:
    """Each card's items split into calls of up to `most` items; those of one card stay together. Cards without items are in none."""
    call: list[tuple[C, Sequence[T]]] = []
    size = 0
    for card, items in groups:
        if not items:
            continue
        if call and size + len(items) > most:
            yield call
            call, size = [], 0
        call.append((card, items))
        size += len(items)
    if call:
        yield call
