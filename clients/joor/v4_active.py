"""Taking a colour, a size or a card off JOOR by trait status, and putting it back (facts 4.5, 4.7). This edits live orders."""

from collections.abc import Sequence
from dataclasses import dataclass

from clients.joor.v4_answers import Row, named, text
from clients.joor.v4_sku_rows import ACTIVE, INACTIVE, SkuReader


@dataclass(frozen=True)
class _Shown:
    """A SKU as JOOR shows it, with the status of its two traits."""

    row: Row
    color: Row
    size: Row
    code: str
    name: str
    color_on: bool
    size_on: bool

    @property
    def on(self) -> bool:
        return self.color_on and self.size_on


_Marks = list[tuple[_Shown, bool, bool]]  # a SKU, whether to mark its Color, whether to mark its Size


class AloneRefused(Exception):
    """One SKU cannot be switched without others of its colour or size."""


@dataclass(frozen=True)
class Switch:
    """What to switch. `color` is a code, or JOOR's name where JOOR has no code; neither given: the card. `off_colors`: colours that the
    draft has off, left out when the whole card is put back. `scope`: contract `skus.status_scope`."""

    color: str | None
    size: str | None
    active: bool
    scope: str
    off_colors: frozenset[str] = frozenset()


def changes(rows: Sequence[Row], reader: SkuReader, references: tuple[Row, Row], switch: Switch) -> list[Row]:
    """Bodies of `skus/bulk_update`, none when JOOR has it so already. `rows` are all SKUs of the card.

    Whole colour (or the whole card, colour by colour): the Color of its SKUs is marked and nothing else, whole size: their Size; all SKUs
    of it are named, so that it comes out the same whether a status counts for the trait value or for the SKU. A single SKU: with scope
    `sku` both its traits; with scope `value` the trait whose other SKUs are off anyway. Raises AloneRefused when both have others.
    """
    marks = _marks([_shown(row, reader) for row in rows], switch)
    return [_body(sku, (color, size), switch.active, references) for sku, color, size in marks]


def _marks(skus: Sequence[_Shown], switch: Switch) -> _Marks:
    color, size, active = switch.color, switch.size, switch.active
    if color is None and size is None:
        chosen = [sku for sku in skus if not active or _color_of(sku) not in switch.off_colors]
        sizes = active and not any(sku.size_on for sku in chosen)  # every size is off: the colours alone would not bring it back
        return _marked(chosen, active, color=True, size=sizes)
    chosen = [sku for sku in skus if color in (None, _color_of(sku)) and size in (None, text(sku.size, "value"))]
    if size is None or color is None:
        return _marked(chosen, active, color=size is None, size=color is None)
    if switch.scope == "sku":
        return _marked(chosen, active, color=True, size=True)
    return [mark for sku in chosen for mark in _alone(sku, skus, active)]


def _alone(sku: _Shown, skus: Sequence[_Shown], active: bool) -> _Marks:
    if sku.on == active:
        return []
    same_color = [other for other in skus if other is not sku and _color_of(other) == _color_of(sku)]
    same_size = [other for other in skus if other is not sku and text(other.size, "value") == text(sku.size, "value")]
    if active:
        woken = [
            other
            for other in (*same_color, *same_size)
            if not other.on and (other.color_on or other in same_color) and (other.size_on or other in same_size)
        ]
        if woken:  # what is off must be put on, and others would come back by it
            raise AloneRefused
        return _marked([sku], True, color=not sku.color_on, size=not sku.size_on)
    if not any(other.on for other in same_color):
        return _marked([sku], False, color=True)
    if not any(other.on for other in same_size):
        return _marked([sku], False, size=True)
    raise AloneRefused


def _marked(skus: Sequence[_Shown], active: bool, *, color: bool = False, size: bool = False) -> _Marks:
    """Those whose marked traits are not so yet, with which traits to mark."""
    return [(sku, color, size) for sku in skus if (color and sku.color_on != active) or (size and sku.size_on != active)]


def _body(sku: _Shown, marks: tuple[bool, bool], active: bool, references: tuple[Row, Row]) -> Row:
    """Both traits are named (exactly one Color and one Size per SKU). The other one's status is said again as JOOR shows it: whether an
    update without it would mean the default ACTIVE is not known."""
    status = {"status": ACTIVE if active else INACTIVE}
    traits = [
        {**reference, **named(value, "value", "external_id", "status"), **(status if marked else {})}
        for reference, value, marked in zip(references, (sku.color, sku.size), marks, strict=True)
    ]
    return {"id": text(sku.row, "id"), "trait_values": traits}


def _shown(row: Row, reader: SkuReader) -> _Shown:
    color, size = reader.traits(row)
    on = [text(value, "status").upper() != INACTIVE for value in (color, size)]
    return _Shown(row, color, size, text(color, "external_id"), text(color, "value"), on[0], on[1])


def _color_of(sku: _Shown) -> str:
    return sku.code or sku.name
