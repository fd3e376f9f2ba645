"""The SKUs of one card: the whole colour x size matrix, explicit (facts 4.7). What AIMS360 has not (any more) is inactive. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from clients.aims360.types import SizeRow, StyleColor
from clients.joor.types import PriceDraft, SkuDraft, StyleDraft
from models.errors import NotPossible
from rules.style_frame import Goods, KnownCard, StyleFrame

#: Columns and keys of ours; JOOR's own limits are UNKNOWN (facts 4.3).
_LONGEST_COLOR, _LONGEST_SIZE = 60, 40


def matrix(
    goods: Goods,
    frame: StyleFrame,
    card: KnownCard,
    rows: Sequence[StyleColor],
    prices: Mapping[str, tuple[PriceDraft, ...]],
    shared: Collection[str],
) -> tuple[SkuDraft, ...]:
    """`rows` are the colours of the card, `prices` by AIMS360 colour, `shared` UPCs that are not sent.

    Colours in the given order (new ones after those that JOOR has), sizes by AIMS360's positions; colours and sizes that only JOOR has are
    inactive. What a person took off stays off.
    """
    old = {sku.key: sku for sku in card.draft.skus} if card.draft else {}
    known_sizes = {sku.size for sku in old.values()}
    sizes = _size_names(goods.style, frame, rows, known_sizes)
    wanted: dict[tuple[str, str], SkuDraft] = {}
    names: dict[str, str] = {}
    for row in rows:
        color = frame.pairs.color_code(card.identifier, goods.style, row.color)
        if color in names:
            raise _clash(goods.style, f"colour {color!r}", "two of its colours")
        _check(goods.style, "colour", color, _LONGEST_COLOR)
        facts = frame.facts(row, goods.details)
        names[color] = frame.fields.color_name(facts)
        pack = frame.fields.case_pack(facts)
        for size in row.sizes:
            upc = _upc(size, shared)
            name = sizes[size.name.strip()]
            active = not card.off & {color, f"{color}|{name}", f"|{name}"}
            wanted[color, name] = SkuDraft(color, names[color], name, upc, active=active, multiplier=pack, prices=prices[row.color])
    return _filled(wanted, names, list(dict.fromkeys(sizes.values())), old, frame)


def switched_off(before: StyleDraft) -> StyleDraft:
    """The same card with every SKU inactive."""
    return replace(before, skus=tuple(replace(sku, active=False) for sku in before.skus))


def holes(draft: StyleDraft) -> tuple[SkuDraft, ...]:
    """Inactive SKUs whose colour and whose size are offered otherwise. JOOR's status is one of whole colours and whole sizes (facts 4.5):
    it may go on offering these."""
    colors = {sku.color_code for sku in draft.skus if sku.active}
    sizes = {sku.size for sku in draft.skus if sku.active}
    return tuple(sku for sku in draft.skus if not sku.active and sku.color_code in colors and sku.size in sizes)


def shared_upcs(rows: Iterable[StyleColor]) -> dict[str, list[str]]:
    """UPCs that several SKUs of these rows have, with the SKUs in words. 012 and 12 are one number."""
    holders: dict[str, list[str]] = {}
    for row in rows:
        for size in row.sizes:
            if size.upc and size.upc.strip():
                holders.setdefault(size.upc.strip().lstrip("0"), []).append(f"{row.style} {row.color} {size.name}")
    return {upc: skus for upc, skus in holders.items() if len(skus) > 1}


def _filled(
    wanted: Mapping[tuple[str, str], SkuDraft], names: Mapping[str, str], sizes: list[str], old: Mapping[str, SkuDraft], frame: StyleFrame
) -> tuple[SkuDraft, ...]:
    """Every combination, in order."""
    all_names = {sku.color_code: sku.color_name for sku in old.values()} | dict(names)
    colors = _places({sku.color_code: sku.color_order for sku in old.values()}, list(names), appended=True)
    places = _places({sku.size: sku.size_order for sku in old.values()}, sizes, appended=False)
    taken = {sku.upc for sku in wanted.values() if sku.upc}
    made = []
    for color in sorted(colors, key=colors.__getitem__):
        for size in sorted(places, key=places.__getitem__):
            sku = wanted.get((color, size)) or _inactive(color, size, old.get(f"{color}|{size}"), taken, frame)
            made.append(replace(sku, color_name=all_names[color], color_order=colors[color], size_order=places[size]))
    return tuple(made)


def _places(old: Mapping[str, int], wanted: Sequence[str], *, appended: bool) -> dict[str, int]:
    """Display order, from 1. What JOOR has keeps its number as long as that is right, so that a colour that comes or goes does not send all
    others again. `appended`: newcomers follow; else they take their place among `wanted`, and what is gone goes to the end."""
    known, new = [name for name in wanted if name in old], [name for name in wanted if name not in old]
    in_order = all(old[one] < old[other] for one, other in pairwise(known))
    if appended or (in_order and list(wanted) == known + new):
        start = max(old.values(), default=0) + 1
        return dict(old) | {name: place for place, name in enumerate(new, start=start)}
    return {name: place for place, name in enumerate(dict.fromkeys([*wanted, *old]), start=1)}


def _inactive(color: str, size: str, was: SkuDraft | None, taken: Collection[str], frame: StyleFrame) -> SkuDraft:
    """What JOOR has stays as it is, but inactive; without a UPC that another SKU has now."""
    if was is None:
        return SkuDraft(color, color, size, active=False)
    prices = tuple(price for price in was.prices if frame.prices.knows(price))
    return replace(was, active=False, upc=None if was.upc in taken else was.upc, prices=prices)


def _size_names(style: str, frame: StyleFrame, rows: Sequence[StyleColor], known: Collection[str]) -> dict[str, str]:
    """AIMS360 size -> JOOR size, in the order of the mean position over the colours, which merges different size runs."""
    places: dict[str, list[int]] = {}
    for row in rows:
        twice = [name for name, count in Counter(size.name.strip() for size in row.sizes).items() if count > 1]
        if twice:
            raise _clash(f"{style} {row.color}", f"size {twice[0]!r}", "two rows of AIMS360")
        for size in row.sizes:
            places.setdefault(size.name.strip(), []).append(size.position)
    ordered = sorted(places, key=lambda name: (Fraction(sum(places[name]), len(places[name])), name))
    names = {name: frame.sizes.joor(name, known) for name in ordered}
    for name, joor in names.items():
        _check(style, "size", joor, _LONGEST_SIZE)
        other = next((earlier for earlier, taken in names.items() if taken == joor and earlier != name), None)
        if other is not None:
            raise _clash(style, f"JOOR size {joor!r}", f"AIMS360 sizes {other!r} and {name!r}")
    return names


def _upc(size: SizeRow, shared: Collection[str]) -> str | None:
    upc = (size.upc or "").strip()
    return upc if upc and upc.lstrip("0") not in shared else None


def _check(style: str, what: str, text: str, longest: int) -> None:
    if not text.strip() or "|" in text or len(text) > longest:
        pair = f'size "NAME ON JOOR" --aims "{text}"' if what == "size" else f'style "IDENTIFIER|CODE ON JOOR" --aims "{style}|{text}"'
        raise NotPossible(
            f"Style {style}: {what} {text!r} cannot be sent: it must have 1 to {longest} characters and no |",
            fix=[f"Correct the {what} in AIMS360", f"Or map it to another name on JOOR: joorsync map set {pair}"],
            field=what,
        )


def _clash(style: str, what: str, who: str) -> NotPossible:
    return NotPossible(f"Style {style}: {what} would stand for {who}", fix=["Correct it in AIMS360, or the pairs: joorsync map list size"])
