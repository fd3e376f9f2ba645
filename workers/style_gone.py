"""Styles that AIMS360 no longer has, or that became inactive, while their cards are on JOOR: told to a person, or taken off, by setting.

The tasks follow the state of the tables: they open and close by themselves; one that a person has closed stays closed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select

from models.catalogue import CardState, StyleCard, StyleSource
from models.jobs import DataType, Job, JobKind, JobState
from models.ledgers import ManualTask
from models.outbox import Ask
from workers.order_pairs import quoted
from workers.style_sources import ROWS
from workers.sync import Context

STYLE_GONE = "style_gone"
BY_ITSELF = "joorsync"
_LIVE = (CardState.ON_JOOR.value, CardState.SENDING.value)


def gone_cards(session: Session, ctx: Context) -> dict[str, list[StyleCard]]:
    """Live cards of styles that are gone or inactive, by style."""
    off = col(StyleSource.gone) if ctx.site.styles.include_inactive else or_(col(StyleSource.gone), ~col(StyleSource.active))
    same = and_(col(StyleSource.site_id) == col(StyleCard.site_id), col(StyleSource.style) == col(StyleCard.style))
    query = select(StyleCard).join(StyleSource, same).where(StyleCard.site_id == ctx.site.id, col(StyleCard.state).in_(_LIVE), off)
    found: dict[str, list[StyleCard]] = {}
    for card in session.exec(query.order_by(col(StyleCard.identifier))):
        found.setdefault(card.style, []).append(card)
    return found


def settle_gone(session: Session, ctx: Context, now: datetime) -> list[Ask]:
    """Bring the tasks up to date; the removals to ask for where the setting says so. Cards that joorsync never sent are only told of."""
    cards = gone_cards(session, ctx)
    asks: list[Ask] = []
    told = cards
    if ctx.site.styles.gone == "remove":
        ours = [card for group in cards.values() for card in group if card.sent_at is not None or not card.by_hand]
        known = _asked(session, ctx.site.id, [card.identifier for card in ours])
        asks = [Ask(JobKind.STYLES_REMOVE, card.identifier) for card in ours if card.identifier not in known]
        kept = {card.identifier for card in ours}
        left = {style: [card for card in group if card.identifier not in kept] for style, group in cards.items()}
        told = {style: group for style, group in left.items() if group}
    _sync_tasks(session, ctx, told, now)
    return asks


def revive(session: Session, site_id: int, styles: Collection[str]) -> None:
    """Cards that were taken off because their style was gone may be sent again: AIMS360 has it back."""
    back = update(StyleCard).where(
        col(StyleCard.site_id) == site_id, col(StyleCard.style).in_(sorted(styles)), col(StyleCard.state) == CardState.REMOVED.value
    )
    session.execute(back.where(col(StyleCard.joor_id).is_(None)).values(state=CardState.WANTED.value))
    session.execute(back.where(col(StyleCard.joor_id).is_not(None)).values(state=CardState.ON_JOOR.value))
    for style in sorted(styles):
        ROWS.set_exported(session, site_id, style, None)


def _asked(session: Session, site_id: int, identifiers: Sequence[str]) -> set[str]:
    """Removals that failed and that nobody has looked at yet: asking every time would fail every time."""
    query = select(Job.key).where(
        Job.site_id == site_id,
        Job.kind == JobKind.STYLES_REMOVE.value,
        Job.state == JobState.FAILED,
        col(Job.dismissed_at).is_(None),
        col(Job.key).in_(identifiers),
    )
    return set(session.exec(query).all())


def _sync_tasks(session: Session, ctx: Context, cards: dict[str, list[StyleCard]], now: datetime) -> None:
    query = select(ManualTask).where(ManualTask.site_id == ctx.site.id, ManualTask.kind == STYLE_GONE)
    tasks = {task.key: task for task in session.exec(query)}
    for style, group in cards.items():
        identifiers = [card.identifier for card in group]
        task = tasks.pop(style, None)
        if task is None:
            task = ManualTask(site_id=ctx.site.id, data_type=DataType.STYLES, kind=STYLE_GONE, key=style, summary="", created_at=now)
        elif task.done_at is not None and task.done_by != BY_ITSELF:
            continue
        elif task.done_at is not None:
            task.done_at, task.done_by, task.created_at = None, None, now
        task.summary = f"AIMS360 no longer has style {style} active for this site, but JOOR shows {', '.join(identifiers)}"
        commands = [f"joorsync styles remove {quoted(card.identifier)} --site {ctx.site.key}" for card in group]
        task.steps = [
            "Should JOOR stop offering it? Take it off:",
            *commands,
            f"To have that done by itself: joorsync sites set {ctx.site.key} --style gone=remove",
        ]
        task.detail = {"cards": identifiers}
        session.add(task)
    for task in tasks.values():
        if task.done_at is None:
            task.done_at, task.done_by = now, BY_ITSELF
            session.add(task)
