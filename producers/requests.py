"""What all requests have in common: which site is meant, and which records."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from models.errors import NotPossible
from models.sites import Site


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
