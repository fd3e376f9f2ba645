"""The site's side of the style rules, loaded: settings, field table, pairs, and AIMS360's division and season codes."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from models.catalogue import StyleField
from models.errors import NotPossible
from models.mappings import Mapping as StoredPair
from models.mappings import MappingKind
from rules.style_fields import FieldRow, FieldTable
from rules.style_frame import Code, Pair, SizeNames, StyleFrame, StylePairs
from rules.style_prices import PriceTable, price_table
from workers.order_lookups import AimsLookups
from workers.sync import Context

_KINDS = (MappingKind.STYLE, MappingKind.SIZE, MappingKind.DIVISION, MappingKind.SEASON, MappingKind.PRICE_LABEL)
Pairs = Mapping[MappingKind, Sequence[Pair]]


def load_frame(ctx: Context, *, again: bool = False, prices: bool = True) -> StyleFrame:
    """`again`: read AIMS360's code tables now rather than use those of today. `prices` False: no style is going to be sent.

    Raises NeedsMapping for price labels that are missing, NotPossible for a field table, pair or setting that cannot be used.
    """
    settings, site = ctx.site.styles, ctx.site.key
    fields, pairs = _stored(ctx)
    division = settings.division_field == "always" or (settings.division_field == "auto" and ctx.site.alone)
    table = FieldTable(tuple(fields), division=division, details=settings.details, site_key=site)
    labels = [(pair.joor_code, pair.aims_code) for pair in pairs[MappingKind.PRICE_LABEL]]
    labelled = price_table(labels, settings, site) if prices else PriceTable((), "", settings, site)
    lookups = AimsLookups(ctx)
    return StyleFrame(
        settings=settings,
        fields=table,
        prices=labelled,
        sizes=SizeNames(pairs[MappingKind.SIZE], site),
        pairs=StylePairs(pairs[MappingKind.STYLE], site),
        divisions=_codes(lookups, "division", pairs[MappingKind.DIVISION], again, needed=division or bool(ctx.site.divisions)),
        seasons=_codes(lookups, "season", pairs[MappingKind.SEASON], again, needed=settings.seasons is not None),
        site_key=site,
    )


def _stored(ctx: Context) -> tuple[list[FieldRow], Pairs]:
    with ctx.session() as session:
        fields = session.exec(select(StyleField).where(StyleField.site_id == ctx.site.id).order_by(col(StyleField.joor_field))).all()
        query = select(StoredPair).where(StoredPair.site_id == ctx.site.id, col(StoredPair.kind).in_([kind.value for kind in _KINDS]))
        rows = [row for row in session.exec(query) if not row.ignored and row.joor_code and row.aims_code]
    pairs: dict[MappingKind, list[Pair]] = {kind: [] for kind in _KINDS}
    for row in rows:
        pairs[MappingKind(row.kind)].append(Pair(row.joor_code, row.aims_code, row.joor_name, row.is_primary))
    return [FieldRow(row.joor_field, row.aims_field, row.constant, row.fallback) for row in fields], pairs


def _codes(lookups: AimsLookups, kind: str, pairs: Sequence[Pair], again: bool, *, needed: bool) -> dict[str, Code]:
    """By AIMS360 id. A table that nothing is taken from need not exist (A-01, A-02)."""
    try:
        rows = lookups.rows(kind, again=again)
    except NotPossible:
        if needed:
            raise
        return {}
    joor = {pair.aims_code: pair for pair in sorted(pairs, key=lambda pair: pair.primary)}
    found = {}
    for row in rows:
        pair = joor.get(row.code)
        code, name = (pair.joor_code, pair.joor_name or pair.joor_code) if pair else (row.code, row.name or row.code)
        found[row.aims_id.lower()] = Code(row.code, code, name)
    return found
