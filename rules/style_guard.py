"""What open orders lose when a card, a colour or a size is taken off JOOR: which lines hold it, and the words for it. Pure."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from clients.joor.types import JoorOrder, OrderLine
from rules.order_references import same_upc

_SHOWN = 10


class Removal(NamedTuple):
    """What is to be taken away: a whole card, one colour, one size of a colour, or (colour None) one size of every colour. `upcs` are
    those of its SKUs, as far as known."""

    identifier: str
    color: str | None = None
    size: str | None = None
    upcs: Collection[str] = ()

    @property
    def key(self) -> str:
        """IDENTIFIER, IDENTIFIER|COLOUR, IDENTIFIER|COLOUR|SIZE or IDENTIFIER||SIZE: job keys, decisions and commands name it so."""
        return f"{self.identifier}|{self.color or ''}|{self.size or ''}".rstrip("|")

    @property
    def whole(self) -> bool:
        return self.color is None and self.size is None

    @property
    def words(self) -> str:
        """For example "Size M of D410 in NVY"."""
        if self.size is None:
            return self.identifier if self.color is None else f"Colour {self.color} of {self.identifier}"
        return f"Size {self.size} of {self.identifier}" + (f" in {self.color}" if self.color else "")

    def means(self, color: str, size: str) -> bool:
        """Whether the SKU is one of those."""
        return self.color in (None, color) and self.size in (None, size)


def removal_of(key: str) -> Removal:
    """Of a `Removal.key`. Raises ValueError for anything else."""
    identifier, *rest = (part.strip() for part in key.split("|"))
    if not identifier or len(rest) > 2 or (rest and not rest[-1]):
        raise ValueError(f"{key!r} is not IDENTIFIER, IDENTIFIER|COLOUR, IDENTIFIER|COLOUR|SIZE or IDENTIFIER||SIZE")
    color, size = [*(part or None for part in rest), None, None][:2]
    return Removal(identifier, color, size)


@dataclass(frozen=True)
class CardNames:
    """How else JOOR may name a card on an order line. `color`: the only colour of a card per style and colour."""

    number: str = ""
    color: str = ""
    joor_id: str = ""


@dataclass(frozen=True)
class Holder:
    """An open order that holds what is to be removed. `broken`: why it cannot be read; it may hold it."""

    order_id: str
    status: str
    broken: str = ""

    @property
    def words(self) -> str:
        return f"{self.order_id} ({'cannot be read: ' + self.broken if self.broken else self.status})"


def holds(order: JoorOrder, removal: Removal, card: CardNames) -> bool:
    return any(_line_holds(line, removal, card) for line in order.lines if line.quantity > 0)


def _line_holds(line: OrderLine, removal: Removal, card: CardNames) -> bool:
    """By UPC, or by identifier (without one: style number) + colour code + size. What a line does not say speaks for it, not against."""
    if line.upc.strip() and any(same_upc(line.upc, upc) for upc in removal.upcs if upc.strip()):
        return True
    color, by_number = removal.color, False
    if line.style_identifier.strip():
        ours = _same(line.style_identifier, removal.identifier)
    elif line.style_number.strip():
        ours, by_number = _same(line.style_number, card.number or removal.identifier), True
    else:
        ours = not line.upc.strip() or not removal.upcs
    ours = ours or (bool(card.joor_id) and line.style_id.strip() == card.joor_id)
    if by_number and color is None:
        color = card.color or None  # several cards share the number
    return ours and _may_be(color, line.color_code) and _may_be(removal.size, line.size, line.size_code)


def _may_be(wanted: str | None, *said: str) -> bool:
    words = [text for text in said if text.strip()]
    return not wanted or not words or any(_same(text, wanted) for text in words)


def _same(one: str, other: str) -> bool:
    """Case is no reason to cancel somebody's order."""
    return one.strip().casefold() == other.strip().casefold()


def may_hold(raw: dict[str, Any], removal: Removal, card: CardNames) -> bool:
    """Of an order that cannot be read: whether its text names the card or one of the UPCs anywhere, or shows no lines at all."""
    if not any(isinstance(value, list | dict) and value for value in raw.values()):
        return True
    text = json.dumps(raw, ensure_ascii=False, default=str).casefold()
    names = {removal.identifier, card.number, card.joor_id, *(upc.strip().lstrip("0") for upc in removal.upcs)}
    return any(json.dumps(name, ensure_ascii=False)[1:-1].casefold() in text for name in names if name)


def question(removal: Removal, holders: Sequence[Holder]) -> str:
    """For example "Size M of D410 in NVY is on 2 open orders: 7700123 (approved), 7700130 (pending). Taking it off JOOR removes it ..."."""
    read, broken = [item for item in holders if not item.broken], [item for item in holders if item.broken]
    said = [f"is on {_counted(read)}"] * bool(read) + [f"may be on {_counted(broken)}"] * bool(broken)
    return f"{removal.words} {' and '.join(said)}. Taking it off JOOR removes it from {'it' if len(holders) == 1 else 'them'}."


def _counted(holders: Sequence[Holder]) -> str:
    return f"{len(holders)} open order{'s' if len(holders) > 1 else ''}: {listed(item.words for item in holders)}"


def listed(words: Iterable[str]) -> str:
    every = list(words)
    return ", ".join(every[:_SHOWN]) + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")
