"""List the source's pictures once, compare versions with what JOOR was given, and add an export for each style that differs.

Styles are gone through in their order, some at a time; exports and how far the scan came are stored together, so that a long one goes on
where it stopped (a source of addresses is asked picture by picture).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlmodel import Session, col, select

from models.catalogue import CardState, StyleCard
from models.cursors import Cursor
from models.errors import Outcome, Synced, SyncError, Unavailable, Unchanged, Waiting
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from rules.image_plan import Plan, Step, must_clear
from workers import image_ledger as ledger
from workers.image_sources import Source, source_of
from workers.image_work import colors_of, plan_for
from workers.sync import Context, JobView

CURSOR = "images.scan"
STYLES_AT_ONCE = 200
LONGEST_RUN = timedelta(minutes=10)
_SHOWN = 50


@dataclass
class Found:
    styles: int = 0
    pictures: int = 0
    differing: int = 0
    failed: dict[str, SyncError] = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)  # of a dry run


def scan(job: JobView, ctx: Context) -> Outcome:
    source = source_of(ctx)
    if source is None:
        return Unchanged(f"pictures are switched off for site {ctx.site.key} (image source: none)")
    named = job.payload.get("styles") or ([job.key] if job.key else None)
    with ctx.session() as session:
        styles = _styles_on_joor(session, ctx.site.id, named)
        done = _done_before(session, job)
    not_there = sorted(set(named or ()) - set(styles))
    found, started = Found(), ctx.clock.now()
    left = iter([style for style in styles if style > done])
    while chunk := list(islice(left, STYLES_AT_ONCE)):
        if ctx.clock.now() - started >= LONGEST_RUN:
            return Waiting(ctx.clock.now(), f"pictures of {found.styles:,} styles looked at so far; going on")
        _chunk(job, ctx, source, chunk, found)
        ctx.beat()
    if not job.dry_run:
        with ctx.session() as session:
            _keep(session, job, "")
    return _outcome(job, ctx, found, not_there)


def _styles_on_joor(session: Session, site_id: int, named: Sequence[str] | None) -> list[str]:
    query = select(StyleCard.style).where(
        StyleCard.site_id == site_id,
        col(StyleCard.state).in_([CardState.ON_JOOR.value, CardState.SENDING.value]),
        col(StyleCard.joor_id).is_not(None),
    )
    if named is not None:
        query = query.where(col(StyleCard.style).in_(sorted(set(named))))
    return sorted(set(session.exec(query)))


def _done_before(session: Session, job: JobView) -> str:
    """The last style of an interrupted run of this very job."""
    cursor = session.get(Cursor, (job.site_id, CURSOR))
    position = (cursor.position if cursor else None) or {}
    return str(position.get("after") or "") if position.get("job") == job.id and not job.dry_run else ""


def _keep(session: Session, job: JobView, after: str) -> None:
    cursor = session.get(Cursor, (job.site_id, CURSOR)) or Cursor(site_id=job.site_id, name=CURSOR)
    cursor.position = {"job": job.id, "after": after}
    session.add(cursor)


def _chunk(job: JobView, ctx: Context, source: Source, styles: Sequence[str], found: Found) -> None:
    with ctx.session() as session:
        cards = ledger.cards_of(session, ctx.site.id, styles)
        rows = ledger.rows_of(session, ctx.site.id, [card.identifier for each in cards.values() for card in each])
    listing = source.pictures({style: colors_of(cards[style]) for style in styles if style in cards}, ledger.versions(rows))
    ctx.hit("after_http_before_record")
    asks = []
    for style, pictures in listing.found.items():
        plans = [plan_for(card, pictures, rows.get(card.identifier, ()), job.payload, ctx) for card in cards[style]] if pictures else []
        found.pictures += len(pictures)
        if any(plan.differs for plan in plans):
            found.differing += 1
            asks.append(Ask(JobKind.IMAGES_EXPORT, style, _payload(job, pictures), revive=bool(job.payload.get("styles") or job.key)))
            _show(found, style, plans)
    found.styles += len(styles)
    found.failed |= listing.failed
    if job.dry_run:
        return
    with ctx.session() as session:
        add_jobs(session, job.site_id, asks, now=ctx.clock.now(), run_id=job.run_id)
        if not found.failed:  # from there a job that is tried again begins
            _keep(session, job, styles[-1])
    ctx.hit("mid_batch")


def _payload(job: JobView, pictures: Sequence[Any]) -> dict[str, Any]:
    """What the scan saw goes along, so that an export lists nothing again."""
    payload: dict[str, Any] = {"pictures": [asdict(picture) for picture in pictures]}
    return payload | {name: job.payload[name] for name in ("level", "full") if job.payload.get(name)}


def _show(found: Found, style: str, plans: Sequence[Plan]) -> None:
    if len(found.first) < _SHOWN:
        steps = [item.step for plan in plans for item in plan.items]
        count = {name: steps.count(step) for name, step in (("new", Step.NEW), ("changed", Step.CHANGED), ("in_doubt", Step.DOUBT))}
        found.first.append({"style": style, **count, "cleared": [plan.card.identifier for plan in plans if must_clear(plan)]})


def _outcome(job: JobView, ctx: Context, found: Found, not_there: Sequence[str]) -> Outcome:
    counts = {"styles": found.styles, "pictures": found.pictures, "differing": found.differing, "not_on_joor": len(not_there)}
    if found.failed:
        raise _not_looked_at(found)
    how = f"joorsync enqueue styles --site {ctx.site.key} --key {not_there[0]}" if not_there else ""
    missing = f"; {', '.join(not_there[:5])} not on JOOR yet: export the style first ({how})" if not_there else ""
    words = f"{found.differing:,} of {found.styles:,} styles have pictures that JOOR does not have like this{missing}"
    if job.dry_run:
        return Unchanged(f"dry run: {words}", counts, {"first": found.first, "not_on_joor": list(not_there[:_SHOWN])})
    result = {"not_on_joor": list(not_there[:_SHOWN])} if not_there else None
    if found.differing:
        return Synced(0, words, counts, result)
    same = f"JOOR has the pictures of all {found.styles:,} styles" if found.styles else "no such style is on JOOR"
    return Unchanged(same + missing, counts, result)


def _not_looked_at(found: Found) -> SyncError:
    style, error = next(iter(found.failed.items()))
    kind = Unavailable if any(isinstance(each, Unavailable) for each in found.failed.values()) else type(error)
    others = f" and of {len(found.failed) - 1:,} more" if len(found.failed) > 1 else ""
    return kind(
        f"The pictures of {style}{others} could not be looked at: {error.summary} {found.differing:,} other styles are on their way.",
        fix=error.fix,
        retry_after=error.retry_after,
    )
