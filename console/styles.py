"""Looking at style cards: what JOOR has of each AIMS360 style, what waits, what has no pair. What may be done is in `producers.styles`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from console.jobs import site_keys
from models.catalogue import CardState, StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import ENDED, DataType, Job
from models.ledgers import ManualTask
from models.mappings import Mapping, MappingKind, Proposal, ProposalState
from models.sites import Site
from producers.requests import resolve_site

_PARTS = ("product", "skus", "prices")


def listing(session: Session, site: str, states: Sequence[str], style: str, limit: int) -> list[dict[str, Any]]:
    """By identifier. Raises NotPossible for an unknown site or state."""
    query = select(StyleCard).order_by(col(StyleCard.site_id), col(StyleCard.identifier)).limit(limit)
    if site:
        query = query.where(StyleCard.site_id == resolve_site(session, site).id)
    if states:
        query = query.where(col(StyleCard.state).in_([_state(name) for name in states]))
    if style:
        query = query.where(StyleCard.style == style)
    keys, cards = site_keys(session), session.exec(query).all()
    waiting = _waiting(session, cards)
    return [_row(card, keys.get(card.site_id, ""), (card.site_id, card.style) in waiting) for card in cards]


def _state(name: str) -> str:
    try:
        return CardState(name.strip().lower().replace("-", "_")).value
    except ValueError:
        raise NotPossible(f"There is no card state {name!r}", fix=[f"Choose one of: {', '.join(CardState)}."]) from None


def _row(card: StyleCard, site: str, waiting: bool) -> dict[str, Any]:
    """`differs`: the parts that JOOR does not have as AIMS360 has them, "style" when all that is known is that an export waits."""
    known = {"product": card.product_digest, "skus": card.skus_digest, "prices": card.prices_digest}
    missing = [part for part in _PARTS if known[part] is None] if card.state != CardState.REMOVED else []
    return {
        "site": site,
        "identifier": card.identifier,
        "style": card.style,
        "color": card.color,
        "name": card.name,
        "state": card.state,
        "by_hand": card.by_hand,
        "joor_id": card.joor_id,
        "sent_at": card.sent_at,
        "differs": missing or (["style"] if waiting else []),
    }


def _waiting(session: Session, cards: Sequence[StyleCard]) -> set[tuple[int, str]]:
    """(site, style) of those with an export that has not ended."""
    sites = {card.site_id for card in cards}
    jobs = select(Job.site_id, Job.key).where(
        col(Job.site_id).in_(sites),
        Job.kind == "styles.export",
        col(Job.dry_run).is_(False),
        col(Job.state).not_in([state.value for state in ENDED]),
    )
    return set(session.exec(jobs).all())


def details(session: Session, site: str, style: str) -> dict[str, Any]:
    """One AIMS360 style, given by its number or by the identifier of a card: what AIMS360 said, its cards, pairs, work, questions."""
    found = resolve_site(session, site)
    card = session.get(StyleCard, (found.id, style))
    number = card.style if card is not None and session.get(StyleSource, (found.id, style)) is None else style
    source = session.get(StyleSource, (found.id, number))
    cards = session.exec(
        select(StyleCard).where(StyleCard.site_id == found.id, StyleCard.style == number).order_by(col(StyleCard.identifier))
    ).all()
    if source is None and not cards:
        raise NotPossible(
            f"Style {style} is not known for site {found.key}",
            fix=[f"Read it from AIMS360: joorsync enqueue styles --key {style} --site {found.key}", "Look: joorsync styles"],
        )
    waiting = _waiting(session, cards)
    return {
        "site": found.key,
        "style": number,
        "aims360": _source(source),
        "cards": [
            {
                **_row(item, found.key, (item.site_id, item.style) in waiting),
                "number": item.number,
                "taken_off": (item.sent or {}).get("off", []),
            }
            for item in cards
        ],
        "pairs": _pairs(session, found, number),
        "jobs": _jobs(session, found, [number, *(item.identifier for item in cards)]),
        "questions": _questions(session, found, number, [item.identifier for item in cards]),
    }


def _source(source: StyleSource | None) -> dict[str, Any] | None:
    if source is None:
        return None
    colors = [
        {"color": row.get("color"), "name": row.get("color_description"), "sizes": [size.get("name") for size in row.get("sizes") or ()]}
        for row in source.rows
    ]
    return source.model_dump(include={"division", "season", "active", "gone", "read_at"}) | {"colors": colors}


def _pairs(session: Session, site: Site, style: str) -> list[dict[str, Any]]:
    ours = Mapping.site_id == site.id, Mapping.kind == MappingKind.STYLE.value
    named = (col(Mapping.aims_code) == style) | col(Mapping.aims_code).startswith(f"{style}|", autoescape=True)
    rows = session.exec(select(Mapping).where(*ours, named).order_by(col(Mapping.joor_code)))
    return [{"joor": row.joor_code, "aims360": row.aims_code, "created_by": row.created_by} for row in rows]


def _jobs(session: Session, site: Site, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Newest first."""
    named = or_(col(Job.key).in_(keys), *(col(Job.key).startswith(f"{key}|", autoescape=True) for key in keys))
    query = select(Job).where(Job.site_id == site.id, Job.data_type == DataType.STYLES.value, named).order_by(col(Job.id).desc()).limit(10)
    return [
        {
            "job": job.id,
            "kind": job.kind,
            "key": job.key,
            "state": job.state,
            "note": job.error_summary or job.note,
            "fix": job.error_fix or [],
        }
        for job in session.exec(query)
    ]


def _questions(session: Session, site: Site, style: str, identifiers: Sequence[str]) -> list[dict[str, Any]]:
    kinds = ("style_rekey", "style_removal", "style_gone")
    open_ones = select(ManualTask).where(ManualTask.site_id == site.id, col(ManualTask.kind).in_(kinds), col(ManualTask.done_at).is_(None))
    names = {style, *identifiers}
    return [
        {"kind": task.kind, "key": task.key, "summary": task.summary, "steps": task.steps}
        for task in session.exec(open_ones.order_by(col(ManualTask.id)))
        if task.key.partition("|")[0] in names
    ]


def unmapped(session: Session, site: str) -> dict[str, Any]:
    """JOOR cards without a pair (as the last match found them) with the best proposal, and AIMS360 styles without a card."""
    found = resolve_site(session, site)
    open_ones = select(Proposal).where(
        Proposal.site_id == found.id, Proposal.kind == MappingKind.STYLE.value, Proposal.state == ProposalState.OPEN
    )
    best: dict[str, Proposal] = {}
    for row in session.exec(open_ones.order_by(col(Proposal.joor_code), col(Proposal.score).desc(), col(Proposal.id))):
        best.setdefault(row.joor_code, row)
    carded = select(StyleCard.style).where(StyleCard.site_id == found.id)
    without = select(StyleSource).where(
        StyleSource.site_id == found.id, col(StyleSource.gone).is_(False), col(StyleSource.style).not_in(carded)
    )
    return {
        "joor": [
            {"joor": row.joor_code, "name": row.joor_name, "proposed": row.aims_code or None, "score": row.score, "why": row.why}
            for row in best.values()
        ],
        "aims360": [
            {"style": row.style, "division": row.division, "season": row.season, "active": row.active, "colors": len(row.rows)}
            for row in session.exec(without.order_by(col(StyleSource.style)))
        ],
    }
