"""Do the stored pairs still mean something? Every pair against what both systems were last seen to have, and codes that have no pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from console import mapping
from console.mapping import plural
from console.mapping_sides import Side, Sides, sides, target_of
from models.customers import JoorCode
from models.lookups import TABLES
from models.mappings import Mapping, MappingKind
from models.sites import Site

#: A reading that is older says little about today.
OLD = timedelta(days=7)
#: What AIMS360 closes in the course of business: the pair is right all the same.
_CLOSED_IN_AIMS360 = (MappingKind.CUSTOMER, MappingKind.STYLE, MappingKind.STORE)
OK, UNREAD, GONE, NOT_SEEN = "ok", "not read yet", "gone in AIMS360", "not seen on JOOR"


@dataclass(frozen=True)
class Checked:
    """`wrong`: pairs that cannot work; `remarks`: pairs that may be of no use any more; `unread`: what could not be looked at, and the
    command that reads it. Rows have kind, joor, aims360, uses, words, fix."""

    wrong: list[dict[str, Any]]
    remarks: list[dict[str, Any]]
    unread: list[dict[str, Any]]
    pairs: int


def check(session: Session, site: Site, kind: MappingKind | None, now: datetime) -> Checked:
    """Of one kind, or of all."""
    rows = mapping.listing(session, site, kind)
    found = Checked([], [], [], len(rows))
    for each in sorted({MappingKind(row.kind) for row in rows} | ({kind} if kind else set())):
        both = sides(session, site, each, {row.aims_code for row in rows if row.kind == each.value})
        found.unread.extend(_unread(each, both, now))
        for row in rows:
            if row.kind == each.value:
                _judge(site, row, both, found)
    return found


def _unread(kind: MappingKind, both: Sides, now: datetime) -> list[dict[str, Any]]:
    said = []
    for system, side in (("AIMS360", both.aims), ("JOOR", both.joor)):
        if side is None:
            continue
        what = f"{system}'s {'connections' if system == 'JOOR' and kind is MappingKind.CUSTOMER else plural(kind)}"
        words = f"{what} were not read yet" if side.read_at is None else ""
        if side.read_at is not None and now - side.read_at > OLD:
            words = f"{what} were last read {(now - side.read_at).days} days ago"
        if side.unread:
            words = f"{what} cannot be read: {side.unread}"
        if words:
            said.append({"kind": kind.value, "words": words, "fix": side.reads})
    return said


def _judge(site: Site, row: Mapping, both: Sides, found: Checked) -> None:
    kind = MappingKind(row.kind)
    state, why = _aims(row, kind, both.aims)
    pair = f"(pair JOOR {row.joor_code} -> {row.aims_code}, used {row.uses} times)" if row.aims_code and row.joor_code else "(left out)"
    if state not in (OK, UNREAD):
        closed = state != GONE and kind in _CLOSED_IN_AIMS360
        words = f'"{target_of(kind, row.aims_code)}" {why} {pair}'
        fix = f"Open it in AIMS360, or pair another: {_fix(site, row)}" if closed else _fix(site, row)
        (found.remarks if closed else found.wrong).append(_line(row, words, fix))
        return
    state, why = _joor(row, kind, both.joor)
    if state not in (OK, UNREAD):
        listed = both.joor is not None and (both.joor.whole or row.joor_code in both.joor.codes)
        (found.wrong if listed else found.remarks).append(_line(row, f'"{row.joor_code}" {why} {pair}', _removal(site, row)))


def _aims(row: Mapping, kind: MappingKind, side: Side | None) -> tuple[str, str]:
    """(state, words after the code) of the AIMS360 side."""
    if side is None or not row.aims_code:
        return OK, ""
    if side.read_at is None or side.unread:
        return UNREAD, ""
    words = side.codes.get(target_of(kind, row.aims_code))
    if words is None:
        return GONE, "no longer exists in AIMS360"
    return (f"{words.removeprefix('is ')} in AIMS360", f"{words} in AIMS360") if words else (OK, "")


def _joor(row: Mapping, kind: MappingKind, side: Side | None) -> tuple[str, str]:
    if side is None or not row.joor_code or row.joor_code.startswith("shipping:"):
        return OK, ""
    if side.read_at is None:
        return UNREAD, ""
    if side.codes.get(row.joor_code) == "":
        return OK, ""
    if side.whole or row.joor_code in side.codes:
        what = "a connection of JOOR" if kind is MappingKind.CUSTOMER else "on JOOR"
        return NOT_SEEN, f"is no longer {what}"
    return NOT_SEEN, "was not seen on JOOR at the last reading"


def _fix(site: Site, row: Mapping) -> str:
    if not row.joor_code:
        return _removal(site, row)
    return f'joorsync map set {row.kind} "{row.joor_code}" --aims "CODE" --site {site.key}'


def _removal(site: Site, row: Mapping) -> str:
    return f'joorsync map remove {row.kind} "{row.joor_code}" --aims "{row.aims_code}" --site {site.key}'


def _line(row: Mapping, words: str, fix: str) -> dict[str, Any]:
    return {"kind": row.kind, "joor": row.joor_code, "aims360": row.aims_code, "uses": row.uses, "words": words, "fix": fix}


def states(session: Session, site: Site, rows: Sequence[Mapping]) -> dict[int, str]:
    """Pair id -> one word or three on whether both sides still have it."""
    codes: dict[MappingKind, set[str]] = {}
    for row in rows:
        codes.setdefault(MappingKind(row.kind), set()).add(row.aims_code)
    known = {kind: sides(session, site, kind, wanted) for kind, wanted in codes.items()}
    found: dict[int, str] = {}
    for row in rows:
        kind = MappingKind(row.kind)
        said = [_aims(row, kind, known[kind].aims)[0], _joor(row, kind, known[kind].joor)[0]]
        worst = next((state for state in said if state not in (OK, UNREAD)), None)
        found[row.id or 0] = worst or (UNREAD if UNREAD in said else OK)
    return found


def without_pair(session: Session, site: Site, kind: MappingKind | None) -> list[dict[str, Any]]:
    """Codes that JOOR uses now and that have neither a pair nor an equal code of AIMS360: what orders would block on. As rows of
    `mapping.unmapped`, with no jobs."""
    found = []
    for each in [kind] if kind else list(MappingKind):
        if each.value not in TABLES:
            continue
        both = sides(session, site, each)
        if both.aims is None or both.joor is None or both.aims.read_at is None or both.aims.unread:
            continue
        paired = {row.joor_code for row in mapping.listing(session, site, each)}
        codes = session.exec(select(JoorCode).where(JoorCode.site_id == site.id, JoorCode.kind == each.value).order_by(col(JoorCode.code)))
        for code in codes:
            equal = each is not MappingKind.PRICE_LABEL and code.origin != "name" and both.aims.codes.get(code.code) == ""
            if code.code in both.joor.codes and code.code not in paired and not equal:
                found.append(_wanted(site, each, code))
    return found


def _wanted(site: Site, kind: MappingKind, code: JoorCode) -> dict[str, Any]:
    where = f"seen on {code.seen} connections and orders" if code.seen else "in JOOR's list"
    if code.name and code.name != code.code:
        where = f"{code.name}, {where}"
    target = code.name if kind is MappingKind.PRICE_LABEL and len(code.name) == 3 else "CODE"
    fix = f'joorsync map set {kind.value} "{code.code}" --aims "{target}" --site {site.key}'
    return {"kind": kind.value, "value": code.code, "jobs": 0, "where": where, "fix": fix}
