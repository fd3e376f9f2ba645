"""AIMS360 styles to their JOOR cards, many jobs in one run: only what differs is sent, and each style has its own outcome.

1. the site's rules          2. each style's source, read again where it is old          3. cards, by the rules
4. what a person must allow  5. calls, each answer stored at once (style_sending)        6. what follows: old cards off, outcome per job
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from models.catalogue import CardState, StyleCard, StyleSource
from models.cursors import Cursor
from models.errors import NeedsMapping, NotPossible, Outcome, Rejected, SyncError, Unavailable, Unchanged
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from rules.style_frame import StyleFrame
from rules.style_guard import Removal
from rules.styles import StylePlan, plan_style, removals
from workers.order_pairs import quoted
from workers.style_cards import cards_of, known_card, owners
from workers.style_frame import load_frame
from workers.style_guard import decide_rekey, undecided
from workers.style_holes import note_holes
from workers.style_outcomes import outcome, previewed, refusal
from workers.style_reading import MODIFIED, read_style, with_details
from workers.style_sending import send
from workers.style_sources import ROWS, goods_of, stored
from workers.style_tasks import StyleTask, card_task
from workers.sync import Context, JobView

#: A source that was read longer ago is read again before it is exported.
SOURCE_FRESH = timedelta(hours=6)
Answers = dict[int, Outcome | SyncError]
_LIVE = (CardState.ON_JOOR, CardState.SENDING)


def export(jobs: Sequence[JobView], ctx: Context) -> Answers:
    """Key STYLE. Payload: full: all parts again; fresh: read AIMS360 again first. Raises only what concerns every job."""
    frame, answers = load_frame(ctx), Answers()
    sources = _sources(ctx, frame, jobs, answers)
    with ctx.session() as session:
        cards = cards_of(session, ctx.site.id, sources.keys())
    tasks: list[StyleTask] = []
    taken: dict[str, str] = {}
    for job in jobs:
        if job.id in answers:
            continue
        try:
            found = _task(ctx, frame, job, sources[job.key], cards[job.key], taken)
        except SyncError as error:
            answers[job.id] = error
            continue
        if isinstance(found, StyleTask):
            tasks.append(found)
        else:
            answers[job.id] = found
    if jobs[0].dry_run:
        return answers | {task.job.id: previewed(task, list(_removals(task))) for task in tasks}
    return answers | _export(ctx, tasks)


def _export(ctx: Context, tasks: Sequence[StyleTask]) -> Answers:
    answers: Answers = {}
    errors = _questions(ctx, tasks)
    allowed = [task for task in tasks if task.job.id not in errors]
    send(ctx, allowed, errors)
    for task in tasks:
        error = errors.get(task.job.id) or refusal(ctx, task)
        if error is None and not task.complete:
            error = Unavailable(f"JOOR's answer does not say what became of {task.source.style}; it is looked up and tried again")
        if error is not None:
            answers[task.job.id] = error
            continue
        task.notes = (*task.notes, *_finish(ctx, task))
        answers[task.job.id] = outcome(task)
    return answers


# ---- 2: sources ----------------------------------------------------------------------------------------------------------------------


def _sources(ctx: Context, frame: StyleFrame, jobs: Sequence[JobView], answers: Answers) -> dict[str, StyleSource]:
    """By style, those that are there. An error of AIMS360 that is not about one style ends the reading for all the rest."""
    with ctx.session() as session:
        found = stored(session, ctx.site.id, [job.key for job in jobs])
        scanned = session.get(Cursor, (ctx.site.id, MODIFIED))
    seen = scanned.at if scanned else None
    stopped: SyncError | None = None
    for job in jobs:
        try:
            source = found.get(job.key)
            if source is None or not _usable(ctx, job, source, seen):
                if stopped is not None:
                    raise stopped
                ctx.beat()
                found[job.key] = _read_again(ctx, frame, job, source, seen)
        except (NotPossible, Rejected) as error:
            answers[job.id] = error
        except SyncError as error:
            answers[job.id] = stopped = error
    return found


def _recent(ctx: Context, job: JobView, source: StyleSource, seen: datetime | None) -> bool:
    """`seen`: when a scan last asked what had changed."""
    known_at = max(source.read_at, seen or source.read_at)
    return known_at >= ctx.clock.now() - SOURCE_FRESH and not source.gone and not job.payload.get("fresh")


def _usable(ctx: Context, job: JobView, source: StyleSource, seen: datetime | None) -> bool:
    lacks_details = ctx.site.styles.details and source.details is None and bool(source.rows)
    return _recent(ctx, job, source, seen) and not lacks_details


def _read_again(ctx: Context, frame: StyleFrame, job: JobView, old: StyleSource | None, seen: datetime | None) -> StyleSource:
    only_details = old is not None and _recent(ctx, job, old, seen)
    source = with_details(ctx, old) if old is not None and only_details else read_style(ctx, frame, job.key)
    if source.gone and old is None:
        raise NotPossible(
            f"AIMS360 has no style {job.key} in this site's divisions and seasons",
            fix=[f"Is the number right? What is known: joorsync styles --site {ctx.site.key}"],
            field="style",
        )
    if source.gone and old is not None:
        source = StyleSource(**{**old.model_dump(), "gone": True, "read_at": source.read_at})
    if not job.dry_run:
        with ctx.session() as session:
            ROWS.write(session, [source])
    return source


# ---- 3: cards ------------------------------------------------------------------------------------------------------------------------


def _task(
    ctx: Context, frame: StyleFrame, job: JobView, source: StyleSource, cards: Sequence[StyleCard], taken: dict[str, str]
) -> StyleTask | Outcome:
    """`taken`: identifiers that other styles of this run have."""
    there = {card.identifier: card for card in cards if card.state != CardState.REMOVED}
    known = [known_card(card) for card in there.values()]
    plan = StylePlan(source.style, ()) if source.gone else plan_style(goods_of(source), frame, known)
    if not plan.cards:
        why = "AIMS360 does not have it any more" if source.gone else "no colour of it is active in AIMS360"
        shown = f"; JOOR still shows {', '.join(sorted(there))}" if there else ""
        return Unchanged(f"{source.style} is not sent: {why}{shown}")
    old = tuple(name for name in plan.unwanted if there[name].state in _LIVE)
    removed = {card.identifier for card in cards if card.state == CardState.REMOVED}
    kept_off = [] if old else [card.draft.identifier for card in plan.cards if card.draft.identifier in removed]
    wanted = [card for card in plan.cards if card.draft.identifier not in kept_off]
    _refuse_taken(ctx, source.style, [card.draft.identifier for card in wanted], taken)
    by_identifier = {card.identifier: card for card in cards}
    full = bool(job.payload.get("full"))
    return StyleTask(
        job=job,
        source=source,
        plan=plan,
        expected=frame.expected(source.style, source.digest, source.division, source.season),
        cards=[card_task(source.style, card, by_identifier.get(card.draft.identifier), full=full) for card in wanted],
        old=old,
        never_sent=tuple(name for name in plan.unwanted if name not in old),
        notes=(*plan.notes, *(_kept_off(ctx, name) for name in kept_off)),
    )


def _kept_off(ctx: Context, identifier: str) -> str:
    command = f"joorsync styles put-back {quoted(identifier)} --site {ctx.site.key}"
    return f"{identifier} was taken off JOOR and stays off; to have it back: {command}"


def _refuse_taken(ctx: Context, style: str, identifiers: Sequence[str], taken: dict[str, str]) -> None:
    with ctx.session() as session:
        holders = owners(session, ctx.site.id, identifiers)
    for identifier in identifiers:
        other = taken.get(identifier) or holders.get(identifier, style)
        if other != style:
            raise NotPossible(
                f"Style {style} would be {identifier!r} on JOOR, but that is style {other}'s card",
                fix=[
                    f"Look at the style pairs: joorsync map list style --site {ctx.site.key}",
                    "Or choose another separator: style numbers with it in them look like style and colour",
                ],
                field="identifier",
            )
    taken |= dict.fromkeys(identifiers, style)


# ---- 4: decisions --------------------------------------------------------------------------------------------------------------------


def _questions(ctx: Context, tasks: Sequence[StyleTask]) -> dict[int, SyncError]:
    """What keeps a style back until a person has decided. JOOR's open orders are read once, and only when something would be taken away."""
    errors: dict[int, SyncError] = {}
    for task in tasks:
        try:
            if task.old:
                decide_rekey(ctx, task.source.style, list(task.old), [card.identifier for card in task.cards])
        except SyncError as error:
            errors[task.job.id] = error
    lost = {task.job.id: list(_removals(task)) for task in tasks if task.job.id not in errors}
    everything = [removal for some in lost.values() for removal in some]
    if not everything:
        return errors
    try:
        missing = undecided(ctx, everything)
    except SyncError as error:
        return errors | {job_id: error for job_id, some in lost.items() if some}
    for job_id, some in lost.items():
        asked = [missing[removal.key] for removal in some if removal.key in missing]
        if asked:
            errors[job_id] = NeedsMapping(asked, summary=asked[0].where + (f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""))
    return errors


def _removals(task: StyleTask) -> Iterator[Removal]:
    for card in task.cards:
        yield from removals(card.shown, card.draft)


# ---- 6: what follows -----------------------------------------------------------------------------------------------------------------


def _finish(ctx: Context, task: StyleTask) -> list[str]:
    """The style is on JOOR as it should be: remember what it saw, and have the cards taken off that it replaces. Returns what a person
    should know."""
    now, new = ctx.clock.now(), [card.identifier for card in task.cards]
    asks = [Ask(JobKind.STYLES_REMOVE, identifier, {"replaced_by": new}) for identifier in task.old]
    with ctx.session() as session:
        if task.never_sent:
            ours = col(StyleCard.site_id) == ctx.site.id, col(StyleCard.identifier).in_(task.never_sent)
            session.execute(delete(StyleCard).where(*ours, col(StyleCard.joor_id).is_(None)))
        add_jobs(session, ctx.site.id, asks, now=now, run_id=task.job.run_id)
        words = []
        if not ctx.catalogue().switches_single_skus:
            words = [note_holes(session, ctx.site.id, task.source.style, card.draft, now) for card in task.cards]
        ROWS.set_exported(session, ctx.site.id, task.source.style, task.expected)
    return [word for word in words if word]
