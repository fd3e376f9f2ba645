"""Pair the style cards that people made on JOOR with AIMS360's styles. What is sure is stored; what is doubtful waits for a person.

Read JOOR's cards, then the SKUs of those that have no pair -> match -> store in short transactions. Nothing is sent to JOOR.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from clients.joor.types import JoorSku, JoorStyleCard
from models.audit import AuditEntry
from models.catalogue import CardState, StyleCard, StyleSource
from models.errors import NotPossible, Outcome, Synced, Unchanged
from models.jobs import Job, JobKind, JobState
from models.mappings import Mapping, MappingKind, Proposal, ProposalState
from models.outbox import release_blocked
from rules.style_matching import AimsStyle, Matched, Matcher, Paired, Proposed, Target, count_numbers
from workers.style_sources import style_colors_of
from workers.sync import Context, FlowSpec, JobView

BY = "auto-map"
_STYLE = MappingKind.STYLE.value
_CHUNK = 100  # cards per SKU reading and per transaction
_LONGEST = 100  # of an identifier
_T = TypeVar("_T")


class _Known:
    """What is paired already, read once. Cards we took off are no business of a match."""

    def __init__(self, session: Session, site_id: int) -> None:
        rows = session.exec(select(Mapping).where(Mapping.site_id == site_id, Mapping.kind == _STYLE)).all()
        cards = session.exec(select(StyleCard).where(StyleCard.site_id == site_id)).all()
        self.pairs = {row.joor_code: row.aims_code for row in rows}
        settled = [card for card in cards if card.joor_id or card.state in (CardState.SENDING, CardState.REMOVED)]
        self.identifiers = {card.identifier for card in settled}
        self.joor_ids = {card.joor_id for card in settled if card.joor_id}
        self.taken = {Target(card.style, card.color): card.identifier for card in settled if card.state != CardState.REMOVED}
        for code, aims in self.pairs.items():
            if aims and code.count("|") == 0 and aims.count("|") <= 1:
                self.taken.setdefault(Target(*aims.split("|")), code)

    def is_settled(self, card: JoorStyleCard) -> bool:
        return card.identifier.strip() in self.identifiers or card.joor_id in self.joor_ids

    def paired(self, card: JoorStyleCard, styles: set[str]) -> Paired | None:
        """A pair that a person stored for a card that we have not looked at yet."""
        aims = self.pairs.get(_code(card), "")
        style, _, color = aims.partition("|")
        return Paired(card, Target(style, color), "stored pair") if style in styles and "|" not in color else None


def match(job: JobView, ctx: Context) -> Outcome:
    """Repeatable: what was paired once is passed over. Raises NotPossible as long as AIMS360's styles were not read."""
    with ctx.session() as session:
        sources = session.exec(select(StyleSource).where(StyleSource.site_id == ctx.site.id, col(StyleSource.gone).is_(False))).all()
        styles = [AimsStyle(source.style, style_colors_of(source)) for source in sources]
        known = _Known(session, ctx.site.id)
    if not styles:
        raise NotPossible(
            f"AIMS360's styles were not read yet for site {ctx.site.key}",
            fix=[
                f"Read them, without sending anything: joorsync styles read --wait --site {ctx.site.key}",
                f"Then: joorsync map auto styles --site {ctx.site.key}",
            ],
        )
    every = []
    for card in ctx.catalogue().cards():
        every.append(card)
        ctx.beat()
    open_cards = [card for card in every if _code(card) and not known.is_settled(card)]
    stored = [pair for card in open_cards if (pair := known.paired(card, {style.style for style in styles}))]
    settled = {pair.card.joor_id for pair in stored}
    unknown = [card for card in open_cards if card.joor_id not in settled and _code(card) not in known.pairs]
    skus = _skus(ctx, [*unknown, *(pair.card for pair in stored)])
    matcher = Matcher(styles, ctx.site.styles, count_numbers(every), known.taken)
    found = matcher.match([_with(card, skus) for card in unknown])
    found = Matched((*(Paired(_with(pair.card, skus), pair.target, pair.by) for pair in stored), *found.paired), found.proposed)
    if job.dry_run:
        return _preview(found, len(every))
    return _keep(ctx, found, len(every))


def _code(card: JoorStyleCard) -> str:
    """What a pair is stored under: the identifier, else the style number."""
    return card.identifier.strip() or card.number.strip()


def _skus(ctx: Context, cards: Sequence[JoorStyleCard]) -> dict[str, tuple[JoorSku, ...]]:
    found: dict[str, tuple[JoorSku, ...]] = {}
    for some in _chunks(cards):
        ctx.beat()
        found |= ctx.catalogue().skus_of(some)
    return found


def _with(card: JoorStyleCard, skus: dict[str, tuple[JoorSku, ...]]) -> JoorStyleCard:
    return JoorStyleCard(card.joor_id, card.identifier.strip(), card.number.strip(), card.name.strip(), skus.get(card.joor_id, card.skus))


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


# ---- storing -------------------------------------------------------------------------------------------------------------------------


def _keep(ctx: Context, found: Matched, read: int) -> Outcome:
    released = 0
    for some in _chunks(found.paired):
        ctx.beat()
        with ctx.session() as session:
            released += _keep_pairs(session, ctx, some)
        ctx.hit("mid_batch")
    with ctx.session() as session:
        waiting = _keep_proposals(session, ctx.site.id, found.proposed, ctx.clock.now())
    counts = {"read": read, "paired": len(found.paired), "to_decide": waiting, "released": released}
    if not found.paired:
        words = f"{waiting} wait for a person: joorsync map proposals --site {ctx.site.key}" if waiting else "every card has its style"
        return Unchanged(f"no JOOR card was paired; {words}", counts=counts)
    by = Counter(pair.by for pair in found.paired)
    how = ", ".join(f"{number} by {by}" for by, number in by.most_common())
    return Synced(
        0,
        f"{len(found.paired)} JOOR card(s) paired ({how}), to be brought up to date by the next styles sync; {waiting} wait for a person",
        counts=counts,
    )


def _keep_pairs(session: Session, ctx: Context, paired: Sequence[Paired]) -> int:
    """Pairs, cards, an audit row; releases what was blocked on the pairs. Returns how many jobs.

    Nothing is sent: the next styles sync brings the cards up to date, and a person may look at its preview first."""
    now, rows = ctx.clock.now(), []
    for pair in paired:
        code = _code(pair.card)
        if pair.by != "stored pair":
            session.add(_mapping(ctx.site.id, pair, now))
            rows.append({"joor": code, "aims360": pair.target.code, "by": pair.by})
        if 0 < len(pair.card.identifier) <= _LONGEST:
            _keep_card(session, ctx.site.id, pair, now)
    if rows:
        session.add(AuditEntry(at=now, actor=BY, action="mapping.auto", subject=f"{ctx.site.key} style", after={"pairs": rows}))
    session.flush()
    return _release(session, ctx.site.id, paired, now)


def _mapping(site_id: int, pair: Paired, now: datetime) -> Mapping:
    code, name = _code(pair.card)[:200], pair.card.name[:200]
    return Mapping(
        site_id=site_id,
        kind=_STYLE,
        joor_code=code,
        joor_name=name,
        aims_code=pair.target.code,
        created_by=BY,
        created_at=now,
        updated_at=now,
    )


def _keep_card(session: Session, site_id: int, pair: Paired, now: datetime) -> None:
    """Made by hand, and nothing is known of its parts: the next export brings it up to date."""
    card = session.get(StyleCard, (site_id, pair.card.identifier))
    if card is None:
        card = StyleCard(site_id=site_id, identifier=pair.card.identifier, style=pair.target.style, created_at=now)
    card.style, card.color, card.state, card.by_hand = pair.target.style, pair.target.color, CardState.ON_JOOR, True
    card.number, card.name, card.joor_id = pair.card.number[:100], pair.card.name[:200], pair.card.joor_id
    skus = {f"{sku.color_code}|{sku.size}": sku.id for sku in pair.card.skus if sku.id}
    card.ids, card.product_digest, card.skus_digest, card.prices_digest = {"skus": skus, "prices": {}}, None, None, None
    session.add(card)


def _release(session: Session, site_id: int, paired: Sequence[Paired], now: datetime) -> int:
    """Jobs that wait for one of these codes, or for a colour of one."""
    codes = {text.casefold() for pair in paired for text in (pair.card.identifier, pair.card.number, pair.target.style) if text}
    blocked = session.exec(select(Job.blocked_on).where(Job.site_id == site_id, Job.state == JobState.BLOCKED)).all()
    values = {item["value"] for rows in blocked for item in rows or [] if item.get("kind") == _STYLE}
    wanted = [value for value in sorted(values) if value.partition("|")[0].strip().casefold() in codes]
    # One release even when nothing is blocked: a job that runs now may have looked for the pair just before it was stored.
    return sum(release_blocked(session, site_id, _STYLE, value, now=now) for value in wanted or [_code(paired[0].card)])


def _keep_proposals(session: Session, site_id: int, proposed: Sequence[Proposed], now: datetime) -> int:
    """Open ones are those of this match. What a person has rejected is not proposed again; a card of which all were rejected stays listed
    without a target. Returns how many cards wait."""
    stored = session.exec(select(Proposal).where(Proposal.site_id == site_id, Proposal.kind == _STYLE)).all()
    of = {(row.joor_code, row.aims_code): row for row in stored}
    wanted: dict[tuple[str, str], Proposed] = {}
    for item in proposed:
        wanted[_code(item.card), item.target.code if item.target else ""] = item
    refused = {key for key, row in of.items() if row.state == ProposalState.REJECTED and key[1]}
    cards = {_code(item.card): item.card for item in proposed}
    for code in cards.keys() - {key[0] for key in wanted if key not in refused}:
        wanted[code, ""] = Proposed(cards[code], None, 0, "what was proposed was rejected, and nothing else is similar")
    for key, row in of.items():
        if row.state == ProposalState.OPEN and key not in wanted:
            session.delete(row)
    for key, item in wanted.items():
        if key not in refused:
            session.add(_proposal(site_id, key, item, of.get(key), now))
    return len(cards)


def _proposal(site_id: int, key: tuple[str, str], item: Proposed, row: Proposal | None, now: datetime) -> Proposal:
    row = row or Proposal(site_id=site_id, kind=_STYLE, joor_code=key[0][:200], aims_code=key[1], created_at=now)
    row.joor_name, row.aims_name, row.score, row.why = item.card.name[:200], item.name[:200], item.score, item.why[:300]
    row.state, row.decided_at, row.decided_by = ProposalState.OPEN, None, ""
    return row


def _preview(found: Matched, read: int) -> Outcome:
    pairs = [{"joor": _code(pair.card), "name": pair.card.name, "aims360": pair.target.code, "by": pair.by} for pair in found.paired]
    doubts: list[dict[str, Any]] = [
        {
            "joor": _code(item.card),
            "name": item.card.name,
            "aims360": item.target.code if item.target else None,
            "score": item.score,
            "why": item.why,
        }
        for item in found.proposed
    ]
    cards = len({item.card.joor_id for item in found.proposed})
    words = f"dry run: of {read} JOOR cards {len(pairs)} would be paired, {cards} would wait for a person"
    return Unchanged(words, counts={"read": read}, result={"pairs": pairs, "proposals": doubts})


MATCH = FlowSpec(kind=JobKind.STYLES_MATCH, run=match, lease_seconds=300, endpoints=("joor.styles",), writes=False)
