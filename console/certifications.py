"""Stored certifications: the newest of a site, the list, one report; and the digest of what a site was certified with."""

import hashlib
import json
from typing import Any

from sqlmodel import Session, col, select

from console.site_settings import GROUPS
from models.catalogue import StyleField
from models.errors import NotPossible
from models.golive import Certification
from models.mappings import Mapping, MappingKind
from models.sites import Site

#: Settings that change what is sent. Schedules and recipients do not.
_GROUPS = tuple(name for name in GROUPS if name not in ("schedule", "report"))
#: Pairs of single records come and go with every order; pairs of codes are what a site is set up with.
_RECORDS = (MappingKind.CUSTOMER.value, MappingKind.STYLE.value, MappingKind.STORE.value)


def digest_of(session: Session, site: Site) -> str:
    """Of the settings, field table, contract and code pairs that decide what is sent for the site."""
    pairs = session.exec(select(Mapping).where(Mapping.site_id == site.id, col(Mapping.kind).not_in(_RECORDS))).all()
    fields = session.exec(select(StyleField).where(StyleField.site_id == site.id)).all()
    seen = {
        "settings": {name: getattr(site, GROUPS[name][0]) for name in _GROUPS},
        "contract": site.contract_overrides,
        "pairs": sorted([row.kind, row.joor_code, row.aims_code, row.is_primary, row.ignored] for row in pairs),
        "fields": sorted([row.joor_field, row.aims_field, row.constant, row.fallback] for row in fields),
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def newest(session: Session, site_id: int) -> Certification | None:
    """The last one that has ended; one that was cut off, or that was only a part (--only), says nothing."""
    ended = select(Certification).where(Certification.site_id == site_id, col(Certification.finished_at).is_not(None))
    rows = session.exec(ended.order_by(col(Certification.id).desc()))
    return next((row for row in rows if not (row.report or {}).get("partial")), None)


def listing(session: Session, site: Site | None) -> list[dict[str, Any]]:
    """Newest first."""
    query = select(Certification, Site.key).join(Site, col(Site.id) == col(Certification.site_id)).order_by(col(Certification.id).desc())
    if site is not None:
        query = query.where(Certification.site_id == site.id)
    return [_row(row, key) for row, key in session.exec(query)]


def find(session: Session, certification_id: int) -> Certification:
    row = session.get(Certification, certification_id)
    if row is None:
        raise NotPossible(f"There is no certification {certification_id}", fix=["List them: joorsync certify list"])
    return row


def _row(row: Certification, key: str) -> dict[str, Any]:
    scenarios = (row.report or {}).get("scenarios") or []
    return {
        "id": row.id,
        "site": key,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "passed": row.passed,
        "failed": ", ".join(item["key"] for item in scenarios if item.get("outcome") == "failed"),
        "by": row.started_by,
    }
