"""Asking for automatic pairing, whatever the kind: customers, styles, or the code lists."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, func, select

from models.customers import CustomerSource
from models.jobs import JobKind, Run
from models.mappings import MappingKind
from models.outbox import Ask, add_jobs
from models.sites import Site
from producers import customers, styles
from producers.requests import resolve_site
from runtime.clock import Clock, SystemClock

#: Customers that AIMS360 was asked for longer ago are read again before they are paired.
OLD = timedelta(days=1)


def request_pairing(
    session: Session, site: Site | str, kind: MappingKind, *, fresh: bool = False, dry_run: bool = False, **about: Any
) -> Run:
    """A run that pairs what is sure and proposes the rest; nothing is sent. Customers are read from AIMS360 first, in the same run, when
    they were not read within a day or with `fresh`. `about`: reason, requested_by, clock. Raises NotPossible."""
    found = resolve_site(session, site)
    if kind is MappingKind.STYLE:
        return styles.request_match(session, found, dry_run=dry_run, **about)
    if kind is not MappingKind.CUSTOMER:
        return customers.request_lists(session, found, dry_run=dry_run, **about)
    clock: Clock = about.get("clock") or SystemClock()
    if dry_run or not (fresh or _is_old(session, found, clock)):
        return customers.request_match(session, found, dry_run=dry_run, **about)
    run = customers.request(session, found, read_only=True, **about)
    # Added after the reading, so that the lane does it after it; the match looks for a reading that is not done, too.
    match = Ask(JobKind.CUSTOMERS_MATCH, payload={"fresh": True}, revive=True)
    add_jobs(session, found.id or 0, [match], now=clock.now(), run_id=run.id)
    return run


def _is_old(session: Session, site: Site, clock: Clock) -> bool:
    read_at = session.exec(select(func.max(CustomerSource.read_at)).where(CustomerSource.site_id == site.id)).one()
    return read_at is None or clock.now() - read_at > OLD
