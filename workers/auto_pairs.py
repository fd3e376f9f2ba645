"""Storing what a match has found: sure pairs with an audit row, proposals for a person; what was blocked goes on. Short transactions."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.jobs import Job, JobState
from models.mappings import Mapping, MappingKind, Proposal, ProposalState
from models.outbox import release_blocked
from workers.sync import Context

BY = "auto-map"
REJECTED = "what was proposed was rejected, and nothing else is similar"
CHUNK = 500  # pairs or proposals per transaction
_T = TypeVar("_T")


@dataclass(frozen=True)
class Sure:
    """A pair that needs no person. `by`: what made it sure."""

    joor: str
    aims: str
    name: str = ""
    by: str = "equal code"


@dataclass(frozen=True)
class Doubt:
    """A pair that may be right. `aims` "": nothing similar was found."""

    joor: str
    aims: str
    score: int
    why: str
    name: str = ""
    aims_name: str = ""


@dataclass(frozen=True)
class Kept:
    """`waiting`: JOOR codes for which a person has to decide."""

    paired: int
    waiting: int
    released: int


def keep(ctx: Context, kind: MappingKind, sure: Sequence[Sure], doubts: Sequence[Doubt]) -> Kept:
    """Repeatable after a crash: what is stored already is passed over. Open proposals are those of this match; what a person has rejected
    is not proposed again, and a JOOR code of which all was rejected stays listed without a target."""
    started, paired, released = ctx.clock.now(), 0, 0
    for some in chunks(sure):
        ctx.beat()
        with ctx.session() as session:
            added = _keep_pairs(session, ctx, kind, some)
            released += release(session, ctx.site.id, kind, [text for pair in added for text in (pair.joor, pair.aims)], ctx.clock.now())
        paired += len(added)
        ctx.hit("mid_batch")
    waiting = _keep_proposals(ctx, kind, doubts, started)
    return Kept(paired, waiting, released)


def chunks(items: Sequence[_T], size: int = CHUNK) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _keep_pairs(session: Session, ctx: Context, kind: MappingKind, pairs: Sequence[Sure]) -> list[Sure]:
    """What a person has paired meanwhile stays."""
    now, there = ctx.clock.now(), _paired(session, ctx.site.id, kind, [pair.joor for pair in pairs])
    added = [pair for pair in pairs if pair.joor not in there]
    for pair in added:
        made = Mapping(site_id=ctx.site.id, kind=kind.value, joor_code=pair.joor, joor_name=pair.name[:200], created_at=now, updated_at=now)
        made.aims_code, made.created_by = pair.aims, BY
        session.add(made)
    if added:
        rows = [{"joor": pair.joor, "aims360": pair.aims, "by": pair.by} for pair in added]
        subject = f"{ctx.site.key} {kind.value}"
        session.add(AuditEntry(at=now, actor=BY, action="mapping.auto", subject=subject, after={"pairs": rows}))
    session.flush()
    return added


def _paired(session: Session, site_id: int, kind: MappingKind, codes: Collection[str]) -> set[str]:
    query = select(Mapping.joor_code).where(Mapping.site_id == site_id, Mapping.kind == kind.value, col(Mapping.joor_code).in_(codes))
    return set(session.exec(query).all())


def release(session: Session, site_id: int, kind: MappingKind, codes: Collection[str], now: datetime) -> int:
    """Jobs that wait for one of these codes, of either side, go on. Returns how many."""
    if not codes:
        return 0
    folded = {code.strip().casefold() for code in codes}
    blocked = session.exec(select(Job.blocked_on).where(Job.site_id == site_id, Job.state == JobState.BLOCKED)).all()
    values = {item["value"] for rows in blocked for item in rows or [] if item.get("kind") == kind.value}
    wanted = [value for value in sorted(values) if value.strip().casefold() in folded]
    # One release even when nothing is blocked: a job that runs now may have looked for the pair just before it was stored.
    return sum(release_blocked(session, site_id, kind.value, value, now=now) for value in wanted or sorted(codes)[:1])


# ---- proposals -----------------------------------------------------------------------------------------------------------------------


def _keep_proposals(ctx: Context, kind: MappingKind, doubts: Sequence[Doubt], started: datetime) -> int:
    with ctx.session() as session:
        query = select(Proposal).where(Proposal.site_id == ctx.site.id, Proposal.kind == kind.value)
        stored = {(row.joor_code, row.aims_code): row for row in session.exec(query)}
    wanted = _wanted(doubts, {key for key, row in stored.items() if row.state == ProposalState.REJECTED})
    old = [row.id for key, row in stored.items() if row.state == ProposalState.OPEN and key not in wanted]
    for ids in chunks(old):
        ctx.beat()
        with ctx.session() as session:
            session.execute(delete(Proposal).where(col(Proposal.id).in_(ids), col(Proposal.state) == ProposalState.OPEN.value))
    fresh = [key for key, doubt in wanted.items() if key not in stored or _values(doubt) != _values_of(stored[key])]
    for keys in chunks(fresh):
        ctx.beat()
        with ctx.session() as session:
            _put(session, ctx, kind, {key: wanted[key] for key in keys}, started)
        ctx.hit("mid_batch")
    return len({key[0] for key in wanted})


def _wanted(doubts: Sequence[Doubt], refused: Collection[tuple[str, str]]) -> dict[tuple[str, str], Doubt]:
    wanted = {(doubt.joor, doubt.aims): doubt for doubt in doubts if (doubt.joor, doubt.aims) not in refused or not doubt.aims}
    listed = {key[0] for key in wanted}
    for doubt in doubts:
        if doubt.joor not in listed:
            wanted[doubt.joor, ""] = Doubt(doubt.joor, "", 0, REJECTED, doubt.name)
    return wanted


def _values(doubt: Doubt) -> tuple[Any, ...]:
    return (doubt.name[:200], doubt.aims_name[:200], doubt.score, doubt.why[:300], ProposalState.OPEN.value)


def _values_of(row: Proposal) -> tuple[Any, ...]:
    return (row.joor_name, row.aims_name, row.score, row.why, row.state)


def _put(session: Session, ctx: Context, kind: MappingKind, wanted: dict[tuple[str, str], Doubt], started: datetime) -> None:
    """What a person has decided since the match began stays decided."""
    codes = {joor for joor, _ in wanted}
    query = select(Proposal).where(Proposal.site_id == ctx.site.id, Proposal.kind == kind.value, col(Proposal.joor_code).in_(codes))
    rows = {(row.joor_code, row.aims_code): row for row in session.exec(query)}
    paired = _paired(session, ctx.site.id, kind, codes)
    now = ctx.clock.now()
    for (joor, aims), doubt in wanted.items():
        row = rows.get((joor, aims))
        if joor in paired or (row is not None and row.decided_at is not None and row.decided_at >= started):
            continue
        row = row or Proposal(site_id=ctx.site.id, kind=kind.value, joor_code=joor, aims_code=aims, created_at=now)
        row.joor_name, row.aims_name, row.score, row.why, row.state = _values(doubt)
        row.decided_at, row.decided_by = None, ""
        session.add(row)
