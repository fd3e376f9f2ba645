"""Asking for customers: read AIMS360 and bring JOOR's connections up to date, pair existing ones, write codes back; and the review.

Everything here works in the caller's transaction and only on our own tables; nothing is sent before the caller commits.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from models.audit import AuditEntry
from models.customers import CustomerSource
from models.errors import NotPossible
from models.golive import CUSTOMERS_REVIEWED, Confirmation
from models.jobs import DataType, JobKind, Run
from models.mappings import MappingKind, Proposal, ProposalState
from models.outbox import Ask, release_blocked
from models.sites import Site
from producers.requests import ask_for, clean_keys, resolve_site
from runtime.clock import Clock, SystemClock

_LONGEST_ACCOUNT = 60
#: What an export of a new customer waits for, as a decision.
REVIEW = "customers:review"


def request(
    session: Session,
    site: Site | str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    read_only: bool = False,
    allow_empty: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
) -> Run:
    """Add a run with one scan job, or with one export job per AIMS360 customer account in `keys`.

    A scan reads what changed in AIMS360 since the last one, with `everything` all of it, and adds an export per customer that differs and
    may be sent. A named customer is read from AIMS360 again first, may be a new one whatever `customers.new` says, and starts at once even
    if its job waits, retries or is blocked; with `everything` it is sent whole. `dry_run` shows what would be done (the job's `result`).
    `read_only`: the scan reads all of AIMS360 and asks for no export, so that customers can be paired first. `allow_empty`: it accepts a
    suspiciously small reading.

    Raises NotPossible for an unknown site.

        with sessions() as session:
            run = request(session, "us", keys=["HARB"], reason="new door", requested_by="anna")
    """
    found, accounts = resolve_site(session, site), clean_keys(keys, longest=_LONGEST_ACCOUNT)
    full = {"full": True} if everything else {}
    empty = {"allow_empty": True} if allow_empty else {}
    if accounts:
        asks = [Ask(JobKind.CUSTOMERS_EXPORT, account, {"fresh": True, "named": True} | full, revive=True) for account in accounts]
    elif read_only:
        asks = [Ask(JobKind.CUSTOMERS_SCAN, "read only", {"full": True, "read_only": True} | empty, revive=True)]
    else:
        asks = [Ask(JobKind.CUSTOMERS_SCAN, "", (full | empty) or None)]
    return ask_for(session, found, DataType.CUSTOMERS, asks, dry_run=dry_run, reason=reason, requested_by=requested_by, clock=clock)


def request_match(session: Session, site: Site | str, *, dry_run: bool = False, **about: Any) -> Run:
    """Read JOOR's connections and pair them with AIMS360's customers: equal codes are stored, doubtful pairs become proposals. `about`:
    reason, requested_by, clock. Raises NotPossible."""
    asks = [Ask(JobKind.CUSTOMERS_MATCH, revive=True)]
    return ask_for(session, resolve_site(session, site), DataType.CUSTOMERS, asks, dry_run=dry_run, **about)


def request_lists(session: Session, site: Site | str, *, dry_run: bool = False, **about: Any) -> Run:
    """Read the code lists of both systems (terms, ship-vias, warehouses, price labels, divisions, seasons, sales reps, countries); equal
    codes are paired, equal names proposed. `about`: reason, requested_by, clock. Raises NotPossible."""
    asks = [Ask(JobKind.CUSTOMERS_LISTS, revive=True)]
    return ask_for(session, resolve_site(session, site), DataType.CUSTOMERS, asks, dry_run=dry_run, **about)


def review(session: Session, site: Site | str, by: str, *, anyway: bool = False, reason: str = "", clock: Clock | None = None) -> int:
    """Confirm that the customers both sides have are paired, so that others may be sent as new ones. Returns how many exports go on.

    Raises NotPossible while proposals wait for a person (unless `anyway`, which needs a reason), and before both sides were read.
    """
    now, found = (clock or SystemClock()).now(), resolve_site(session, site)
    waiting = _open_proposals(session, found)
    if session.exec(select(CustomerSource.account).where(CustomerSource.site_id == found.id).limit(1)).first() is None:
        raise NotPossible(
            f"The customers of site {found.key} were not read yet",
            fix=[f"Read and pair them, without sending anything: joorsync map auto customers --wait --site {found.key}"],
        )
    if waiting and not (anyway and reason.strip()):
        raise NotPossible(
            f"{waiting} customer(s) of JOOR wait for a decision: sent as new ones, they would be doubled",
            fix=[
                f"Decide: joorsync map proposals customers --site {found.key}",
                f'Or leave them: joorsync customers review --anyway --reason "..." --site {found.key}',
            ],
        )
    row = session.get(Confirmation, (found.id, CUSTOMERS_REVIEWED)) or Confirmation(site_id=found.id or 0, name=CUSTOMERS_REVIEWED, at=now)
    row.at, row.by, row.reason, row.detail = now, by, reason, {"undecided": waiting}
    session.add(row)
    session.add(AuditEntry(at=now, actor=by, action="customers.review", subject=found.key, reason=reason, after=row.detail))
    session.flush()
    return release_blocked(session, found.id or 0, "decision", REVIEW, now=now)


def _open_proposals(session: Session, site: Site) -> int:
    """JOOR connections for which a customer is proposed and nobody has decided."""
    query = select(func.count(func.distinct(col(Proposal.joor_code)))).where(
        Proposal.site_id == site.id,
        Proposal.kind == MappingKind.CUSTOMER.value,
        Proposal.state == ProposalState.OPEN,
        Proposal.aims_code != "",
    )
    return session.exec(query).one()
