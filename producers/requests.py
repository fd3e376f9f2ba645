"""What all requests have in common: which site is meant, which records, and the run they make."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from models.errors import NotPossible
from models.jobs import DataType, Run
from models.outbox import Ask, add_jobs, add_run
from models.sites import Site
from runtime.clock import Clock, SystemClock


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
    """Add a run with these jobs, in the caller's transaction; nothing is sent before the caller commits."""
    now = (clock or SystemClock()).now()
    run = add_run(
        session, site_id=site.id, data_type=data_type.value, reason=reason[:200], requested_by=requested_by, dry_run=dry_run, now=now
    )
    add_jobs(session, site.id or 0, asks, now=now, run_id=run.id, dry_run=dry_run)
    return run
