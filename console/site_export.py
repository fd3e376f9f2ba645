"""Sites as one TOML file: addresses, divisions, settings, contract, style fields, linesheets, code pairs. No secrets, no ledgers, and
not whether production is open. `site_import` reads it back; the same sites give the same text."""

from collections.abc import Sequence
from typing import Any

import tomli_w
from sqlmodel import Session, col, select

from console import mapping, style_fields
from console.site_listing import codes, parent_of
from console.site_settings import GROUPS, validated
from models.catalogue import Linesheet
from models.mappings import Mapping
from models.settings import LinesheetRule
from models.sites import Site
from producers.linesheets import FIELDS
from producers.requests import resolve_site

FORMAT = 1
#: Key in the file -> column of Site.
PLAIN = {
    "name": "name",
    "sandbox": "is_sandbox",
    "joor_api": "joor_api_url",
    "joor_auth": "joor_auth_url",
    "joor_account": "joor_account_id",
    "aims_api": "aims_api_url",
}
#: A code pair in the file -> field of `mapping.Pair`, and what it is when it is not written.
PAIR: dict[str, tuple[str, Any]] = {
    "joor": ("joor_code", ""),
    "aims": ("aims_code", ""),
    "joor_name": ("joor_name", ""),
    "aims_id": ("aims_id", ""),
    "primary": ("is_primary", True),
    "ignored": ("ignored", False),
}
#: A setting that is off where it has a value by default; TOML knows no null.
NONE = "none"
_HEAD = "# Sites of joorsync, without secrets. Read it with: joorsync sites import FILE\n\n"


def export(session: Session, keys: Sequence[str]) -> str:
    """The TOML text of these sites, of all when none is named. Raises NotPossible for an unknown one."""
    if keys:
        chosen = [resolve_site(session, key) for key in dict.fromkeys(keys)]
    else:
        chosen = list(session.exec(select(Site)))
    sites = {site.key: described(session, site) for site in sorted(chosen, key=lambda site: site.key)}
    return _HEAD + tomli_w.dumps({"format": FORMAT, "sites": sites}, multiline_strings=False)


def described(session: Session, site: Site) -> dict[str, Any]:
    """One site as the file has it. Every group of settings is there, empty where all are at their default: reading it back replaces it."""
    parent = parent_of(session, site)
    found: dict[str, Any] = {key: value for key, column in PLAIN.items() if (value := getattr(site, column)) is not None}
    if parent is None:
        found["divisions"] = codes(session, site)
    else:
        found["sandbox_of"] = parent.key
    found |= {group: _without_null(validated(group, getattr(site, column))) for group, (column, _) in GROUPS.items()}
    found["contract"] = site.contract_overrides
    found["style_fields"] = [_filled(style_fields.as_row(row).__dict__) for row in style_fields.listing(session, site)]
    found["linesheets"] = _linesheets(session, site)
    found["pairs"] = _pairs(session, site)
    return {key: value for key, value in found.items() if value or key in {*GROUPS, *PLAIN, "divisions", "contract"}}


def _linesheets(session: Session, site: Site) -> list[dict[str, Any]]:
    rows = session.exec(select(Linesheet).where(Linesheet.site_id == site.id, Linesheet.active).order_by(col(Linesheet.code)))
    shown = {"code", *FIELDS} - {"rule"}
    return [_filled(row.model_dump(mode="json", include=shown)) | _rule(row) for row in rows]


def _rule(row: Linesheet) -> dict[str, Any]:
    """An empty list of a rule is not the same as none."""
    rule = LinesheetRule.model_validate(row.rule).model_dump(mode="json", exclude_defaults=True)
    return {"rule": rule} if rule else {}


def _pairs(session: Session, site: Site) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for kind in sorted(mapping.CODES):
        rows = [_pair(row) for row in mapping.listing(session, site, kind)]
        if rows:
            found[kind.value] = rows
    return found


def _pair(row: Mapping) -> dict[str, Any]:
    pair = mapping.as_pair(row)
    return {key: value for key, (name, default) in PAIR.items() if (value := getattr(pair, name)) != default}


def _without_null(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: NONE if value is None else value for name, value in settings.items()}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}
