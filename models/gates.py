"""Gates of going live: what keeps a production site from being written to, and the decision of a person that opens each.

A sandbox site has none. Closing a site shuts what is claimed from then on, also the rest of an order of which a part was sent: it keeps its
place, blocked, and is settled by look-up (never sent blind) when the site is opened again.
"""

from collections.abc import Collection

from sqlmodel import Session, col, select

from models.errors import Missing
from models.golive import FIRST_RUN, Confirmation
from models.jobs import DataType
from models.sites import Site

#: Name of the confirmation that says who opened production, when, and on which certification; the truth is `Site.production_open`.
PRODUCTION = "production"


def production_decision(site: Site) -> str:
    """What jobs of a closed site are blocked on, as a decision."""
    return f"{PRODUCTION}:{site.key}"


def first_run_decision(data_type: DataType) -> str:
    return f"first_run:{data_type.value}"


def first_run_name(data_type: DataType) -> str:
    """Name of the confirmation."""
    return f"{FIRST_RUN}{data_type.value}"


def confirm_command(site: Site, data_type: DataType) -> str:
    return f"joorsync enqueue {data_type.value} --site {site.key} --confirm"


def shut(session: Session, site: Site, data_type: DataType) -> list[Missing]:
    """The decisions that are missing before jobs of this data type may write for the site; empty: go ahead."""
    if site.is_sandbox:
        return []
    missing = []
    if not site.production_open:
        fix = f"Production is closed. Certify the site, then open it: joorsync certify --site {site.key}; joorsync sites open {site.key}"
        missing.append(Missing("decision", production_decision(site), f"site {site.key}", fix))
    if needs_first_run(session, site, data_type):
        fix = (
            f"Look at a dry run (joorsync enqueue {data_type.value} --site {site.key} --dry-run --wait); "
            f"when it looks right: {confirm_command(site, data_type)}"
        )
        missing.append(Missing("decision", first_run_decision(data_type), f"first {data_type.value} of site {site.key}", fix))
    return missing


def needs_first_run(session: Session, site: Site, data_type: DataType) -> bool:
    """Whether work of this data type is a dry run until a person has confirmed it."""
    return not site.is_sandbox and session.get(Confirmation, (site.id, first_run_name(data_type))) is None


def confirmations(session: Session, site_id: int, names: Collection[str] = ()) -> dict[str, Confirmation]:
    """By name; all of the site's when none is given."""
    query = select(Confirmation).where(Confirmation.site_id == site_id)
    if names:
        query = query.where(col(Confirmation.name).in_(names))
    return {row.name: row for row in session.exec(query.order_by(col(Confirmation.name)))}
