"""What must be in place before work can flow: database, broker, key, sites, lists and pairs, and the way to production."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import Session, col, select

from console import check_coverage, check_golive, check_queues
from console.mapping import listing, plural, unmapped
from console.output import steps
from console.process import Finding, Process
from console.site_checks import misfits
from models.errors import SyncError
from models.mappings import MappingKind
from models.sites import Credential, Site
from producers.requests import resolve_site
from runtime.secrets import secret_box

_MISFITS_SHOWN = 5


def everything(process: Process, site: str, contract: bool) -> list[Finding]:
    """Our own side first; then each site, and of a named one its sandbox account too. Raises NotPossible for an unknown site."""
    found = [check_queues.database(process)]
    if not found[0].ok:
        return found
    found += [*check_queues.disk(process), *_key(process), check_queues.broker(process), *check_queues.work(process)]
    with process.reading() as session:
        chosen = _chosen(session, site)
    if not chosen:
        found.append(
            Finding("sites", False, "there is no site yet", ["joorsync sites add KEY --joor-api URL --aims-api URL --division CODE"])
        )
    for item in chosen:
        found += _site(process, item, contract)
    return found


def _chosen(session: Session, site: str) -> list[Site]:
    if not site:
        return list(session.exec(select(Site).order_by(col(Site.key))))
    named = resolve_site(session, site)
    return [named, *session.exec(select(Site).where(Site.sandbox_of == named.id).order_by(col(Site.key)))]


def _key(process: Process) -> list[Finding]:
    """Only when something is stored that needs it."""
    with process.reading() as session:
        one = session.exec(select(Credential)).first()
    if one is None:
        return []
    try:
        secret_box(process.settings).open(one.ciphertext)
    except SyncError as error:
        return [check_queues.failed("key", error)]
    return [Finding("key", True, "opens the stored credentials")]


def _site(process: Process, site: Site, contract: bool) -> list[Finding]:
    area = f"site {site.key}"
    found = []
    if site.paused_at is not None:
        why = site.paused_reason or "by hand"
        found.append(Finding(area, False, f"is paused: {why}", ["Put right what the reason says.", f"joorsync sites resume {site.key}"]))
    known: dict[str, list[str]] = {}
    for probe in process.work.probe(process, site.id or 0, contract):
        if probe.detail and "known" in probe.detail:  # AIMS360's own codes: for counting, too long to show
            known = probe.detail["known"]
            probe = Finding(probe.area, probe.ok, probe.summary)
        found.append(Finding(f"{area}, {probe.area}", probe.ok, probe.summary, probe.fix, probe.reached, probe.open, probe.detail))
    with process.reading() as session:
        found += _pairs(session, site, area)
        found += check_coverage.findings(session, site, area, known)
        found += _settings(session, process, site, area)
        found += check_golive.findings(session, site, area)
    return found


def _pairs(session: Session, site: Site, area: str) -> list[Finding]:
    waiting = unmapped(session, site, None)
    pairs = listing(session, site, None)
    counts = {kind: sum(1 for pair in pairs if pair.kind == kind) for kind in MappingKind}
    stored = ", ".join(f"{count} {plural(kind)}" for kind, count in counts.items() if count) or "none"
    found = []
    if not counts[MappingKind.WAREHOUSE]:
        first = f'joorsync map set warehouse "NAME ON JOOR" --aims "NAME IN AIMS360" --site {site.key}'
        found.append(Finding(f"{area}, pairs", False, "no warehouse is mapped: no inventory can be sent", [first]))
    if waiting:
        jobs = max(entry["jobs"] for entry in waiting)
        words = f"{len(waiting)} codes or decisions are missing (one of them holds {jobs} job(s)); stored pairs: {stored}"
        found.append(Finding(f"{area}, pairs", False, words, [f"See all: joorsync map unmapped --site {site.key}"]))
    return found or [Finding(f"{area}, pairs", True, f"nothing waits for a pair; stored: {stored}")]


def _settings(session: Session, process: Process, site: Site, area: str) -> list[Finding]:
    """Settings that name what is not stored."""
    wrong = misfits(session, process, site)
    if not wrong:
        return [Finding(f"{area}, settings", True, "fit together and with what is stored")]
    words = "; ".join(f"{item.setting} = {item.value}: {item.why}" for item in wrong[:_MISFITS_SHOWN])
    return [Finding(f"{area}, settings", False, words, [item.fix for item in wrong[:_MISFITS_SHOWN]])]


def lines(found: Sequence[Finding]) -> list[str]:
    """As a person reads it: a line per finding, what to do about what is not ok, and at the end the contract files to load."""
    said = []
    for item in found:
        said.append(f"{item.state:<4}  {item.area}: {item.summary}")
        said += steps(item.fix, "        ") if item.state != "ok" else []
    for item in found:
        if item.detail and item.area.endswith(", contract file"):
            said += ["", f"# contract file of site {item.detail['site']}", *item.detail["toml"].splitlines()]
    return said


def row(item: Finding) -> dict[str, Any]:
    """The JSON of a finding: its `detail` beside its own members."""
    plain = {name: value for name, value in asdict(item).items() if name != "detail"}
    return {**plain, "state": item.state, **(item.detail or {})}


def exit_code(found: Sequence[Finding]) -> int:
    """3 when something cannot be reached, else 1 when something is wrong, else 0."""
    if any(not item.reached for item in found):
        return 3
    return 1 if any(not item.ok for item in found) else 0
