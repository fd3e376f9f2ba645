"""Asking for styles: read AIMS360 and bring JOOR's style cards up to date, pair cards that people made, take cards off; and decisions.

Everything here works in the caller's transaction and only on our own tables; nothing is sent before the caller commits.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.catalogue import CardState, StyleCard
from models.errors import NotPossible
from models.jobs import DataType, JobKind, Run
from models.ledgers import ManualTask
from models.outbox import Ask, release_blocked
from models.sites import Site
from producers.requests import ask_for, clean_keys, resolve_site
from runtime.clock import Clock, SystemClock

_LONGEST_STYLE = 100
_LONGEST_KEY = 200
#: What a person can allow -> the kind of ManualTask that asks for it.
DECISIONS = {"rekey": "style_rekey", "remove": "style_removal"}
Status = Literal["active", "inactive", "all"]


def request(
    session: Session,
    site: Site | str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    divisions: Sequence[str] = (),
    seasons: Sequence[str] = (),
    status: Status | None = None,
    fresh: bool = True,
    read_only: bool = False,
    allow_empty: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
) -> Run:
    """Add a run with one scan job, or with one export job per AIMS360 style number in `keys`.

    A scan reads what changed in AIMS360 since the last one, with `everything` all of it, and adds an export per style that differs;
    `divisions`, `seasons` (AIMS360 codes) and `status` narrow it. A named style is read from AIMS360 again first unless `fresh` is False,
    and starts at once even if its job waits, retries or is blocked; with `everything` it is sent whole. `dry_run` shows what would be done
    (the job's `result`). `read_only`: the scan reads all of AIMS360 and asks for no export, so that cards which people made on JOOR can be
    paired first. `allow_empty` accepts a reading of AIMS360 that is suspiciously small.

    Raises NotPossible for an unknown site, and for filters beside `keys`.

        with sessions() as session:
            run = request(session, "us", keys=["D410"], reason="new colour", requested_by="anna")
    """
    clock = clock or SystemClock()
    found, styles = resolve_site(session, site), clean_keys(keys, longest=_LONGEST_STYLE)
    filters = {"divisions": clean_keys(divisions, longest=40), "seasons": clean_keys(seasons, longest=40), "status": status}
    chosen: dict[str, Any] = {name: value for name, value in filters.items() if value}
    flags = {"full": True} if everything else {}
    if styles and (chosen or read_only):
        raise NotPossible("Named styles and filters do not go together", fix=["Give style numbers, or divisions, seasons and status."])
    if styles:
        payload = flags | ({"fresh": True} if fresh else {})
        asks = [Ask(JobKind.STYLES_EXPORT, style, payload or None, revive=True) for style in styles]
    elif read_only:
        asks = [Ask(JobKind.STYLES_SCAN, "read only", {"fresh": True, "read_only": True})]
    else:
        flags |= {"allow_empty": True} if allow_empty else {}
        asks = [Ask(JobKind.STYLES_SCAN, scan_key(chosen), (chosen | flags) or None)]
    return _ask(session, found, asks, reason, requested_by, dry_run, clock)


def scan_key(chosen: dict[str, Any]) -> str:
    """ "" for the whole site. A narrowed scan is a job of its own: joined with a whole one it would narrow that."""
    words = " ".join(f"{name}={value if isinstance(value, str) else ','.join(sorted(value))}" for name, value in sorted(chosen.items()))
    return words if len(words) <= _LONGEST_KEY else f"chosen {hashlib.sha256(words.encode()).hexdigest()[:16]}"


def request_match(
    session: Session, site: Site | str, *, dry_run: bool = False, reason: str = "", requested_by: str = "", clock: Clock | None = None
) -> Run:
    """Pair the cards that people made on JOOR with AIMS360's styles; doubtful pairs become proposals. Raises NotPossible."""
    return _ask(
        session,
        resolve_site(session, site),
        [Ask(JobKind.STYLES_MATCH, revive=True)],
        reason,
        requested_by,
        dry_run,
        clock or SystemClock(),
    )


def request_remove(
    session: Session,
    site: Site | str,
    identifiers: Sequence[str],
    *,
    colors: Sequence[str] = (),
    sizes: Sequence[str] = (),
    by_hand: bool = False,
    dry_run: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
) -> Run:
    """Take cards off JOOR, or only these colours of them, or only these sizes (of these colours, else of all). What open orders hold is
    asked for first (`joorsync styles allow`). `by_hand` allows a card that a person made and joorsync never sent. Raises NotPossible for
    unknown cards."""
    found = resolve_site(session, site)
    cards, codes, names = clean_keys(identifiers), clean_keys(colors), clean_keys(sizes)
    known = select(StyleCard.identifier).where(StyleCard.site_id == found.id, col(StyleCard.identifier).in_(cards))
    unknown = [card for card in cards if card not in set(session.exec(known).all())]
    if unknown or not cards:
        raise NotPossible(
            f"There is no card {', '.join(unknown) or 'named'}", fix=[f"List the cards by identifier: joorsync styles --site {found.key}"]
        )
    keys = ["|".join(parts) for parts in ((card, color, size) for card in cards for color in codes or [""] for size in names or [""])]
    payload = {"by_hand": True} if by_hand else None
    asks = [Ask(JobKind.STYLES_REMOVE, key.rstrip("|"), payload, revive=True) for key in keys]
    return _ask(session, found, asks, reason, requested_by, dry_run, clock or SystemClock())


def put_back(session: Session, site: Site | str, key: str, by: str, *, reason: str = "", clock: Clock | None = None) -> Run:
    """What was taken off by `request_remove` (IDENTIFIER[|COLOUR[|SIZE]]) goes on JOOR again with the next export. Raises NotPossible."""
    clock = clock or SystemClock()
    found = resolve_site(session, site)
    card = session.get(StyleCard, (found.id, key.partition("|")[0]))
    sent = dict(card.sent or {}) if card else {}
    off = list(sent.get("off") or [])
    if card is None or (key not in off and not (key == card.identifier and card.state == CardState.REMOVED)):
        raise NotPossible(f"{key} was not taken off", fix=[f"What is off: joorsync styles --state removed --site {found.key}"])
    if key == card.identifier:
        card.state = CardState.ON_JOOR if card.joor_id else CardState.WANTED
        card.product_digest = card.skus_digest = card.prices_digest = None
    else:
        sent["off"], card.skus_digest = [part for part in off if part != key], None
    card.sent = sent or None
    session.add(card)
    _audit(session, "styles.put_back", f"{found.key} {key}", by, clock.now(), reason)
    return request(session, found, keys=[card.style], reason=reason or f"put {key} back"[:200], requested_by=by, clock=clock)


def allow(
    session: Session, site: Site | str, what: str, key: str, by: str, *, reason: str = "", clock: Clock | None = None
) -> tuple[ManualTask, int]:
    """Allow what was asked for: other identifiers for a style's cards ("rekey", key STYLE), or taking away what open orders hold
    ("remove", key IDENTIFIER[|COLOUR[|SIZE]]), for exactly the orders shown. Returns the question and how many jobs go on. Raises
    NotPossible when nothing asks for it."""
    now, found = (clock or SystemClock()).now(), resolve_site(session, site)
    if what not in DECISIONS:
        raise NotPossible(f"{what!r} cannot be allowed", fix=[f"Choose one of: {', '.join(DECISIONS)}."])
    task = _task(session, found, DECISIONS[what], key)
    if task is None or task.done_at is not None:
        raise NotPossible(
            f"Nothing waits for {what} {key!r}", fix=[f"What waits: joorsync tasks --site {found.key} --kind {DECISIONS[what]}"]
        )
    task.done_at, task.done_by, task.detail = now, by, {**(task.detail or {}), "allowed": True}
    session.add(task)
    _audit(session, f"styles.allow_{what}", f"{found.key} {key}", by, now, reason, after=task.detail)
    session.flush()
    return task, release_blocked(session, found.id or 0, "decision", f"{what}:{key}", now=now)


def open_questions(session: Session, site: Site | str, what: str) -> Sequence[ManualTask]:
    """What waits to be allowed, by key. Raises NotPossible for a decision that there is not."""
    found = resolve_site(session, site)
    if what not in DECISIONS:
        raise NotPossible(f"{what!r} cannot be allowed", fix=[f"Choose one of: {', '.join(DECISIONS)}."])
    waiting = select(ManualTask).where(
        ManualTask.site_id == found.id, ManualTask.kind == DECISIONS[what], col(ManualTask.done_at).is_(None)
    )
    return session.exec(waiting.order_by(col(ManualTask.key))).all()


def allow_unasked(session: Session, site: Site, style: str, summary: str, detail: dict[str, Any], by: str, now: datetime) -> None:
    """A rekey that a person allowed before a job came to ask for it."""
    task = _task(session, site, DECISIONS["rekey"], style)
    if task is None:
        task = ManualTask(
            site_id=site.id or 0, data_type=DataType.STYLES, kind=DECISIONS["rekey"], key=style, summary=summary, created_at=now
        )
    task.summary, task.steps, task.detail, task.done_at, task.done_by = summary, [], {**detail, "allowed": True}, now, by
    session.add(task)
    session.flush()
    release_blocked(session, site.id or 0, "decision", f"rekey:{style}", now=now)


def _ask(session: Session, site: Site, asks: Sequence[Ask], reason: str, by: str, dry_run: bool, clock: Clock) -> Run:
    return ask_for(session, site, DataType.STYLES, asks, dry_run=dry_run, reason=reason, requested_by=by, clock=clock)


def _task(session: Session, site: Site, kind: str, key: str) -> ManualTask | None:
    return session.exec(select(ManualTask).where(ManualTask.site_id == site.id, ManualTask.kind == kind, ManualTask.key == key)).first()


def _audit(session: Session, action: str, subject: str, by: str, now: datetime, reason: str, **more: Any) -> None:
    session.add(AuditEntry(at=now, actor=by, action=action, subject=subject[:250], reason=reason, **more))
