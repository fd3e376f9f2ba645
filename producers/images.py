"""Asking for images: look through a site's pictures, or those of some styles, and send JOOR what differs."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlmodel import Session

from models.errors import NotPossible
from models.jobs import DataType, JobKind, Run
from models.outbox import Ask
from models.sites import Site
from producers.inventory import job_key
from producers.requests import ask_for, clean_keys, resolve_site
from runtime.clock import Clock

_LONGEST_STYLE = 100
Level = Literal["style", "color"]


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
    level: Level | str | None = None,
    revive: bool = False,
) -> Run:
    """Add a run with one scan job, in the caller's transaction; nothing is sent before the caller commits.

    `keys` are AIMS360 style numbers; none means the whole site. The scan lists the source's pictures once and adds an export for each style
    whose pictures differ. `everything` sends all of them again: also those that were refused, and on style cards that people made by hand
    it clears their own pictures. `level` ("style" or "color") is for this request; the schedule goes by the site's setting. `dry_run` only
    compares (the job's `result`). `revive` starts a request of the same styles that waits, retries or is blocked at once: for a person's
    request, not for a schedule's.

    Raises NotPossible for an unknown site or level.

        with sessions() as session:
            run = request(session, "us", keys=["D410"], level="style", reason="new photos", requested_by="anna")
    """
    found = resolve_site(session, site)
    if level not in (None, "style", "color"):
        raise NotPossible(f"There is no image level {level!r}", fix=["Choose style or color."], field="level")
    styles = clean_keys(keys, longest=_LONGEST_STYLE)
    flags: dict[str, Any] = {"styles": sorted(styles), "full": everything, "level": level}
    payload = {name: value for name, value in flags.items() if value}
    ask = Ask(JobKind.IMAGES_SCAN, job_key(styles), payload or None, revive=revive)
    return ask_for(session, found, DataType.IMAGES, [ask], dry_run=dry_run, reason=reason, requested_by=requested_by, clock=clock)
