"""Read the code lists of both systems; pair equal codes, propose equal names. Nothing is sent to either.

AIMS360's code tables, JOOR's price types, the codes on stored connections and orders -> match kind by kind -> store in short transactions.
"""

from dataclasses import dataclass, field

from sqlmodel import select

from models.cursors import Cursor
from models.errors import NotPossible, Outcome, Rejected, Synced, Unchanged
from models.jobs import JobKind
from models.lookups import LISTS_READ, TABLES, Lookup
from models.mappings import Mapping, MappingKind
from rules.code_matching import AimsSide, CodePair, CodesMatched, match_codes
from workers.auto_pairs import Doubt, Kept, Sure, keep
from workers.joor_codes import Codes, read_codes, write_codes
from workers.order_lookups import AimsLookups
from workers.sync import Context, FlowSpec, JobView


@dataclass
class _Tables:
    """`unread`: kind -> why this tenant does not show that table."""

    rows: dict[MappingKind, list[Lookup]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def lists(job: JobView, ctx: Context) -> Outcome:
    """Repeatable. A table that AIMS360 does not show is said and keeps nothing else from being read."""
    tables = _read_tables(ctx)
    codes = read_codes(ctx)
    ctx.hit("after_http_before_record")
    found = {kind: _match(ctx, kind, codes, rows) for kind, rows in tables.rows.items()}
    if job.dry_run:
        return _preview(found, tables)
    now, position = ctx.clock.now(), {"tenant": ctx.site.aims_tenant, "unread": tables.unread}
    with ctx.session() as session:
        write_codes(session, ctx.site.id, codes, now)
        session.merge(Cursor(site_id=ctx.site.id, name=LISTS_READ, at=now, position=position))
    kept = {kind: keep(ctx, kind, _sure(matched), _doubts(matched)) for kind, matched in found.items()}
    return _outcome(ctx, kept, tables, codes)


def _read_tables(ctx: Context) -> _Tables:
    lookups, found = AimsLookups(ctx), _Tables()
    for kind, table in TABLES.items():
        ctx.beat()
        try:
            found.rows[MappingKind(kind)] = lookups.rows(table, again=True)
        except (NotPossible, Rejected) as error:
            found.unread[kind] = error.summary
    return found


def _match(ctx: Context, kind: MappingKind, codes: Codes, rows: list[Lookup]) -> CodesMatched:
    with ctx.session() as session:
        pairs = session.exec(select(Mapping).where(Mapping.site_id == ctx.site.id, Mapping.kind == kind.value)).all()
    aims = [AimsSide(row.code, row.name, bool((row.extra or {}).get("enabled", True))) for row in rows]
    return match_codes(kind, codes.of(kind), aims, {pair.joor_code for pair in pairs}, {pair.aims_code for pair in pairs if pair.aims_code})


def _sure(found: CodesMatched) -> list[Sure]:
    return [Sure(pair.joor.code, pair.aims.code, pair.joor.name) for pair in found.pairs]


def _doubts(found: CodesMatched) -> list[Doubt]:
    return [Doubt(pair.joor.code, pair.aims.code, pair.score, pair.why, pair.joor.name, pair.aims.name) for pair in found.proposals]


def _outcome(ctx: Context, kept: dict[MappingKind, Kept], tables: _Tables, codes: Codes) -> Outcome:
    counts = {
        "joor_codes": len(codes.seen),
        "aims_codes": sum(len(rows) for rows in tables.rows.values()),
        "paired": sum(one.paired for one in kept.values()),
        "to_decide": sum(one.waiting for one in kept.values()),
        "released": sum(one.released for one in kept.values()),
    }
    said = [f"{one.paired} {kind.value}" for kind, one in kept.items() if one.paired]
    words = f"{counts['paired']} pair(s) of equal codes stored ({', '.join(said)})" if said else "no new pair of equal codes"
    asked = [f"joorsync map proposals {kind.value} --site {ctx.site.key}" for kind, one in kept.items() if one.waiting]
    words += f"; {counts['to_decide']} wait for a person: {'; '.join(asked)}" if asked else ""
    words += _unread(tables)
    return Synced(0, words, counts=counts) if said else Unchanged(words, counts=counts)


def _unread(tables: _Tables) -> str:
    return f"; AIMS360 does not show: {', '.join(tables.unread)}" if tables.unread else ""


def _preview(found: dict[MappingKind, CodesMatched], tables: _Tables) -> Outcome:
    pairs = [_line(kind, pair) for kind, matched in found.items() for pair in matched.pairs]
    doubts = [_line(kind, pair) | {"score": pair.score, "why": pair.why} for kind, matched in found.items() for pair in matched.proposals]
    words = f"dry run: {len(pairs)} pair(s) of equal codes would be stored, {len(doubts)} proposed{_unread(tables)}"
    return Unchanged(words, result={"pairs": pairs, "proposals": doubts, "unread": tables.unread})


def _line(kind: MappingKind, pair: CodePair) -> dict[str, object]:
    return {"kind": kind.value, "joor": pair.joor.code, "name": pair.joor.name, "aims360": pair.aims.code}


LISTS = FlowSpec(kind=JobKind.CUSTOMERS_LISTS, run=lists, lease_seconds=300, endpoints=("aims360.lists",), writes=False)
