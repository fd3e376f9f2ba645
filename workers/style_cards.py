"""Cards in SQL: what JOOR was told of each, read back as drafts and ids."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import Session, col, select

from clients.joor.types import PARTS, CardIds, StyleDraft
from models.catalogue import CardState, StyleCard
from rules.style_frame import KnownCard
from rules.style_parts import draft_from


def ids_of(card: StyleCard) -> CardIds:
    ids = card.ids or {}
    return CardIds(card.joor_id, dict(ids.get("skus") or {}), dict(ids.get("prices") or {}))


def ids_json(ids: CardIds) -> dict[str, Any]:
    return {"skus": ids.skus, "prices": ids.prices}


def draft_of(card: StyleCard) -> StyleDraft | None:
    """The card as JOOR was last told it; None before its first complete export."""
    sent = card.sent or {}
    return draft_from(sent) if all(part in sent for part in PARTS) else None


def known_card(card: StyleCard) -> KnownCard:
    """For the rules: also a card of which JOOR was told only a part, and what a person took off it."""
    sent = card.sent or {}
    off = frozenset(str(key).removeprefix(f"{card.identifier}|") for key in sent.get("off") or ())
    return KnownCard(card.identifier, card.color, draft_from(sent) if "product" in sent else None, off)


def digests_of(card: StyleCard) -> dict[str, str | None]:
    return {part: getattr(card, f"{part}_digest") for part in PARTS}


def live_cards(session: Session, site_id: int, styles: Collection[str] | None = None) -> Sequence[StyleCard]:
    """Cards on JOOR with their JOOR id known, of these AIMS360 styles or of all, in the order of identifiers."""
    query = select(StyleCard).where(
        StyleCard.site_id == site_id,
        col(StyleCard.state).in_([CardState.ON_JOOR.value, CardState.SENDING.value]),
        col(StyleCard.joor_id).is_not(None),
    )
    if styles is not None:
        query = query.where(col(StyleCard.style).in_(sorted(styles)))
    return session.exec(query.order_by(col(StyleCard.identifier))).all()


def cards_of(session: Session, site_id: int, styles: Collection[str]) -> dict[str, list[StyleCard]]:
    """Every card of these styles, removed ones included, by style."""
    query = select(StyleCard).where(StyleCard.site_id == site_id, col(StyleCard.style).in_(sorted(styles)))
    found: dict[str, list[StyleCard]] = {style: [] for style in styles}
    for card in session.exec(query.order_by(col(StyleCard.identifier))):
        found[card.style].append(card)
    return found


def owners(session: Session, site_id: int, identifiers: Collection[str]) -> dict[str, str]:
    """Which style each of these identifiers belongs to; cards that were removed belong to nobody."""
    query = select(StyleCard.identifier, StyleCard.style).where(
        StyleCard.site_id == site_id, col(StyleCard.identifier).in_(sorted(identifiers)), StyleCard.state != CardState.REMOVED
    )
    return dict(session.exec(query).all())


def identifiers_by_color(session: Session, site_id: int) -> dict[tuple[str, str], str]:
    """(AIMS360 style, colour) -> identifier of the live card; colour "" for a card with all colours. A style with both kinds is in the
    middle of getting other identifiers: a colour's own card comes first."""
    query = select(StyleCard.style, StyleCard.color, StyleCard.identifier).where(
        StyleCard.site_id == site_id, col(StyleCard.state).in_([CardState.ON_JOOR.value, CardState.SENDING.value])
    )
    return {(style, color): identifier for style, color, identifier in session.exec(query.order_by(col(StyleCard.identifier).desc()))}
