"""Looking at the pictures JOOR was given."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from console.jobs import site_keys
from models.catalogue import ImageSent, StyleCard
from models.errors import NotPossible
from producers.requests import resolve_site


def state_of(row: ImageSent) -> str:
    """on JOOR | in doubt (a call went out and nobody saw the end; it is sent again) | refused | stays (see its words)."""
    if row.refused is not None:
        return "refused" if row.digest is None else "on JOOR, see why"
    return "in doubt" if row.digest is None else "on JOOR"


def listing(session: Session, site: str, styles: Sequence[str], refused: bool, limit: int) -> list[dict[str, Any]]:
    """By style, card and place. `refused`: only those that have words. Raises NotPossible for an unknown site."""
    query = _pictures()
    if site:
        query = query.where(ImageSent.site_id == resolve_site(session, site).id)
    if styles:
        query = query.where(col(StyleCard.style).in_(sorted(set(styles))))
    if refused:
        query = query.where(col(ImageSent.refused).is_not(None))
    keys = site_keys(session)
    return [_row(row, card, keys) for row, card in session.exec(query.limit(limit))]


def of_style(session: Session, site: str, style: str) -> list[dict[str, Any]]:
    """Everything known of one AIMS360 style's pictures. Raises NotPossible when it has no card, or an unknown site is named."""
    cards = select(StyleCard).where(StyleCard.style == style)
    query = _pictures(col(StyleCard.style) == style)
    if site:
        site_id = resolve_site(session, site).id
        cards, query = cards.where(StyleCard.site_id == site_id), query.where(ImageSent.site_id == site_id)
    if session.exec(cards.limit(1)).first() is None:
        where = f" for site {site}" if site else ""
        raise NotPossible(
            f"Style {style} has no card{where}", fix=[f"Export it: joorsync enqueue styles --site {site or 'KEY'} --key {style}"]
        )
    keys = site_keys(session)
    return [_row(row, card, keys) | {"digest": row.digest, "version": row.source_version} for row, card in session.exec(query)]


def _pictures(*conditions: ColumnElement[bool]) -> Any:
    on_card = and_(col(StyleCard.site_id) == ImageSent.site_id, col(StyleCard.identifier) == ImageSent.identifier)
    order = (StyleCard.style, ImageSent.identifier, ImageSent.level, ImageSent.color, ImageSent.place)
    return select(ImageSent, StyleCard).join(StyleCard, on_card).where(*conditions).order_by(*(col(column) for column in order))


def _row(row: ImageSent, card: StyleCard, keys: dict[int, str]) -> dict[str, Any]:
    return {
        "site": keys.get(row.site_id, str(row.site_id)),
        "style": card.style,
        "card": row.identifier,
        "level": row.level,
        "color": row.color,
        "place": row.place,
        "file": row.filename or row.source.rpartition("/")[2],
        "state": state_of(row),
        "route": row.route,
        "source": row.source,
        "sent_at": row.sent_at,
        "refused": row.refused,
    }
