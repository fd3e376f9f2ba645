"""Cards in SQL: what JOOR was told of each, read back as drafts and ids."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import Session, col, select

from clients.joor.types import PARTS, CardIds, StyleDraft
from models.catalogue import CardState, StyleCard
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
