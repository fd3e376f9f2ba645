"""From all colours of one AIMS360 style to the cards it should have on JOOR: one, or one per colour. Pure.

AIMS360 gives colours no order of their own (facts 9.3), and what it serves first may change between readings: colours go by code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from clients.aims360.types import StyleColor
from clients.joor.types import PriceDraft, SkuDraft, StyleDraft
from models.errors import NotPossible
from rules.style_fields import LONGEST
from rules.style_frame import Goods, KnownCard, StyleFrame
from rules.style_guard import Removal
from rules.style_skus import matrix, shared_upcs, switched_off

Prices = Mapping[str, tuple[PriceDraft, ...]]  # by AIMS360 colour


@dataclass(frozen=True)
class CardPlan:
    """`color` is the AIMS360 colour of a card per colour, "" for all colours."""

    draft: StyleDraft
    color: str = ""


@dataclass(frozen=True)
class StylePlan:
    """`cards` in the order of identifiers. `unwanted`: identifiers JOOR has for the style that the present settings, prices and pairs no
    longer give it; they are never taken off without a decision. `notes` are for people."""

    style: str
    cards: tuple[CardPlan, ...]
    unwanted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def by_color(self) -> bool:
        return any(card.color for card in self.cards)


def plan_style(goods: Goods, frame: StyleFrame, known: Sequence[KnownCard] = ()) -> StylePlan:
    """The cards of a style. No card when no colour is active (and JOOR has none).

    Raises NotPossible in words for what cannot be sent as it is: prices, keys, sizes, fields, two colours or cards of one name.
    """
    notes: list[str] = []
    rows = _active(goods, frame, notes)
    if not rows:
        return StylePlan(goods.style, ())
    shared = shared_upcs(rows)
    notes += [f"UPC {upc} is on {', '.join(skus)}: sent without it" for upc, skus in sorted(shared.items())]
    prices = {row.color: frame.prices.of(row, goods.prices) for row in rows}
    live = {card.identifier: card for card in known}
    cards: dict[str, CardPlan] = {}
    for color, group in _groups(goods.style, frame, rows, prices, notes):
        identifier = _identifier(goods.style, color, frame, live)
        if identifier in cards:
            raise NotPossible(
                f"Style {goods.style}: two of its cards would have the identifier {identifier!r} on JOOR",
                fix=[f"Correct the style pairs: joorsync map list style --site {frame.site_key}", "Or correct the colour codes in AIMS360"],
                field="identifier",
            )
        card = live.get(identifier, KnownCard(identifier))
        skus = matrix(goods, frame, card, group, prices, shared.keys())
        cards[identifier] = CardPlan(_draft(identifier, goods, frame, group[0], skus, notes), color)
    cards |= _faded(cards, known)
    unwanted = tuple(sorted(live.keys() - cards.keys()))
    return StylePlan(goods.style, tuple(cards[key] for key in sorted(cards)), unwanted, tuple(dict.fromkeys(notes)))


def removals(before: StyleDraft | None, after: StyleDraft) -> list[Removal]:
    """SKUs that JOOR offers and the new draft has inactive: whole colours where none of theirs stays, else single SKUs."""
    if before is None:
        return []
    kept = {sku.key for sku in after.skus if sku.active}
    offered = [sku for sku in before.skus if sku.active]
    found = []
    for color in dict.fromkeys(sku.color_code for sku in offered):
        ours = [sku for sku in offered if sku.color_code == color]
        lost = [sku for sku in ours if sku.key not in kept]
        if len(lost) == len(ours):
            found.append(Removal(after.identifier, color, None, _upcs(lost)))
        else:
            found += [Removal(after.identifier, color, sku.size, _upcs([sku])) for sku in lost]
    return found


def _active(goods: Goods, frame: StyleFrame, notes: list[str]) -> list[StyleColor]:
    rows = sorted(goods.colors, key=lambda row: row.color)
    for one, other in pairwise(rows):
        if one.color == other.color:
            raise NotPossible(
                f"Style {goods.style}: AIMS360 lists colour {one.color} twice", fix=["Correct the style in AIMS360"], field="color"
            )
    active = [row for row in rows if row.active or frame.settings.include_inactive]
    sized = [row for row in active if row.sizes]
    if active and not sized:
        raise NotPossible(f"Style {goods.style} has no sizes in AIMS360", fix=["Give it a size scale in AIMS360"], field="sizes")
    notes += [f"colour {row.color} has no sizes in AIMS360 and is left out" for row in active if not row.sizes]
    return sized


def _groups(
    style: str, frame: StyleFrame, rows: Sequence[StyleColor], prices: Prices, notes: list[str]
) -> list[tuple[str, list[StyleColor]]]:
    """(colour or "", rows) per card."""
    per_color = [(row.color, [row]) for row in rows]
    if frame.settings.card == "style_color" or frame.pairs.own_cards(style) & {row.color for row in rows}:
        return per_color
    if len(set(prices.values())) == 1:
        return [("", list(rows))]
    if frame.settings.different_prices == "refuse":
        shown = ", ".join(f"{color} {_shown(found)}" for color, found in sorted(prices.items()))
        raise NotPossible(
            f"Style {style}: its colours have different prices ({shown}), and a JOOR style has one",
            fix=[
                f'Split such styles by colour: joorsync sites set {frame.site_key} --style "different_prices=split"',
                "Or give the colours one price in AIMS360",
            ],
            field="prices",
        )
    notes.append("the prices differ by colour")
    return per_color


def _shown(prices: Sequence[PriceDraft]) -> str:
    return " ".join(f"{price.currency} {price.wholesale}" + (f"/{price.retail}" if price.retail else "") for price in prices)


def _identifier(style: str, color: str, frame: StyleFrame, live: Mapping[str, KnownCard]) -> str:
    otherwise = f"{style}{frame.settings.identifier_separator}{color}" if color else style
    found = frame.pairs.identifier(style, color, otherwise, live.keys())
    if len(found) > LONGEST["identifier"]:
        raise NotPossible(
            f"Style {style}: the identifier {found!r} is longer than JOOR's {LONGEST['identifier']} characters",
            fix=["Shorten the style number or the colour code in AIMS360"],
            field="identifier",
        )
    return found


def _draft(identifier: str, goods: Goods, frame: StyleFrame, first: StyleColor, skus: tuple[SkuDraft, ...], notes: list[str]) -> StyleDraft:
    product = frame.fields.product(frame.facts(first, goods.details))
    notes += product.notes
    if len(product.number) > LONGEST["number"]:
        raise NotPossible(
            f"Style {goods.style}: the style number {product.number!r} is longer than JOOR's {LONGEST['number']} characters",
            fix=[f"Give it a shorter one: joorsync styles fields set number --aims FIELD --site {frame.site_key}"],
            field="number",
        )
    return StyleDraft(
        identifier=identifier,
        number=product.number,
        name=product.name,
        description=product.description,
        order_minimum=product.order_minimum,
        traits=product.traits,
        categories=product.categories,
        tags=product.tags,
        skus=skus,
    )


def _faded(cards: Mapping[str, CardPlan], known: Sequence[KnownCard]) -> dict[str, CardPlan]:
    """Cards per colour whose colour has left the style: they stay, with every SKU inactive."""
    if not any(card.color for card in cards.values()):
        return {}
    colors = {card.color for card in cards.values()}
    return {
        card.identifier: CardPlan(switched_off(replace(card.draft, identifier=card.identifier)), card.color)
        for card in known
        if card.color and card.color not in colors and card.identifier not in cards and card.draft is not None
    }


def _upcs(skus: Sequence[SkuDraft]) -> tuple[str, ...]:
    return tuple(sku.upc for sku in skus if sku.upc)
