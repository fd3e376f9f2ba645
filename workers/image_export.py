"""The pictures of some styles to JOOR: look into what differs, send it, remember it. One job per AIMS360 style, many in a batch.

Pictures that JOOR can fetch itself (v4, public addresses) wait and go together; the others go as bytes, one at a time. A picture that
cannot be sent fails alone: the job lists it, and it is offered again when it changes. The job fails when nothing could be sent although
something was wanted; it is tried again while a picture cannot be had.

What replaces a colour's picture always goes as bytes: v2 is known to overwrite it (facts 6.1), of v4 nothing is known (facts 6.3).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from clients.joor.catalogue import Catalogue
from clients.joor.types import ImageDraft
from models.catalogue import ImageLevel, ImageSent, StyleCard
from models.errors import (
    AccessDenied,
    NotPossible,
    Outcome,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Unavailable,
    Unchanged,
    Waiting,
    WaitUntil,
)
from rules.image_plan import DOUBTFUL, Item, Plan, Step, must_clear, out_of_order, settle, words_for
from rules.images import Wanted, filename
from workers import image_ledger as ledger
from workers.image_gallery import Gallery
from workers.image_ledger import Shot
from workers.image_outcome import outcome_of, preview_of
from workers.image_sending import Queue, deliver
from workers.image_sources import Source, source_of
from workers.image_work import Work, begin, plans_of
from workers.sync import Context, JobView

#: RabbitMQ takes an unanswered delivery back after 30 minutes; a batch hands its work on well before.
LONGEST_RUN = timedelta(minutes=10)
_OPEN = (Step.NEW, Step.CHANGED, Step.DOUBT)


def export(jobs: Sequence[JobView], ctx: Context) -> dict[int, Outcome | SyncError]:
    source = source_of(ctx)
    if source is None:
        return {job.id: Unchanged(f"pictures are switched off for site {ctx.site.key} (image source: none)") for job in jobs}
    works = begin(jobs, ctx, source)
    if jobs[0].dry_run:
        return {work.job.id: work.ended or preview_of(work.job.key, plans_of(work, ctx)) for work in works}
    sender = Sender(ctx, source, ctx.catalogue(), works)
    stopped: Outcome | SyncError | None = None
    try:
        stopped = sender.run()
    except (WaitUntil, Unavailable, OutcomeUnknown, AccessDenied) as error:
        stopped = error  # what is behind it stands in the ledger; the styles that are finished keep their own ends
    return {work.job.id: _end(work, stopped) for work in works}


def _end(work: Work, stopped: Outcome | SyncError | None) -> Outcome | SyncError:
    if work.ended is not None:
        return work.ended
    if stopped is not None and (work.waiting or not work.planned):
        return stopped
    return outcome_of(work.job.key, work.tally)


class Sender:
    """One batch on its way."""

    def __init__(self, ctx: Context, source: Source, joor: Catalogue, works: Sequence[Work]) -> None:
        self._ctx = ctx
        self._joor = joor
        self._gallery = Gallery(source, ctx.site.images)
        self._queue = Queue()
        self._works = works
        self._by_card = {card.identifier: work for work in works for card in work.cards}

    def run(self) -> Outcome | None:
        """Waiting when the time of one run is up before the end."""
        started = self._ctx.clock.now()
        late: Outcome | None = None
        for work in self._works:
            if work.ended is not None:
                continue
            if self._ctx.clock.now() - started >= LONGEST_RUN:
                late = Waiting(self._ctx.clock.now(), "other styles' pictures took the time of this run; going on")
                break
            self._ctx.beat()
            self._gallery.next_style()
            for card, plan in zip(work.cards, plans_of(work, self._ctx), strict=True):
                self._card(work, card, plan)
            work.planned = True
        self._queue.send(self._ctx, self._joor, self._done, self._silent)
        return late

    # ---- one card ---------------------------------------------------------------------------------------------------------------------

    def _card(self, work: Work, card: StyleCard, plan: Plan) -> None:
        full = bool(work.job.payload.get("full"))
        plan, digests, away = self._looked_into(work, card, plan, _OPEN)
        plan = settle(plan, digests, full=full)
        if must_clear(plan):  # what has not changed goes again too
            plan, _, more = self._looked_into(work, card, plan, (Step.KEPT, Step.TOUCHED), style_only=True)
            away |= more
        self._note(work, plan)
        place = ledger.free_place(work.rows.get(card.identifier, ()))
        for item in plan.items:
            if item.wanted.level != ImageLevel.STYLE and item.step in _OPEN and item.wanted.picture.source not in away:
                self._one(work, card, item, item.wanted.place)
        if must_clear(plan):
            self._exchange(work, card, plan, away)
            return
        work.tally.out_of_order |= out_of_order(plan)
        for item in plan.items:
            if item.wanted.level == ImageLevel.STYLE and item.step in _OPEN and item.wanted.picture.source not in away:
                self._one(work, card, item, item.row.place if item.row is not None else place)
                place += item.row is None

    def _looked_into(
        self, work: Work, card: StyleCard, plan: Plan, steps: Sequence[Step], *, style_only: bool = False
    ) -> tuple[Plan, dict[str, str], set[str]]:
        """The plan without pictures that cannot be sent, digests by source, and the sources that cannot be had now."""
        items, digests, away = [], {}, set()
        for item in plan.items:
            picture = item.wanted.picture
            if item.step in steps and not (style_only and item.wanted.level != ImageLevel.STYLE):
                self._ctx.beat()
                try:
                    digests[picture.source] = self._gallery.look(picture).digest
                except Unavailable as error:
                    away.add(picture.source)
                    work.tally.away(picture, error)
                except (Rejected, NotPossible) as error:
                    item = self._refused(work, card, item, error)
            items.append(item)
        return replace(plan, items=tuple(items)), digests, away

    def _refused(self, work: Work, card: StyleCard, item: Item, error: SyncError) -> Item:
        work.tally.refused(card.identifier, item.wanted, error.summary)
        with self._ctx.session() as session:
            row = ledger.refuse(session, self._ctx.site.id, card.identifier, item, error.summary)
            work.rows[card.identifier] = ledger.rows_of(session, self._ctx.site.id, [card.identifier]).get(card.identifier, [])
        return replace(item, step=Step.REFUSED, row=row)

    def _note(self, work: Work, plan: Plan) -> None:
        """What needs no call."""
        doubtful = [item.row for item in plan.items if item.step == Step.REFUSED and item.row is not None and _in_doubt(item.row)]
        left = plan.left
        with self._ctx.session() as session:
            ledger.touch(session, [item for item in plan.items if item.step == Step.TOUCHED])
            ledger.leave(session, doubtful, [DOUBTFUL] * len(doubtful))
            ledger.leave(session, left, [words_for(plan, row) for row in left])
            ledger.forget(session, self._ctx.site.id, plan.forgotten)
        work.tally.plan(plan, doubtful)

    # ---- uploads ----------------------------------------------------------------------------------------------------------------------

    def _exchange(self, work: Work, card: StyleCard, plan: Plan, away: set[str]) -> None:
        """Clear the card's style images and send all of them: not while one of them cannot be had, for it would be lost."""
        items = [item for item in plan.items if item.wanted.level == ImageLevel.STYLE]
        sendable = [item for item in items if item.step != Step.REFUSED]
        if any(item.wanted.picture.source in away for item in sendable):
            return
        kept = {(card.identifier, item.wanted.picture.source): item.wanted.place for item in items if item.step == Step.REFUSED}
        if all(self._by_url(item) for item in sendable):
            shots = [self._shot_by_url(card, item, item.wanted.place) for item in sendable]
            self._queue.exchanged.append(shots)
            self._queue.kept |= kept
            work.waiting += len(shots)
            return
        clear = True
        for item in sendable:
            clear = not self._as_bytes(work, card, item, item.wanted.place, clear=clear, kept=kept) and clear

    def _one(self, work: Work, card: StyleCard, item: Item, place: int) -> None:
        exchanged = item.row is not None and item.row.route != ""
        if exchanged or not self._by_url(item):
            self._as_bytes(work, card, item, place)
            return
        self._ready(work, card, item, place)

    def _ready(self, work: Work, card: StyleCard, item: Item, place: int) -> None:
        line = self._queue.added if item.wanted.level == ImageLevel.STYLE else self._queue.colors
        line.append(self._shot_by_url(card, item, place))
        work.waiting += 1

    def _by_url(self, item: Item) -> bool:
        """Public, as JOOR's v4 takes it, and worth it: many go in one call."""
        picture = item.wanted.picture
        return bool(
            self._ctx.site.images.urls_public and picture.url and self._joor.bulk_urls and self._gallery.look(picture).info.fits_url
        )

    def _shot_by_url(self, card: StyleCard, item: Item, place: int) -> Shot:
        seen = self._gallery.look(item.wanted.picture)
        name = filename(card.identifier, item.wanted, seen.digest, seen.info.extension)
        draft = replace(_draft(card, item.wanted, place, name), url=item.wanted.picture.url)
        return Shot(card.identifier, item.wanted, place, seen.digest, "url", draft, item.row)

    def _as_bytes(
        self, work: Work, card: StyleCard, item: Item, place: int, *, clear: bool = False, kept: dict[tuple[str, str], int] | None = None
    ) -> bool:
        """Fetch, fit, send. False when the picture could not be made fit: it is noted, and nothing was sent."""
        try:
            digest, ready = self._gallery.bytes_for(item.wanted.picture, item.wanted.level)
        except Rejected as error:
            self._refused(work, card, item, error)
            if kept is not None:
                kept[card.identifier, item.wanted.picture.source] = item.wanted.place
            return False
        name = filename(card.identifier, item.wanted, digest, ready.extension)
        draft = replace(_draft(card, item.wanted, place, name), content=ready.content, content_type=ready.content_type)
        work.waiting += 1
        shot = Shot(card.identifier, item.wanted, place, digest, "bytes", draft, item.row)
        deliver(self._ctx, self._joor, [shot], self._done, self._silent, clear=clear, kept=kept)
        return True

    def _done(self, shot: Shot, words: str | None) -> None:
        work = self._by_card[shot.identifier]
        work.waiting -= 1
        if words is None:
            work.tally.sent[shot.wanted.level] += 1
        else:
            work.tally.refused(shot.identifier, shot.wanted, f"JOOR refused it: {words}")

    def _silent(self, shot: Shot) -> None:
        work = self._by_card[shot.identifier]
        work.waiting -= 1
        work.tally.away(shot.wanted.picture, Unavailable("JOOR's answer does not say what became of it. It is sent again by itself."))


def _in_doubt(row: ImageSent) -> bool:
    return row.digest is None and row.refused is None


def _draft(card: StyleCard, wish: Wanted, place: int, name: str) -> ImageDraft:
    return ImageDraft(
        identifier=card.identifier,
        number=card.number or card.identifier,
        joor_id=card.joor_id or "",
        level=wish.level.value,
        filename=name,
        color=wish.color,
        display_order=place,
    )
