"""One job's pictures: the cards of its style, what the ledger has, what the source has, and how they differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.catalogue import ImageSent, StyleCard
from models.errors import Outcome, SyncError, Unchanged
from rules.image_plan import Plan, compare
from rules.images import Picture, wanted
from workers import image_ledger as ledger
from workers.image_outcome import Tally
from workers.image_sources import Source
from workers.sync import Context, JobView


@dataclass
class Work:
    """One job. `waiting` uploads have no answer yet."""

    job: JobView
    cards: list[StyleCard]
    rows: dict[str, list[ImageSent]]
    tally: Tally
    pictures: list[Picture] = field(default_factory=list)
    waiting: int = 0
    planned: bool = False
    ended: Outcome | SyncError | None = None


def begin(jobs: Sequence[JobView], ctx: Context, source: Source) -> list[Work]:
    """Cards, ledger, and what the source has: as the scan saw it, else asked now, once for all styles."""
    with ctx.session() as session:
        cards = ledger.cards_of(session, ctx.site.id, [job.key for job in jobs])
        rows = ledger.rows_of(session, ctx.site.id, [card.identifier for each in cards.values() for card in each])
    works = [Work(job, cards.get(job.key, []), rows, Tally()) for job in jobs]
    asked: dict[str, tuple[str, ...]] = {}
    for work in works:
        if not work.cards:
            work.ended = _not_there(work.job.key, ctx)
        elif work.job.payload.get("pictures") is not None:
            work.pictures = [Picture(**row) for row in work.job.payload["pictures"]]
        else:
            asked[work.job.key] = colors_of(work.cards)
    if asked:
        listing = source.pictures(asked, ledger.versions(rows))
        ctx.beat()
        for work in works:
            if work.job.key in asked:
                work.pictures = listing.found.get(work.job.key, [])
                work.ended = listing.failed.get(work.job.key)
    for work in works:
        if work.ended is None and not work.pictures:
            held = any(rows.get(card.identifier) for card in work.cards)
            work.ended = Unchanged(f"there are no pictures of {work.job.key}" + ("; JOOR keeps those it has" if held else ""))
    return works


def colors_of(cards: Sequence[StyleCard]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(color for card in cards for color in ledger.card_view(card).colors))


def _not_there(style: str, ctx: Context) -> Unchanged:
    how = f"joorsync enqueue styles --site {ctx.site.key} --key {style}"
    return Unchanged(f"{style} is not on JOOR yet: export the style first ({how}), then its pictures")


def plan_for(card: StyleCard, pictures: Sequence[Picture], rows: Sequence[ImageSent], payload: dict[str, Any], ctx: Context) -> Plan:
    settings = ctx.site.images
    view = ledger.card_view(card)
    level = payload.get("level") or settings.level
    wishes = wanted(view, pictures, level=level, swatch=settings.swatch, most=settings.most)
    return compare(view, wishes, rows, full=bool(payload.get("full")))


def plans_of(work: Work, ctx: Context) -> list[Plan]:
    return [plan_for(card, work.pictures, work.rows.get(card.identifier, ()), work.job.payload, ctx) for card in work.cards]
