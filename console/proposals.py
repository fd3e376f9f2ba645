"""Pairs that may be right, as the last match found them: a person accepts or rejects them; nothing else makes one a pair."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from console import mapping
from console.mapping import Pair
from console.process import Process
from models.accounts import RETAILER
from models.errors import NotPossible
from models.mappings import Mapping, MappingKind, Proposal, ProposalState
from models.sites import Site

#: No system lists what these could be paired with.
BY_HAND = (MappingKind.SIZE, MappingKind.STORE)
#: Keys of customer pairs that are no customer codes.
_NO_CODE = (RETAILER, "shipping:")
REJECTED_ALL = "what was proposed was rejected"


@dataclass(frozen=True)
class Accepted:
    """`left`: (JOOR code, why) of those that `accept_above` did not take. `released`: jobs that go on."""

    pairs: list[tuple[str, str]]
    left: list[tuple[str, str]]
    released: int


def matched_kind(kind: str) -> MappingKind:
    """Raises NotPossible for a kind that nothing matches automatically."""
    found = mapping.kind_of(kind)
    if found in BY_HAND:
        raise NotPossible(
            f"{mapping.plural(found).capitalize()} are not matched automatically",
            fix=[f"Pair by hand: joorsync map set {mapping.plural(found)} JOOR_CODE --aims AIMS_CODE"],
        )
    return found


def listing(session: Session, site: Site, kind: MappingKind | None, states: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Open ones unless `states` says otherwise, the best of each JOOR code first."""
    wanted = [_state(name) for name in states] or [ProposalState.OPEN.value]
    query = select(Proposal).where(Proposal.site_id == site.id, col(Proposal.state).in_(wanted))
    if kind is not None:
        query = query.where(Proposal.kind == kind.value)
    ordered = query.order_by(col(Proposal.kind), col(Proposal.joor_code), col(Proposal.score).desc(), col(Proposal.aims_code))
    return [
        {
            "kind": row.kind,
            "joor": row.joor_code,
            "joor_name": row.joor_name,
            "aims360": row.aims_code or None,
            "aims360_name": row.aims_name,
            "score": row.score,
            "why": row.why,
            "state": row.state,
            "decided_by": row.decided_by,
        }
        for row in session.exec(ordered)
    ]


def _state(name: str) -> str:
    try:
        return ProposalState(name.strip().lower()).value
    except ValueError:
        raise NotPossible(f"There is no proposal state {name!r}", fix=[f"Choose one of: {', '.join(ProposalState)}."]) from None


def accept(session: Session, process: Process, site: Site, kind: MappingKind, joor_code: str, aims_code: str) -> Accepted:
    """Make one proposal a pair. Does not commit. Raises NotPossible when it was not proposed."""
    rows = [row for row in _open(session, site, kind) if row.joor_code == joor_code]
    row = next((row for row in rows if row.aims_code == aims_code and aims_code), None)
    if row is None:
        known = ", ".join(row.aims_code for row in rows if row.aims_code)
        by_hand = f'joorsync map set {mapping.plural(kind)} "{joor_code}" --aims "{aims_code}" --site {site.key}'
        raise NotPossible(
            f"{aims_code!r} is not proposed for {joor_code!r}",
            fix=[f"Proposed is: {known or 'nothing'}", f"To pair them all the same: {by_hand}"],
        )
    if trouble := _held(session, site, kind, [row]).get(joor_code) if kind is MappingKind.WAREHOUSE else None:
        raise NotPossible(trouble, fix=[f"Look: joorsync map list {mapping.plural(kind)} --site {site.key}"])
    return Accepted([(joor_code, aims_code)], [], _take(session, process, site, kind, [row]))


def _held(session: Session, site: Site, kind: MappingKind, rows: Sequence[Proposal]) -> dict[str, str]:
    """JOOR code -> why, of those whose AIMS360 side is another one's already: a warehouse belongs to one alone, and that two customers of
    JOOR are one of AIMS360 only a person can say."""
    if kind not in (MappingKind.WAREHOUSE, MappingKind.CUSTOMER):
        return {}
    holders: dict[str, str] = {}
    for pair in mapping.listing(session, site, kind):
        if kind is MappingKind.WAREHOUSE or not pair.joor_code.startswith(_NO_CODE):
            holders[pair.aims_code.casefold()] = pair.joor_code
    held = {row.joor_code: holders.get(row.aims_code.casefold()) for row in rows if row.aims_code}
    aims = {row.joor_code: row.aims_code for row in rows}
    return {
        code: f"{aims[code]} is paired with {holder or 'nothing on purpose'} already"
        for code, holder in held.items()
        if holder is not None and holder != code
    }


def accept_above(session: Session, process: Process, site: Site, kind: MappingKind, score: int) -> Accepted:
    """The best proposal of every JOOR code from `score` on; those with two equally good ones, and two that want the same AIMS360 code, are
    left to a person. Does not commit."""
    best: dict[str, list[Proposal]] = {}
    for row in _open(session, site, kind):
        if row.aims_code and row.score >= score:
            best.setdefault(row.joor_code, []).append(row)
    tops = {code: [row for row in rows if row.score == max(item.score for item in rows)] for code, rows in best.items()}
    left = [(code, f"{' and '.join(row.aims_code for row in rows)} are equally good") for code, rows in tops.items() if len(rows) > 1]
    single = [rows[0] for rows in tops.values() if len(rows) == 1]
    wanted = Counter(row.aims_code for row in single)
    left += [(row.joor_code, f"{row.aims_code} is the best for another one, too") for row in single if wanted[row.aims_code] > 1]
    held = _held(session, site, kind, [row for row in single if wanted[row.aims_code] == 1])
    left += held.items()
    taken = [row for row in single if wanted[row.aims_code] == 1 and row.joor_code not in held]
    released = _take(session, process, site, kind, taken) if taken else 0
    return Accepted([(row.joor_code, row.aims_code) for row in taken], sorted(left), released)


def _take(session: Session, process: Process, site: Site, kind: MappingKind, rows: Sequence[Proposal]) -> int:
    pairs = [Pair(row.joor_code, row.aims_code, row.joor_name) for row in rows]
    codes = {pair.joor_code for pair in pairs}
    stored: Sequence[Mapping] = mapping.listing(session, site, kind)
    released = mapping.store(session, process, site, kind, pairs, [old for old in stored if old.joor_code in codes], stored)
    for row in rows:
        _decide(process, row, ProposalState.ACCEPTED)
        session.add(row)
    for other in _open(session, site, kind):
        if other.joor_code in codes and other not in rows:
            session.delete(other)
    session.flush()
    return released


def reject(session: Session, process: Process, site: Site, kind: MappingKind, joor_code: str, aims_code: str | None) -> int:
    """Never propose these again; without `aims_code` all of the JOOR code. It stays listed as unmapped. Returns how many. Does not commit.
    Raises NotPossible."""
    rows = [row for row in _open(session, site, kind) if row.joor_code == joor_code]
    chosen = [row for row in rows if row.aims_code and aims_code in (None, row.aims_code)]
    if not chosen:
        raise NotPossible(
            f"{aims_code or 'Nothing'!r} is not proposed for {joor_code!r}",
            fix=[f"Look: joorsync map proposals {mapping.plural(kind)} --site {site.key}"],
        )
    for row in chosen:
        _decide(process, row, ProposalState.REJECTED)
        session.add(row)
    if len(chosen) == len(rows):
        session.add(_nothing(process, chosen[0]))
    after = {"joor": joor_code, "aims360": [row.aims_code for row in chosen]}
    session.add(process.audit("proposals.reject", f"{site.key} {kind}", after=after))
    return len(chosen)


def _nothing(process: Process, like: Proposal) -> Proposal:
    """Keeps a JOOR code listed of which everything was rejected."""
    return Proposal(
        site_id=like.site_id,
        kind=like.kind,
        joor_code=like.joor_code,
        joor_name=like.joor_name,
        why=REJECTED_ALL,
        created_at=process.clock.now(),
    )


def _decide(process: Process, row: Proposal, state: ProposalState) -> None:
    row.state, row.decided_at, row.decided_by = state, process.clock.now(), process.actor


def _open(session: Session, site: Site, kind: MappingKind) -> Sequence[Proposal]:
    query = select(Proposal).where(Proposal.site_id == site.id, Proposal.kind == kind.value, Proposal.state == ProposalState.OPEN)
    return session.exec(query.order_by(col(Proposal.joor_code), col(Proposal.score).desc(), col(Proposal.aims_code))).all()
