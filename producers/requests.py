"""What all requests have in common: which site is meant, which records, and the run they make."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from models.errors import NotPossible
from models.gates import needs_first_run
from models.jobs import DataType, JobKind, Run
from models.outbox import Ask, add_jobs, add_run
from models.sites import Site
from runtime.clock import Clock, SystemClock

#: What a run's reason says when a person asked for more than may be sent yet.
FIRST_RUN_IS_DRY = "(a dry run: the first production run is not confirmed)"
#: Kinds that neither write to a remote system nor ask for work that does: a production site's first run is not theirs.
_READING = (JobKind.STYLES_MATCH, JobKind.CUSTOMERS_MATCH, JobKind.CUSTOMERS_LISTS)


def resolve_site(session: Session, site: Site | str) -> Site:
    """The stored site of that key (for example "us"). Raises NotPossible, naming the sites there are."""
    key = site.key if isinstance(site, Site) else site.strip()
    found = session.exec(select(Site).where(Site.key == key)).first()
    if found is not None and found.id is not None:
        return found
    known = session.exec(select(Site.key).order_by(col(Site.key))).all()
    steps = [f"Known sites: {', '.join(known)}"] if known else ["There is no site yet: joorsync sites add NAME ..."]
    raise NotPossible(f"There is no site {key!r}", fix=[*steps, "List them: joorsync sites list"], field="site")


def clean_keys(keys: Sequence[str], *, longest: int = 200) -> list[str]:
    """Business keys without blanks and repetitions, in the order given. Raises NotPossible for one that cannot be a key."""
    if isinstance(keys, str):
        raise TypeError("keys is a sequence of keys, not one string")
    cleaned = list(dict.fromkeys(key.strip() for key in keys))
    for key in cleaned:
        if not key or len(key) > longest:
            raise NotPossible(f"{key[:60]!r} is not a key", fix=[f"Give keys of 1 to {longest} characters"], field="keys")
    return cleaned


def ask_for(
    session: Session,
    site: Site,
    data_type: DataType,
    asks: Sequence[Ask],
    *,
    dry_run: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
) -> Run:
    """Add a run with these jobs, in the caller's transaction; nothing is sent before the caller commits.

    For a production site it is a dry run until a person has confirmed the data type's first run (`joorsync enqueue ... --confirm`): the
    run's `dry_run` and `reason` say so. Raises NotPossible for a data type that the site has switched off, except for a dry run.
    """
    if not dry_run:
        _refuse_switched_off(site, data_type)
    now = (clock or SystemClock()).now()
    if not dry_run and not all(map(_only_reads, asks)) and needs_first_run(session, site, data_type):
        dry_run, reason = True, f"{reason[: 199 - len(FIRST_RUN_IS_DRY)]} {FIRST_RUN_IS_DRY}".strip()
    run = add_run(
        session, site_id=site.id, data_type=data_type.value, reason=reason[:200], requested_by=requested_by, dry_run=dry_run, now=now
    )
    add_jobs(session, site.id or 0, asks, now=now, run_id=run.id, dry_run=dry_run)
    return run


def _only_reads(ask: Ask) -> bool:
    return ask.kind in _READING or bool((ask.payload or {}).get("read_only"))


def is_on(site: Site, data_type: DataType) -> bool:
    """Whether the site syncs this data type at all."""
    return data_type.value not in (site.schedule.get("off") or ())


def _refuse_switched_off(site: Site, data_type: DataType) -> None:
    if is_on(site, data_type):
        return
    left = ",".join(name for name in site.schedule["off"] if name != data_type.value)
    verb = "is" if data_type is DataType.INVENTORY else "are"
    raise NotPossible(
        f"{data_type.value.capitalize()} {verb} switched off for site {site.key}",
        fix=[
            f'Switch {"it" if verb == "is" else "them"} on: joorsync sites set {site.key} --schedule "off={left}"',
            "Or only look at what would be sent: add --dry-run.",
        ],
        field="schedule.off",
    )
