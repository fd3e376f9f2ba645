"""Jobs that wait for a pair: which codes they wait for, and how they go on once a pair is saved."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session, select

from console.process import Process
from models.jobs import Job, JobState
from models.mappings import MappingKind
from models.outbox import release_blocked
from models.sites import Site


def release_codes(session: Session, process: Process, site: Site, kind: MappingKind, texts: Iterable[str]) -> int:
    """Re-queue the jobs that wait for one of these codes or names: orders wait for JOOR's, exports for AIMS360's. Returns how many.

    A code is released even when nothing is blocked on it: a job that runs now may have looked for the pair just before it was stored.
    """
    codes = {text.strip().casefold() for text in texts if text}
    if kind is MappingKind.PRICE_LABEL:  # a job waits for a currency; the pair may name its price level too
        codes |= {code.partition("/")[0].strip() for code in codes}
    waiting = {item["value"] for job in _blocked(session, site) for item in job.blocked_on or [] if item.get("kind") == kind.value}
    wanted = [value for value in sorted(waiting) if codes & _spellings(kind, value)]
    released = 0
    for value in wanted or sorted(codes)[:1]:
        released += release_blocked(session, site.id or 0, kind.value, value, now=process.clock.now())
        session.flush()
    return released


def _spellings(kind: MappingKind, value: str) -> set[str]:
    """A job that waits for IDENTIFIER|COLOUR goes on when the identifier is paired, too; one that waits for CURRENCY/PRICE LEVEL when the
    currency is."""
    whole = value.strip().casefold()
    first = {MappingKind.STYLE: whole.partition("|")[0].strip(), MappingKind.PRICE_LABEL: whole.partition("/")[0].strip()}
    return {whole, first.get(kind, whole)}


def unmapped(session: Session, site: Site, kind: MappingKind | None) -> list[dict[str, Any]]:
    """What blocked jobs wait for: each code once, the number of jobs, where it is wanted, the command that ends it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for job in _blocked(session, site):
        for item in job.blocked_on or []:
            if item.get("kind") in (("access",) if kind is None else ()) or (kind is not None and item.get("kind") != kind.value):
                continue
            entry = found.setdefault(
                (item["kind"], item["value"]),
                {"kind": item["kind"], "value": item["value"], "jobs": 0, "where": item.get("where", ""), "fix": item.get("fix", "")},
            )
            entry["jobs"] += 1
    return sorted(found.values(), key=lambda entry: (-entry["jobs"], entry["kind"], entry["value"]))


def _blocked(session: Session, site: Site) -> Sequence[Job]:
    return session.exec(select(Job).where(Job.site_id == site.id, Job.state == JobState.BLOCKED)).all()
