"""What must be in place before work can flow: database, broker, key, sites; and whether stored pairs cover what is known to be needed."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from console.mapping import listing, plural, unmapped
from console.process import Finding, Process
from models.errors import SyncError, Unavailable
from models.mappings import MappingKind
from models.sites import Credential, Site
from producers.requests import resolve_site
from runtime.broker import connect, lane_depths, lanes_of
from runtime.migrate import newest
from runtime.secrets import secret_box


def everything(process: Process, site: str, contract: bool) -> list[Finding]:
    """Our own side first; then each site. Raises NotPossible for an unknown site."""
    found = [_database(process)]
    if not found[0].ok:
        return found
    found += [*_key(process), _broker(process)]
    with process.reading() as session:
        chosen = [resolve_site(session, site)] if site else list(session.exec(select(Site).order_by(col(Site.key))))
    if not chosen:
        found.append(
            Finding("sites", False, "there is no site yet", ["joorsync sites add KEY --joor-api URL --aims-api URL --division CODE"])
        )
    for item in chosen:
        found += _site(process, item, contract)
    return found


def _database(process: Process) -> Finding:
    try:
        with process.reading() as session:
            session.exec(select(Site.id)).first()
    except SyncError as error:
        return _failed("database", error)
    return Finding("database", True, f"{process.where}, version {newest()}")


def _key(process: Process) -> list[Finding]:
    """Only when something is stored that needs it."""
    with process.reading() as session:
        one = session.exec(select(Credential)).first()
    if one is None:
        return []
    try:
        secret_box(process.settings).open(one.ciphertext)
    except SyncError as error:
        return [_failed("key", error)]
    return [Finding("key", True, "opens the stored credentials")]


def _broker(process: Process) -> Finding:
    if process.settings.amqp_url is None:
        return Finding("broker", True, "in memory (AMQP_URL is not set: everything runs in one process)")
    try:
        with process.reading() as session:
            lanes = lanes_of(session.exec(select(Site.key)).all())
        connection = connect(process.settings.amqp_url)
        try:
            depths = lane_depths(connection, lanes)
        finally:
            connection.close()
    except SyncError as error:
        return _failed("broker", error)
    absent = [lane for lane, depth in depths.items() if depth.ready is None]
    dead = {lane: depth.dead for lane, depth in depths.items() if depth.dead}
    if absent:
        return Finding("broker", False, f"lanes are not declared: {', '.join(absent)}", ["joorsync topology"])
    return Finding("broker", True, f"RabbitMQ answers; {len(lanes)} lanes" + (f"; dead letters: {dead}" if dead else ""))


def _site(process: Process, site: Site, contract: bool) -> list[Finding]:
    area = f"site {site.key}"
    found = []
    if site.paused_at is not None:
        why = site.paused_reason or "by hand"
        found.append(Finding(area, False, f"is paused: {why}", ["Put right what the reason says.", f"joorsync sites resume {site.key}"]))
    for probe in process.work.probe(process, site.id or 0, contract):
        found.append(Finding(f"{area}, {probe.area}", probe.ok, probe.summary, probe.fix, probe.reached))
    with process.reading() as session:
        found += _coverage(session, site, area)
    return found


def _coverage(session: Session, site: Site, area: str) -> list[Finding]:
    waiting = unmapped(session, site, None)
    pairs = listing(session, site, None)
    counts = {kind: sum(1 for pair in pairs if pair.kind == kind) for kind in MappingKind}
    stored = ", ".join(f"{count} {plural(kind)}" for kind, count in counts.items() if count) or "none"
    found = []
    if not counts[MappingKind.WAREHOUSE]:
        steps = [f'joorsync map set warehouse "NAME ON JOOR" --aims "NAME IN AIMS360" --site {site.key}']
        found.append(Finding(f"{area}, pairs", False, "no warehouse is mapped: no inventory can be sent", steps))
    if waiting:
        jobs = max(entry["jobs"] for entry in waiting)
        words = f"{len(waiting)} codes or decisions are missing (one of them holds {jobs} job(s)); stored pairs: {stored}"
        found.append(Finding(f"{area}, pairs", False, words, [f"See all: joorsync map unmapped --site {site.key}"]))
    return found or [Finding(f"{area}, pairs", True, f"nothing waits for a pair; stored: {stored}")]


def _failed(area: str, error: SyncError) -> Finding:
    return Finding(area, False, error.summary, error.fix, not isinstance(error, Unavailable))


def exit_code(found: Sequence[Finding]) -> int:
    """3 when something cannot be reached, else 1 when something is wrong, else 0."""
    if any(not item.reached for item in found):
        return 3
    return 1 if any(not item.ok for item in found) else 0
