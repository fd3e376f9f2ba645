"""The ledger of pictures in SQL: what JOOR was given, marks before a call, records after it. Short transactions; the lane is a site's own,
so nobody else writes these rows meanwhile.

A row with neither digest nor words is in doubt: a call went out for it and nobody saw the end.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from clients.joor.types import ImageDraft
from models.catalogue import ImageLevel, ImageSent, StyleCard
from rules.image_plan import Item
from rules.images import Card, Picture, Wanted
from workers.style_cards import live_cards

Key = tuple[str, str, str, int]  # identifier, level, colour, place


@dataclass(frozen=True)
class Shot:
    """One upload. `before`: the ledger's row in its place."""

    identifier: str
    wanted: Wanted
    place: int
    digest: str
    route: str  # url | bytes
    draft: ImageDraft
    before: ImageSent | None = None

    @property
    def key(self) -> Key:
        return (self.identifier, self.wanted.level.value, self.wanted.color, self.place)


def cards_of(session: Session, site_id: int, styles: Collection[str]) -> dict[str, list[StyleCard]]:
    """Cards on JOOR by AIMS360 style."""
    found: dict[str, list[StyleCard]] = {}
    for card in live_cards(session, site_id, styles):
        found.setdefault(card.style, []).append(card)
    return found


def card_view(card: StyleCard) -> Card:
    """Colours are those JOOR was last told of: a picture of another one would be refused."""
    skus = sorted((card.sent or {}).get("skus") or [], key=lambda sku: int(sku.get("color_order") or 0))
    colors = dict.fromkeys(str(sku["color_code"]) for sku in skus if sku.get("active", True))
    return Card(card.identifier, card.color, tuple(colors), card.by_hand)


def rows_of(session: Session, site_id: int, identifiers: Iterable[str]) -> dict[str, list[ImageSent]]:
    """By card, in the order of places."""
    query = (
        select(ImageSent)
        .where(ImageSent.site_id == site_id, col(ImageSent.identifier).in_(sorted(set(identifiers))))
        .order_by(col(ImageSent.identifier), col(ImageSent.level), col(ImageSent.color), col(ImageSent.place))
    )
    found: dict[str, list[ImageSent]] = {}
    for row in session.exec(query):
        found.setdefault(row.identifier, []).append(row)
    return found


def versions(rows: Mapping[str, Sequence[ImageSent]]) -> dict[str, str]:
    """By source, of pictures that are not in doubt."""
    return {row.source: row.source_version for each in rows.values() for row in each if row.digest is not None or row.refused is not None}


# ---- around a call ----------------------------------------------------------------------------------------------------------------------


def mark(
    session: Session, site_id: int, shots: Sequence[Shot], *, clear: bool, kept: Mapping[tuple[str, str], int], now: datetime
) -> list[ImageSent]:
    """Before the call. With `clear` the call clears the cards' other style images on JOOR: their rows go, except those of pictures that
    cannot be sent, `kept` by (identifier, source) in that place. Returns the rows as they were, for `restore`."""
    held = rows_of(session, site_id, {shot.identifier for shot in shots})
    keys = {shot.key for shot in shots}
    touched = [row for rows in held.values() for row in rows if _key(row) in keys or (clear and row.level == ImageLevel.STYLE)]
    before = [ImageSent(**row.model_dump()) for row in touched]
    for row in touched:
        session.delete(row)
    session.flush()
    session.add_all([_row(site_id, shot, now) for shot in shots])
    for row in before:
        place = kept.get((row.identifier, row.source))
        if clear and place is not None and row.refused is not None and row.level == ImageLevel.STYLE:
            session.add(ImageSent(**row.model_dump() | {"place": place, "digest": None}))
    return before


def restore(
    session: Session, site_id: int, shots: Sequence[Shot], before: Sequence[ImageSent], *, kept: Mapping[tuple[str, str], int]
) -> None:
    """The call was certainly not made."""
    _drop(session, site_id, [shot.key for shot in shots])
    _drop(session, site_id, [(identifier, ImageLevel.STYLE.value, "", place) for (identifier, _), place in kept.items()])
    session.add_all([ImageSent(**row.model_dump()) for row in before])


def record(session: Session, site_id: int, shots: Sequence[Shot], answers: Mapping[int, str | None], *, clear: bool, now: datetime) -> None:
    """After the call. A refused exchange leaves what JOOR had, except where the call cleared it. What the answer does not name stays in
    doubt."""
    for index, shot in enumerate(shots):
        row = session.get(ImageSent, (site_id, *shot.key))
        if index not in answers or row is None:
            continue
        words = answers[index]
        row.refused, row.sent_at = words, now
        row.digest = shot.digest if words is None else None if clear or shot.before is None else shot.before.digest
        session.add(row)


def touch(session: Session, items: Sequence[Item]) -> None:
    """The same content under another version or source."""
    for item in items:
        if item.row is not None:
            row = session.get(ImageSent, (item.row.site_id, *_key(item.row)))
            if row is not None:
                row.source, row.source_version, row.refused = item.wanted.picture.source, item.wanted.picture.version, None
                session.add(row)


def refuse(session: Session, site_id: int, identifier: str, item: Item, words: str) -> ImageSent:
    """This version is not offered; what JOOR has in its place stays. A picture that JOOR never had gets a row with no route."""
    row = session.get(ImageSent, (site_id, *_key(item.row))) if item.row is not None else None
    if row is None:
        wish = item.wanted
        place = free_place(rows_of(session, site_id, [identifier]).get(identifier, ())) if wish.level == ImageLevel.STYLE else wish.place
        row = ImageSent(site_id=site_id, identifier=identifier, level=wish.level.value, color=wish.color, place=place)
    row.source, row.source_version, row.refused = item.wanted.picture.source, item.wanted.picture.version, words
    session.add(row)
    session.flush()
    return row


def leave(session: Session, rows: Sequence[ImageSent], words: Sequence[str]) -> None:
    for row, said in zip(rows, words, strict=True):
        stored = session.get(ImageSent, (row.site_id, *_key(row)))
        if stored is not None:
            stored.refused = said
            session.add(stored)


def forget(session: Session, site_id: int, rows: Sequence[ImageSent]) -> None:
    _drop(session, site_id, [_key(row) for row in rows])


def free_place(rows: Iterable[ImageSent]) -> int:
    """Behind all style images of a card."""
    return max((row.place for row in rows if row.level == ImageLevel.STYLE), default=0) + 1


def _key(row: ImageSent) -> Key:
    return (row.identifier, row.level, row.color, row.place)


def _row(site_id: int, shot: Shot, now: datetime) -> ImageSent:
    picture: Picture = shot.wanted.picture
    return ImageSent(
        site_id=site_id,
        identifier=shot.identifier,
        level=shot.wanted.level.value,
        color=shot.wanted.color,
        place=shot.place,
        source=picture.source,
        source_version=picture.version,
        filename=shot.draft.filename,
        route=shot.route,
        sent_at=now,
    )


def _drop(session: Session, site_id: int, keys: Sequence[Key]) -> None:
    for identifier, level, color, place in keys:
        session.exec(
            delete(ImageSent).where(
                col(ImageSent.site_id) == site_id,
                col(ImageSent.identifier) == identifier,
                col(ImageSent.level) == level,
                col(ImageSent.color) == color,
                col(ImageSent.place) == place,
            )
        )
    session.flush()
