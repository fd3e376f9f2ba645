"""Cards to JOOR: mark what may be created (commit) -> one call, no transaction open -> store its answer at once (commit).

A card that was marked and got no answer is in doubt: the next run looks on JOOR before it creates anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from clients.joor.types import Saved
from models.catalogue import CardState, Linesheet, StyleCard
from models.errors import OutcomeUnknown, Rejected, SyncError, WaitUntil
from models.jobs import DataType, JobKind
from models.outbox import Ask, add_jobs
from workers.style_cards import digests_of, ids_json
from workers.style_tasks import CardTask, StyleTask
from workers.sync import Context

#: A call that JOOR refuses as a whole is halved to find the style it means; so many times in a run.
MOST_HALVINGS = 24
#: In a load of more cards than this at once, pictures are looked for a little later.
MANY, IMAGES_LATER = 10, timedelta(minutes=2)


def send(ctx: Context, tasks: Sequence[StyleTask], errors: dict[int, SyncError]) -> None:
    """Few styles go one call chain each, as JOOR prefers of v4 (facts 2.3); many, and all of the v2 route's jobs, in full batches. `errors`
    gets, by job id, what kept a style from being finished; what was confirmed is stored whatever comes after."""
    settings = ctx.site.styles
    open_tasks = [task for task in tasks if task.works]
    single = len(open_tasks) <= settings.single_up_to and bool(open_tasks) and ctx.catalogue().route == "v4"
    size = 1 if single else settings.batch_size
    waiting = [open_tasks[start : start + size] for start in range(0, len(open_tasks), size)]
    halvings = 0
    while waiting:
        group = waiting.pop(0)
        try:
            _call(ctx, group)
            continue
        except Rejected as error:
            left = _unanswered(group)
            if len(left) > 1 and halvings < MOST_HALVINGS:
                halvings += 1
                middle = len(left) // 2
                waiting[:0] = [left[:middle], left[middle:]]
                continue
            errors |= {task.job.id: error for task in left}
        except OutcomeUnknown as error:
            errors |= {task.job.id: error for task in _unanswered(group)}
        except SyncError as error:
            stopped = [task for some in ([group], waiting) for part in some for task in _unanswered(part)]
            errors |= {task.job.id: error for task in stopped}
            return


def _unanswered(group: Sequence[StyleTask]) -> list[StyleTask]:
    return [task for task in group if task.works]


def _call(ctx: Context, group: Sequence[StyleTask]) -> None:
    cards = {card.identifier: card for task in group for card in task.works}
    marked: dict[str, str] = {}

    def about_to(identifiers: Sequence[str]) -> None:
        ctx.beat()
        with ctx.session() as session:
            for identifier in sorted(identifiers):
                marked.setdefault(identifier, _mark(session, ctx, cards[identifier]))

    try:
        for answers in ctx.catalogue().save_styles([card.work() for card in cards.values()], about_to):
            ctx.hit("after_http_before_record")
            _record(ctx, answers, cards, marked)
            ctx.hit("mid_batch")
            ctx.beat()
    except (WaitUntil, Rejected):
        # Nothing was done since the last answer: no call was made, or JOOR refused it. Nothing is in doubt.
        with ctx.session() as session:
            for identifier, state in marked.items():
                card = session.get_one(StyleCard, (ctx.site.id, identifier))
                card.state = state or CardState.WANTED
        raise


def _mark(session: Session, ctx: Context, task: CardTask) -> str:
    """The state before."""
    card = session.get(StyleCard, (ctx.site.id, task.identifier), with_for_update=True, populate_existing=True)
    before = card.state if card else ""
    if card is None:
        card = StyleCard(site_id=ctx.site.id, identifier=task.identifier, style=task.style, created_at=ctx.clock.now())
    _name(card, task)
    card.state, card.pending = CardState.SENDING, None
    session.add(card)
    return before


def _name(card: StyleCard, task: CardTask) -> None:
    card.style, card.color, card.number, card.name = task.style, task.color, task.draft.number, task.draft.name


def _record(ctx: Context, answers: Sequence[Saved], cards: dict[str, CardTask], marked: dict[str, str]) -> None:
    now, new = ctx.clock.now(), False
    with ctx.session() as session:
        for saved in sorted(answers, key=lambda answer: answer.identifier):
            task = cards[saved.identifier]
            task.take(saved)
            marked.pop(saved.identifier, None)
            new = _store(session, ctx.site.id, task, saved, now) or new
        if new:
            _ask_for_what_follows(session, ctx, now, many=len(cards) > MANY)


def _ask_for_what_follows(session: Session, ctx: Context, now: datetime, *, many: bool) -> None:
    if ctx.site.linesheets.after_styles and ctx.site.syncs(DataType.LINESHEETS):
        add_jobs(session, ctx.site.id, linesheet_asks(session, ctx.site.id), now=now)
    if ctx.site.images.after_styles and ctx.site.images.source != "none" and ctx.site.syncs(DataType.IMAGES):
        # Each scan lists all of the source's pictures: not once per batch of a large load.
        add_jobs(session, ctx.site.id, [Ask(JobKind.IMAGES_SCAN)], now=now, available_at=now + IMAGES_LATER if many else None)


def _store(session: Session, site_id: int, task: CardTask, saved: Saved, now: datetime) -> bool:
    """Whether the card is now on JOOR whole, for the first time or with other colours and sizes."""
    card = session.get(StyleCard, (site_id, task.identifier), with_for_update=True, populate_existing=True)
    if card is None:
        card = StyleCard(site_id=site_id, identifier=task.identifier, style=task.style, created_at=now)
    _name(card, task)
    card.joor_id, card.ids = saved.ids.joor_id, ids_json(saved.ids)
    sent = dict(card.sent or {})
    for part in saved.parts:
        sent[part] = task.parts[part]
        setattr(card, f"{part}_digest", task.digests[part])
    card.sent = sent or None
    first = card.sent_at is None
    card.by_hand = card.by_hand or (saved.adopted and first and task.was != CardState.SENDING)
    if saved.job:
        card.state, card.pending = CardState.SENDING, _pending(task, saved.job, now)
    else:
        card.state, card.pending = CardState.ON_JOOR if card.joor_id else CardState.WANTED, None
    whole = card.joor_id is not None and digests_of(card) == task.digests
    if whole and not saved.job:
        card.sent_at = now
    session.add(card)
    return whole and not saved.job and (first or "skus" in task.confirmed)


def _pending(task: CardTask, job: str, now: datetime) -> dict[str, Any]:
    return {"job": job, "parts": sorted(task.left), "digests": dict(task.digests), "since": now.isoformat()}


def linesheet_asks(session: Session, site_id: int) -> list[Ask]:
    codes = session.exec(select(Linesheet.code).where(Linesheet.site_id == site_id, Linesheet.active)).all()
    return [Ask(JobKind.LINESHEETS_SYNC, code) for code in sorted(codes)]
