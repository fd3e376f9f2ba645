"""Stored pairs between JOOR and AIMS360: listing, setting, removing, and the list of what is still missing.

A JOOR code has one AIMS360 code. Exceptions: a JOOR warehouse may stand for several AIMS360 warehouses (stock is summed; orders use the
primary one) while an AIMS360 warehouse belongs to one JOOR warehouse only; a JOOR size may have several names in AIMS360.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from console.mapping_release import release_codes
from console.mapping_release import unmapped as unmapped
from console.process import Process
from console.site_checks import misfits, refuse_worse
from models.errors import NotPossible
from models.mappings import Mapping, MappingKind
from models.sites import Site

MANY = (MappingKind.WAREHOUSE, MappingKind.SIZE)
#: Pairs of codes, that another site of the same brand may share; customers, styles and stores are of one JOOR account.
CODES = tuple(kind for kind in MappingKind if kind not in (MappingKind.CUSTOMER, MappingKind.STYLE, MappingKind.STORE))
LONGEST = {"joor_code": 200, "joor_name": 200, "aims_code": 200, "aims_id": 64}


@dataclass(frozen=True)
class Pair:
    """One pair as a person gives it. `ignored` with an empty other side: left out on purpose."""

    joor_code: str
    aims_code: str
    joor_name: str = ""
    aims_id: str = ""
    is_primary: bool = True
    ignored: bool = False


@dataclass(frozen=True)
class Copied:
    """`left`: (kind, JOOR code, why) of pairs that the target decides otherwise. `released`: jobs of the target that go on."""

    added: int
    same: int
    left: list[tuple[str, str, str]]
    released: int


def kind_of(word: str) -> MappingKind:
    """Singular and plural, with - or _: "ship-vias" is `ship_via`. Raises NotPossible."""
    folded = word.strip().lower().replace("-", "_").replace(" ", "_")
    spellings = {kind.value: kind for kind in MappingKind} | {plural(kind).replace("-", "_"): kind for kind in MappingKind}
    spellings |= {key.replace("_", ""): kind for key, kind in spellings.items()}
    if folded not in spellings:
        raise NotPossible(f"There is no mapping kind {word!r}", fix=[f"Choose one of: {', '.join(map(plural, MappingKind))}."])
    return spellings[folded]


def plural(kind: MappingKind) -> str:
    """As commands are written: "countries", "ship-vias"."""
    word = kind.value.replace("_", "-")
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def listing(session: Session, site: Site, kind: MappingKind | None) -> Sequence[Mapping]:
    query = select(Mapping).where(Mapping.site_id == site.id).order_by(col(Mapping.kind), col(Mapping.joor_code), col(Mapping.aims_code))
    return session.exec(query.where(Mapping.kind == kind.value) if kind else query).all()


def row(mapping: Mapping) -> dict[str, Any]:
    """A line of the list; the same in `--json`."""
    return {
        "kind": mapping.kind,
        "joor": mapping.joor_code,
        "joor_name": mapping.joor_name,
        "aims360": mapping.aims_code,
        "aims360_id": mapping.aims_id,
        "primary": mapping.is_primary,
        "ignored": mapping.ignored,
        "uses": mapping.uses,
        "last_used_at": mapping.last_used_at,
        "created_by": mapping.created_by,
    }


def refuse(kind: MappingKind, pair: Pair) -> list[tuple[str, str]]:
    """What is wrong with a pair by itself, as (field, words); empty when nothing is."""
    wrong = [(name, f"is longer than {limit} characters") for name, limit in LONGEST.items() if len(getattr(pair, name)) > limit]
    wrong += [(name, "contains a control character") for name in LONGEST if not getattr(pair, name).isprintable()]
    if pair.ignored and pair.joor_code and pair.aims_code:
        wrong.append(("ignored", "an ignored code has nothing on the other side: leave one of the two empty"))
    if not pair.ignored:
        wrong += [
            (name, "is empty (only an ignored code may have nothing on the other side)")
            for name in ("joor_code", "aims_code")
            if not getattr(pair, name)
        ]
    elif not (pair.joor_code or pair.aims_code):
        wrong.append(("joor_code", "is empty, and aims_code too"))
    if pair.ignored and not pair.joor_code and kind is not MappingKind.WAREHOUSE:
        wrong.append(("joor_code", "is empty: only an AIMS360 warehouse can be ignored from that side"))
    return wrong


def twice(kind: MappingKind, pairs: Iterable[Pair]) -> list[tuple[Pair, Pair, str]]:
    """Pairs that contradict an earlier one of the same list: (earlier, later, words)."""
    seen: dict[tuple[str, str], Pair] = {}
    found = []
    for pair in pairs:
        for side, code in _claims(kind, pair):
            other = seen.setdefault((side, code), pair)
            if other is not pair:
                found.append((other, pair, _words(kind, side, code, other)))
                break
    return found


def _claims(kind: MappingKind, pair: Pair) -> list[tuple[str, str]]:
    """What no other pair may hold."""
    claims = [("pair", f"{pair.joor_code}\n{pair.aims_code}")]
    if kind not in MANY and pair.joor_code:
        claims.append(("joor", pair.joor_code))
    if kind is MappingKind.WAREHOUSE and pair.aims_code:
        claims.append(("aims", pair.aims_code.strip().casefold()))
    return claims


def _words(kind: MappingKind, side: str, code: str, other: Pair) -> str:
    name = kind.value.replace("_", " ")
    if side == "aims":
        target = "ignored" if other.ignored else f"mapped to JOOR warehouse {other.joor_code!r}"
        return f"AIMS360 {name} {other.aims_code!r} is {target} already; its pieces would be offered twice"
    if side == "joor":
        return f"JOOR {name} {code!r} is mapped to {other.aims_code!r} already"
    return "this pair is there twice"


def put(session: Session, process: Process, site: Site, kind: MappingKind, pair: Pair) -> int:
    """Store one pair and release what was blocked on it. Returns how many jobs. Does not commit. Raises NotPossible."""
    wrong = refuse(kind, pair)
    if wrong:
        raise NotPossible(
            "; ".join(f"{name} {words}" for name, words in wrong),
            fix=[f"joorsync map set {kind} JOOR_CODE --aims AIMS_CODE --site {site.key}"],
        )
    stored = listing(session, site, kind)
    for old in stored:
        clash = twice(kind, [as_pair(old), pair])
        if clash and kind is MappingKind.WAREHOUSE and old.joor_code != pair.joor_code and not old.ignored:
            raise NotPossible(clash[0][2], fix=[f'joorsync map remove {kind} "{old.joor_code}" --aims "{old.aims_code}" --site {site.key}'])
    replaced = [old for old in stored if _replaces(kind, pair, old)]
    return store(session, process, site, kind, [pair], replaced, stored)


def _replaces(kind: MappingKind, pair: Pair, old: Mapping) -> bool:
    same = (old.joor_code, old.aims_code) == (pair.joor_code, pair.aims_code)
    if kind is MappingKind.WAREHOUSE and pair.aims_code and old.aims_code.casefold() == pair.aims_code.casefold():
        return True
    return same or (kind not in MANY and bool(pair.joor_code) and old.joor_code == pair.joor_code)


def store(
    session: Session,
    process: Process,
    site: Site,
    kind: MappingKind,
    pairs: Sequence[Pair],
    replaced: Sequence[Mapping],
    stored: Sequence[Mapping],
) -> int:
    """Take `replaced` out, put `pairs` in, keep one primary warehouse, write audit rows, release blocked jobs. Returns how many. Raises
    NotPossible when a setting of the site names what a replaced pair said."""
    now = process.clock.now()
    amiss = misfits(session, process, site) if replaced else []
    before = {old.id: old.model_dump(mode="json", include=set(LONGEST) | {"is_primary", "ignored"}) for old in replaced}
    keep = [old for old in stored if old.id not in before]
    history = {(old.joor_code, old.aims_code): old for old in replaced}
    for old in replaced:
        session.delete(old)
    session.flush()
    added = []
    for pair in pairs:
        old_row = history.get((pair.joor_code, pair.aims_code))
        values = {name: getattr(pair, name) for name in ("joor_code", "joor_name", "aims_code", "is_primary", "ignored")}
        made = Mapping(
            site_id=site.id or 0,
            kind=kind.value,
            **values,
            aims_id=pair.aims_id or None,
            created_by=process.actor,
            created_at=now,
            updated_at=now,
        )
        if old_row is not None:
            made.created_at, made.created_by, made.uses, made.last_used_at = (
                old_row.created_at,
                old_row.created_by,
                old_row.uses,
                old_row.last_used_at,
            )
        session.add(made)
        added.append(made)
    if kind is MappingKind.WAREHOUSE:
        _one_primary([*keep, *added], {id(made) for made in added})
    session.flush()
    if replaced:
        refuse_worse(session, process, site, amiss)
    after = [made.model_dump(mode="json", include=set(LONGEST) | {"is_primary", "ignored"}) for made in added]
    session.add(process.audit("mapping.set", f"{site.key} {kind}", before={"pairs": list(before.values())}, after={"pairs": after}))
    return release(session, process, site, kind, [*pairs, *(as_pair(old) for old in replaced)])


def _one_primary(rows: Sequence[Mapping], new: set[int]) -> None:
    """Of several AIMS360 warehouses behind one JOOR warehouse the first is primary, unless a newer one was said to be."""
    by_joor: dict[str, list[Mapping]] = {}
    for item in rows:
        if item.joor_code and not item.ignored:
            by_joor.setdefault(item.joor_code, []).append(item)
    for group in by_joor.values():
        primaries = [item for item in group if item.is_primary]
        chosen = next((item for item in primaries if id(item) not in new), None) or (primaries or group)[0]
        for item in group:
            item.is_primary = item is chosen


def remove(session: Session, process: Process, site: Site, kind: MappingKind, joor_code: str, aims_code: str | None) -> int:
    """Take out every pair of this JOOR code (with `aims_code`: that one). Returns how many. Does not commit. Raises NotPossible, also
    when a setting of the site names what the pair says."""
    amiss = misfits(session, process, site)
    found = [old for old in listing(session, site, kind) if old.joor_code == joor_code and aims_code in (None, old.aims_code)]
    if not found:
        raise NotPossible(
            f"There is no such {kind.value.replace('_', ' ')} pair", fix=[f"Look: joorsync map list {plural(kind)} --site {site.key}"]
        )
    for old in found:
        session.delete(old)
        session.add(process.audit("mapping.remove", f"{site.key} {kind}", before=old.model_dump(mode="json", include=set(LONGEST))))
    session.flush()
    refuse_worse(session, process, site, amiss)
    return len(found)


def copy_pairs(session: Session, process: Process, source: Site, target: Site, kind: MappingKind | None = None) -> Copied:
    """Give `target` the pairs of codes (`CODES`, or the one kind) that `source` has. What the target has paired itself stays as it is.
    Does not commit. Raises NotPossible for a kind that belongs to one JOOR account."""
    if kind is not None and kind not in CODES:
        raise NotPossible(
            f"{plural(kind)} belong to one JOOR account and are not copied",
            fix=[
                f"Pair them: joorsync map auto {plural(kind)} --site {target.key}"
                if kind is not MappingKind.STORE
                else "Pair them by hand."
            ],
        )
    added, same, released, left = 0, 0, 0, []
    for each in [kind] if kind else CODES:
        theirs = listing(session, target, each)
        known = {as_pair(row) for row in theirs}
        put_in: list[Pair] = []
        for pair in map(as_pair, listing(session, source, each)):
            clash = twice(each, [*map(as_pair, theirs), *put_in, pair])
            if pair in known:
                same += 1
            elif clash:
                left.append((each.value, pair.joor_code or pair.aims_code, clash[0][2]))
            else:
                put_in.append(pair)
        if put_in:
            released += store(session, process, target, each, put_in, [], theirs)
            added += len(put_in)
    return Copied(added, same, left, released)


def release(session: Session, process: Process, site: Site, kind: MappingKind, pairs: Iterable[Pair]) -> int:
    """Re-queue the jobs that waited for one of these codes, on either side. Returns how many."""
    return release_codes(
        session, process, site, kind, [text for pair in pairs for text in (pair.joor_code, pair.joor_name, pair.aims_code)]
    )


def as_pair(row: Mapping) -> Pair:
    return Pair(row.joor_code, row.aims_code, row.joor_name, row.aims_id or "", row.is_primary, row.ignored)
