"""Asking a person before JOOR loses something: what open orders hold, and cards that would get other identifiers.

The answer is a ManualTask that `joorsync styles allow` marks; it holds for exactly what was shown.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from clients.joor.types import OrdersPage
from models.catalogue import StyleCard
from models.errors import Missing, NeedsMapping, Unavailable
from models.jobs import DataType
from models.ledgers import ManualTask
from rules.style_guard import CardNames, Holder, Removal, holds, listed, may_hold, question
from workers.order_pairs import quoted
from workers.sync import Context

REMOVAL, REKEY = "style_removal", "style_rekey"  # kinds of ManualTask
BY_ITSELF = "joorsync"
#: (order_type, export_status) of the REQUEST filter (facts 8.1, 8.3): Notes, Pending, Approved, and Shipped that were never exported.
#: In the order in which an order moves on, so that one that moves while we read is met.
OPEN_ORDERS = ((1, 1), (3, 1), (6, 1), (7, 2))
_Given = tuple[str, str | None, str | None, Collection[str]]


def decide_removals(ctx: Context, removals: Sequence[_Given]) -> None:
    """Each is (identifier, colour or None, size or None, UPCs). Raises NeedsMapping for those that open orders hold and nobody allowed;
    `deactivate = "go"` allows all, without a call.

    One call serves a whole batch: JOOR's open orders are read once. Call it where no transaction is open. Raises what reading orders
    raises.
    """
    missing = undecided(ctx, removals)
    if missing:
        first, more = next(iter(missing.values())).where, len(missing) - 1
        raise NeedsMapping(list(missing.values()), summary=f"{first} (and {more} more removals to decide)" if more else first)


def undecided(ctx: Context, removals: Sequence[_Given]) -> dict[str, Missing]:
    """As `decide_removals`, by `Removal.key` and without raising: for flows that serve several jobs at once."""
    wanted = [Removal(*given) for given in removals]
    if not wanted or ctx.site.styles.deactivate == "go":
        return {}
    held = open_orders(ctx, wanted)
    missing = {}
    with ctx.session() as session:
        for removal in wanted:
            holders, now = held[removal.key], ctx.clock.now()
            if not holders:
                _close(session, ctx.site.id, REMOVAL, removal.key, now)
            elif not _allowed(session, ctx, removal, holders):
                missing[removal.key] = _ask(session, ctx, removal, holders, now)
    return missing


def open_orders(ctx: Context, removals: Sequence[Removal]) -> dict[str, tuple[Holder, ...]]:
    """The open orders that hold each of these, by removal key; an order that cannot be read counts where it may. JOOR is only read."""
    cards = _names(ctx, {removal.identifier for removal in removals})
    found: dict[str, dict[str, Holder]] = {removal.key: {} for removal in removals}
    for page in _pages(ctx):
        for removal in removals:
            card, held = cards.get(removal.identifier, CardNames()), found[removal.key]
            held |= {order.order_id: Holder(order.order_id, order.status) for order in page.orders if holds(order, removal, card)}
            for raw, words in page.broken:
                order_id = str(raw.get("order_id") or "an order without a number")
                if may_hold(raw, removal, card):
                    held.setdefault(order_id, Holder(order_id, "unknown", words))
    return {key: tuple(held[order_id] for order_id in sorted(held)) for key, held in found.items()}


def _names(ctx: Context, identifiers: Collection[str]) -> dict[str, CardNames]:
    with ctx.session() as session:
        ours = select(StyleCard).where(StyleCard.site_id == ctx.site.id, col(StyleCard.identifier).in_(identifiers))
        return {card.identifier: CardNames(card.number, card.color, card.joor_id or "") for card in session.exec(ours)}


def _pages(ctx: Context) -> Iterator[OrdersPage]:
    """Raises Unavailable when JOOR's paging does not move on."""
    for order_type, export_status in OPEN_ORDERS:
        start: int | None = 0
        while start is not None:
            ctx.beat()
            page = ctx.joor.orders_page(
                order_type=order_type, export_status=export_status, start_from=start, count=ctx.site.orders.page_size
            )
            yield page
            if page.next_start is not None and page.next_start <= start:
                raise Unavailable(f"JOOR's order list does not move on: after {start} it says to go on at {page.next_start}")
            start = page.next_start


def _allowed(session: Session, ctx: Context, removal: Removal, holders: Sequence[Holder]) -> bool:
    """Allowed for these orders or for more; not when a further order came."""
    detail = _decision(session, ctx.site.id, REMOVAL, removal.key)
    return detail is not None and {item.order_id for item in holders} <= set(detail.get("orders") or ())


def _ask(session: Session, ctx: Context, removal: Removal, holders: Sequence[Holder], now: datetime) -> Missing:
    words = question(removal, holders)
    command = f"joorsync styles allow remove {quoted(removal.key)} --site {ctx.site.key}"
    steps = [
        f"Look at {'the order' if len(holders) == 1 else 'the orders'} on JOOR: {listed(item.order_id for item in holders)}.",
        f"To take it off JOOR all the same: {command}",
        f"To never be asked on this site: joorsync sites set {ctx.site.key} --style deactivate=go",
    ]
    _put(session, ctx.site.id, REMOVAL, removal.key, words, steps, {"orders": [item.order_id for item in holders]}, now)
    fix = f"{command} (or, to never be asked: joorsync sites set {ctx.site.key} --style deactivate=go)"
    return Missing(kind="decision", value=f"remove:{removal.key}", where=words, fix=fix)


def decide_rekey(ctx: Context, style: str, old: list[str], new: list[str]) -> None:
    """Raises NeedsMapping unless a person allowed that this style's cards get these identifiers; `rekey = "go"` allows all.

    What was allowed for a whole site by `joorsync styles rekey --confirm` (detail without "new") holds while the site's card mode is the
    one that was confirmed.
    """
    if ctx.site.styles.rekey == "go" or sorted(old) == sorted(new):
        return
    command = f"joorsync styles allow rekey {quoted(style)} --site {ctx.site.key}"
    words = f"{style} is on JOOR as {listed(old)} and would become {listed(new)}: new cards, and the old ones are taken off"
    with ctx.session() as session:
        detail = _decision(session, ctx.site.id, REKEY, style)
        if detail is not None and _same_rekey(ctx, detail, old, new):
            return
        steps = [
            f"Orders keep the old cards. To go on: {command}",
            f"To never be asked: joorsync sites set {ctx.site.key} --style rekey=go",
        ]
        shown = {"old": sorted(old), "new": sorted(new)}
        _put(session, ctx.site.id, REKEY, style, words, steps, shown, ctx.clock.now())
    fix = f"{command} (or, to never be asked: joorsync sites set {ctx.site.key} --style rekey=go)"
    raise NeedsMapping([Missing(kind="decision", value=f"rekey:{style}", where=words, fix=fix)], summary=words)


def _same_rekey(ctx: Context, detail: dict[str, Any], old: list[str], new: list[str]) -> bool:
    shown, settings = detail.get("new"), ctx.site.styles
    for_all = (detail.get("card"), detail.get("separator")) == (settings.card, settings.identifier_separator)
    named = set(shown) == set(new) if shown else for_all
    return named and set(old) <= set(detail.get("old") or ())


def _decision(session: Session, site_id: int, kind: str, key: str) -> dict[str, Any] | None:
    """What a person has allowed. A task that was only marked as done (`joorsync tasks done`) allows nothing."""
    task = _task(session, site_id, kind, key)
    return task.detail if task is not None and task.done_at is not None and (task.detail or {}).get("allowed") else None


def _task(session: Session, site_id: int, kind: str, key: str) -> ManualTask | None:
    return session.exec(select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind, ManualTask.key == key)).first()


def _put(
    session: Session, site_id: int, kind: str, key: str, summary: str, steps: list[str], detail: dict[str, Any], now: datetime
) -> None:
    """Once per (site, kind, key); open again whenever the question is asked."""
    task = _task(session, site_id, kind, key)
    if task is None:
        task = ManualTask(site_id=site_id, data_type=DataType.STYLES, kind=kind, key=key, summary=summary, created_at=now)
    task.summary, task.steps, task.detail, task.done_at, task.done_by = summary, steps, detail, None, None
    session.add(task)


def _close(session: Session, site_id: int, kind: str, key: str, now: datetime) -> None:
    task = _task(session, site_id, kind, key)
    if task is not None and task.done_at is None:
        task.done_at, task.done_by = now, BY_ITSELF
        session.add(task)
