"""Asking for inventory: read AIMS360's stock for a site, or for some styles of it, and send JOOR what differs."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from models.jobs import DataType, JobKind, Run
from models.outbox import Ask
from models.sites import Site
from producers.requests import ask_for, clean_keys, resolve_site
from runtime.clock import Clock

_LONGEST_STYLE = 100
_LONGEST_KEY = 200


def request(
    session: Session,
    site: Site | str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
    allow_empty: bool = False,
    revive: bool = False,
) -> Run:
    """Add a run with one scan job, in the caller's transaction; nothing is sent before the caller commits.

    `keys` are AIMS360 style numbers; none means the whole site. Several styles make one job, because AIMS360 answers for its whole stock
    at once. `everything` sends every position again, changed or not. `dry_run` only computes the differences (the job's `result`).
    `allow_empty` accepts a reading of AIMS360 that is suspiciously small (see `workers.inventory_scan`). `revive` starts a request of the
    same styles that waits, retries or is blocked at once: for a person's request, not for a schedule's.

    Raises NotPossible for an unknown site.

        with sessions() as session:
            run = request(session, "us", keys=["D410", "D411"], reason="new delivery", requested_by="anna")
    """
    found = resolve_site(session, site)
    styles = clean_keys(keys, longest=_LONGEST_STYLE)
    key = job_key(styles)
    flags = {"styles": [] if key.split(",") == sorted(styles) else sorted(styles), "full": everything, "allow_empty": allow_empty}
    payload: dict[str, Any] = {name: value for name, value in flags.items() if value}
    ask = Ask(JobKind.INVENTORY_SCAN, key, payload or None, revive=revive)
    return ask_for(session, found, DataType.INVENTORY, [ask], dry_run=dry_run, reason=reason, requested_by=requested_by, clock=clock)


def job_key(styles: Sequence[str]) -> str:
    """ "" for the whole site, else the styles; too many to name are told apart by a digest and listed in the payload."""
    joined = ",".join(sorted(styles))
    if len(joined) <= _LONGEST_KEY:
        return joined
    return f"{len(styles)} styles {hashlib.sha256(joined.encode()).hexdigest()[:16]}"
