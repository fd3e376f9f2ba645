"""The site's side of the customer rules, loaded: settings, pairs, the codes that JOOR was seen to use, and AIMS360's code tables."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from models.customers import JoorCode
from models.errors import NotPossible
from models.mappings import Mapping as StoredRow
from models.mappings import MappingKind
from rules.customer_codes import Code, CodeTable, CustomerCodes, PriceLabels, StoreCodes, StoredPair, labels_of
from rules.customers import CustomerFrame
from workers.order_lookups import AimsLookups
from workers.sync import Context

_KINDS = (
    MappingKind.CUSTOMER,
    MappingKind.STORE,
    MappingKind.TERM,
    MappingKind.SHIP_VIA,
    MappingKind.SALES_REP,
    MappingKind.COUNTRY,
    MappingKind.PRICE_LABEL,
)


def load_frame(ctx: Context, *, again: bool = False) -> CustomerFrame:
    """`again`: read AIMS360's code tables now rather than use those of today. A table that AIMS360 does not show is None: what a customer
    takes from it is then missing, not wrong."""
    settings = ctx.site.customers
    pairs, seen = _stored(ctx)
    lookups = AimsLookups(ctx)
    wanted = {"term": settings.terms, "ship_via": settings.ship_vias, "sales_rep": settings.sales_reps, "country": True}
    rows = {kind: _rows(lookups, kind, again) if on else {} for kind, on in wanted.items()}

    def table(kind: MappingKind) -> CodeTable:
        what = kind.value.replace("_", " ")
        return CodeTable(rows[kind.value], pairs[kind], seen.get(kind.value, {}), what=what)

    return CustomerFrame(
        settings=settings,
        customers=CustomerCodes(pairs[MappingKind.CUSTOMER]),
        terms=table(MappingKind.TERM),
        ship_vias=table(MappingKind.SHIP_VIA),
        sales_reps=table(MappingKind.SALES_REP),
        countries=table(MappingKind.COUNTRY),
        country_rows=rows["country"] or {},
        stores=StoreCodes(pairs[MappingKind.STORE]),
        labels=PriceLabels(
            labels_of(pairs[MappingKind.PRICE_LABEL]), tuple(settings.fixed_price_labels), always_fixed=settings.price_labels == "fixed"
        ),
        retail=ctx.site.styles.retail,
        site_key=ctx.site.key,
    )


def _stored(ctx: Context) -> tuple[Mapping[MappingKind, Sequence[StoredPair]], dict[str, dict[str, str]]]:
    """Pairs by kind, and JOOR's codes with their names by kind."""
    columns = (StoredRow.kind, StoredRow.joor_code, StoredRow.aims_code, StoredRow.joor_name, StoredRow.is_primary, StoredRow.ignored)
    query = select(*columns, StoredRow.id).where(  # type: ignore[call-overload]  # sqlmodel types four columns at most
        StoredRow.site_id == ctx.site.id, col(StoredRow.kind).in_([kind.value for kind in _KINDS])
    )
    # a name that came without a code is no code
    in_use = (col(JoorCode.origin) == "list") | ((col(JoorCode.seen) > 0) & (col(JoorCode.origin) != "name"))
    codes = select(JoorCode.kind, JoorCode.code, JoorCode.name).where(JoorCode.site_id == ctx.site.id, in_use)
    pairs: dict[MappingKind, list[StoredPair]] = {kind: [] for kind in _KINDS}
    seen: dict[str, dict[str, str]] = {}
    with ctx.session() as session:
        for kind, *rest in session.exec(query):
            pairs[MappingKind(kind)].append(StoredPair(*rest))
        for kind, code, name in session.exec(codes):
            seen.setdefault(kind, {})[code] = name
    return pairs, seen


def _rows(lookups: AimsLookups, kind: str, again: bool) -> dict[str, Code] | None:
    try:
        rows = lookups.rows(kind, again=again)
    except NotPossible:
        return None
    return {row.aims_id.lower(): Code(row.code, row.name) for row in rows}
