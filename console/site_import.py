"""Putting a file of sites in place: all of it or nothing, and what changed per site. What the file does not name stays."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from console import mapping_csv, style_fields
from console.process import Process
from console.site_checks import Misfit, misfits, worse
from console.site_export import described
from console.site_listing import parent_of
from console.site_sandbox import refuse_sandbox_of
from console.site_settings import GROUPS
from console.site_toml import SiteRow, refused
from console.sites import Changes, apply, refuse_rekey, started, touch
from models.errors import NotPossible
from models.mappings import MappingKind
from models.sites import Division, Site
from producers.linesheets import define

#: How a row of a list is known again, per list.
_ROW_KEYS = {"style_fields": ("joor_field",), "linesheets": ("code",), "pairs": ("joor", "aims")}


@dataclass(frozen=True)
class SiteChange:
    """`fields`: place in the file -> (before, after), None for what was or is not there. `released`: jobs that go on by new pairs."""

    key: str
    is_new: bool
    fields: dict[str, tuple[Any, Any]]
    released: int = 0


@dataclass
class _Work:
    """One site while it is put in place."""

    key: str
    row: SiteRow
    site: Site | None
    before: dict[str, Any] = field(default_factory=dict)
    amiss: list[Misfit] = field(default_factory=list)
    released: int = 0

    @property
    def place(self) -> str:
        return f"sites.{self.key}"


def put(session: Session, process: Process, rows: Mapping[str, SiteRow], name: str) -> list[SiteChange]:
    """Add and change the sites. Does not commit. Raises NotPossible with every error and its place."""
    found = {site.key: site for site in session.exec(select(Site))}
    works = [_Work(key, row, found.get(key)) for key, row in sorted(rows.items(), key=lambda item: (bool(item[1].sandbox_of), item[0]))]
    for work in works:
        if work.site is not None:
            work.before, work.amiss = described(session, work.site), misfits(session, process, work.site)
    _free_divisions(session, works)
    unknown = [work for work in works if work.row.sandbox_of and work.row.sandbox_of not in {*rows, *found}]
    errors = [f"{work.place}.sandbox_of: there is no site {work.row.sandbox_of!r}, neither in the file nor stored" for work in unknown]
    for work in works:
        _put_site(session, process, work, errors)
    if errors:
        raise refused(name, errors)
    return [_changed(session, process, work) for work in works]


def _free_divisions(session: Session, works: Iterable[_Work]) -> None:
    """Divisions may move from one site of the file to another."""
    ids = [work.site.id for work in works if work.site is not None and work.row.divisions is not None]
    session.execute(delete(Division).where(col(Division.site_id).in_(ids)))


def _put_site(session: Session, process: Process, work: _Work, errors: list[str]) -> None:
    """The site itself first: without it there is nothing to put the rest into."""
    known, row = len(errors), work.row
    _step(errors, work.place, partial(_account, session, process, work))
    site = work.site
    if site is None or len(errors) > known:
        return
    for group, (column, _) in GROUPS.items():
        wanted = getattr(row, group)
        if wanted is not None:
            stored = wanted.model_dump(mode="json", exclude_defaults=True)
            if group == "style":
                _step(errors, f"{work.place}.style", partial(refuse_rekey, session, site, stored))
            setattr(site, column, stored)
    sandbox = True if row.sandbox is None and row.sandbox_of else row.sandbox
    given = Changes(row.name, row.joor_api, row.joor_auth, row.joor_account, row.aims_api, sandbox, row.divisions, row.contract)
    _step(errors, work.place, partial(apply, session, process, site, given))
    if len(errors) == known:
        _put_rows(session, process, work, site, errors)
        errors.extend(f"{work.place}: {misfit}" for misfit in worse(session, process, site, work.amiss))


def _account(session: Session, process: Process, work: _Work) -> None:
    """Make the site where there is none, and tie a sandbox account to its site. The relation of a stored site does not change."""
    of = work.row.sandbox_of
    parent = session.exec(select(Site).where(Site.key == of)).first() if of else None
    if of and parent is None:
        return  # the error is told already: of that site, or that there is none
    if work.site is None:
        site = started(session, process, work.key)
        if parent is not None:
            refuse_sandbox_of(session, work.key, parent)
            site.sandbox_of = parent.id
        work.site = site
    stored = parent_of(session, work.site)
    if of and (stored is None or stored.key != of):
        words = f"the sandbox account of {stored.key}" if stored else "a site of its own"
        raise NotPossible(f"it is stored as {words}, and stays that", fix=[f"Take sandbox_of out, or give it another key than {work.key}."])


def _put_rows(session: Session, process: Process, work: _Work, site: Site, errors: list[str]) -> None:
    row = work.row
    fields = [each.row() for each in row.style_fields]
    _step(errors, f"{work.place}.style_fields", lambda: style_fields.load(session, process, site, fields, replace=False))
    for name, rows in row.pairs.items():
        pairs = [each.pair() for each in rows]
        try:
            work.released += mapping_csv.load(session, process, site, MappingKind(name), pairs, replace=False).released
        except NotPossible as error:  # each clash with a stored pair is a step of it
            errors.extend(f"{work.place}.pairs.{name}: {words}" for words in error.fix)
    for sheet in row.linesheets:
        changes, by = sheet.model_dump(mode="json", exclude={"code"}), process.actor
        store = partial(define, session, site, sheet.code, changes, by, reason="sites import", clock=process.clock, ask=False)
        _step(errors, f"{work.place}.linesheets.{sheet.code}", store)


def _step(errors: list[str], place: str, do: Callable[[], object]) -> None:
    try:
        do()
    except NotPossible as error:
        errors.append(f"{place}: {error.summary}" + (f" ({error.fix[0]})" if error.fix else ""))


def _changed(session: Session, process: Process, work: _Work) -> SiteChange:
    """One audit row of the site, where anything is different."""
    site = work.site
    if site is None:
        raise ValueError(f"{work.key} was not put in place")
    fields = _difference(work.before, described(session, site))
    if fields:
        touch(session, process, site)
        before, after = ({name: pair[side] for name, pair in fields.items() if pair[side] is not None} for side in (0, 1))
        session.add(process.audit("site.import", work.key, before=before or None, after=after))
    return SiteChange(work.key, not work.before, fields, work.released)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    return {name: (old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)}


def _flat(table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    """Each value under its place; a row of a list whole, under what it is known by."""
    for name, value in table.items():
        place = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{place}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            keys = _ROW_KEYS[place.partition(".")[0]]
            for row in value:
                known = " -> ".join(str(row.get(key, "")) for key in keys)
                yield f"{place}.{known}", {key: row[key] for key in row if key not in keys}
        else:
            yield place, value
