"""From an AIMS360 customer and its stores to the connection that JOOR should show, with everything that is missing for it. Pure.

Fields and their lengths: joor-api facts 3.5. What AIMS360 calls a customer's fields is UNKNOWN (facts 9.1): what a tenant does not show is
"" or None here, and is not sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from clients.aims360.types import Customer, Store
from clients.joor.types.customers import CodeName, ConnectionAddress, ConnectionDraft, PriceTypeName
from models.errors import Missing
from models.settings import CustomerSettings
from rules.customer_codes import NO_CURRENCY, Code, CodeTable, CustomerCode, CustomerCodes, Found, PriceLabels, StoreCodes
from rules.style_parts import fingerprint

#: Part of every expectation: a change of the rules themselves makes every customer differ once.
RULES = 1
LONGEST_CODE = 50
_ACTIVE = "active"
_ISO_TWO = 2


@dataclass(frozen=True)
class CustomerFrame:
    """The site's side: settings, pairs, AIMS360's code tables. `retail`: styles are sent with retail prices."""

    settings: CustomerSettings
    customers: CustomerCodes = field(default_factory=CustomerCodes)
    terms: CodeTable = field(default_factory=lambda: CodeTable({}))
    ship_vias: CodeTable = field(default_factory=lambda: CodeTable({}))
    sales_reps: CodeTable = field(default_factory=lambda: CodeTable({}))
    countries: CodeTable = field(default_factory=lambda: CodeTable({}))
    country_rows: Mapping[str, Code] = field(default_factory=dict)
    stores: StoreCodes = field(default_factory=StoreCodes)
    labels: PriceLabels = field(default_factory=lambda: PriceLabels(()))
    retail: bool = True
    site_key: str = ""


@dataclass(frozen=True)
class CustomerPlan:
    """`gaps` is everything that is missing, at once; `pairs` are the ids of the pairs that decided something; `notes` what a person should
    know of parts that are left out."""

    draft: ConnectionDraft
    gaps: tuple[Missing, ...] = ()
    pairs: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def is_open(customer: Customer) -> bool:
    """Inactive and No Shipment customers are not orderable (AIMS360 facts 9.1)."""
    return customer.status.strip().casefold() == _ACTIVE


def open_stores(stores: Iterable[Store]) -> list[Store]:
    return sorted((store for store in stores if store.active and not store.no_shipment), key=lambda store: store.code)


def meets(customer: Customer, settings: CustomerSettings) -> bool:
    """Whether the customer is one of the site's by `settings.fields` (all of them; compared as text)."""
    return all(str(customer.raw.get(name, "")).strip() in values for name, values in settings.fields.items())


def draft(customer: Customer, stores: Sequence[Store], frame: CustomerFrame) -> CustomerPlan:
    """What should be true on JOOR. Gaps of terms, ship vias, sales reps and countries are left out where the settings say so; price labels
    never are."""
    work = _Drafting(customer, frame)
    settings = frame.settings
    name = customer.name.strip() or customer.account
    code = work.code.code
    terms = work.code_name("term", frame.terms, customer.term_id, "terms") if settings.terms else None
    methods = work.code_name("ship_via", frame.ship_vias, customer.ship_via_id, "ship via") if settings.ship_vias else None
    rep = work.code_name("sales_rep", frame.sales_reps, customer.sales_rep_id, "sales rep") if settings.sales_reps else None
    group = customer.group.strip() if settings.groups else ""
    made = ConnectionDraft(
        customer_code=code,
        customer_name=name,
        email=customer.email.strip(),
        contact_name=customer.contact.strip(),
        group=CodeName(group, group) if group else None,
        sales_rep_code=rep.code if rep else "",
        billing=work.billing(name),
        payment_methods=(terms,) if terms else (),
        shipping=tuple(work.shipping(store, name) for store in open_stores(stores)),
        shipping_methods=(methods,) if methods else (),
        price_types=work.price_types(),
        create_doors=settings.create_doors,
    )
    return CustomerPlan(made, tuple(work.gaps), frozenset(work.pairs), tuple(work.notes))


def expected(customer: Customer, stores: Sequence[Store], frame: CustomerFrame, source_digest: str, *, gone: bool = False) -> str:
    """Digest of the source and of the configuration that shapes it (`CustomerSource.exported_digest`): settings and the pairs used count,
    others do not."""
    code = frame.customers.of(customer.account)
    if gone or not is_open(customer):
        return fingerprint([RULES, source_digest, "closed", gone, code.code])
    plan = draft(customer, stores, frame)
    return fingerprint([RULES, source_digest, connection_json(plan.draft), [[gap.kind, gap.value] for gap in plan.gaps], code_json(code)])


def code_json(code: CustomerCode) -> list[Any]:
    return [code.code, code.retailer, code.problem, list(code.several), code.left_out]


def draft_digest(made: ConnectionDraft) -> str:
    """Fingerprint of a draft; equal means that JOOR was told the same."""
    return fingerprint(connection_json(made))


def connection_json(made: ConnectionDraft) -> dict[str, Any]:
    """JSON-storable; `connection_from` gives an equal draft."""
    return {name: _listed(value) for name, value in asdict(made).items()}


def connection_from(row: Mapping[str, Any]) -> ConnectionDraft:
    names = {"payment_methods": CodeName, "shipping_methods": CodeName, "warehouses": CodeName, "price_types": PriceTypeName}
    names |= {"billing": ConnectionAddress, "shipping": ConnectionAddress}
    values = dict(row)
    for name, kind in names.items():
        values[name] = tuple(kind(**item) for item in row.get(name) or ())
    for name in ("group", "company_number"):
        values[name] = CodeName(**row[name]) if row.get(name) else None
    values["buyers"] = tuple((buyer[0], buyer[1]) for buyer in row.get("buyers") or ())
    return ConnectionDraft(**values)


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _listed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value


class _Drafting:
    """One customer's draft in the making: what is missing and which pairs were used are collected here."""

    def __init__(self, customer: Customer, frame: CustomerFrame) -> None:
        self.customer, self.frame, self.site = customer, frame, frame.site_key
        self.code = frame.customers.of(customer.account)
        self.gaps: list[Missing] = []
        self.pairs: set[int] = {self.code.pair} if self.code.pair else set()
        self.notes: list[str] = []
        if self.code.several:
            fix = f"joorsync map remove customer {_quoted(self.code.several[-1])} --site {self.site}"
            self._gap("customer", customer.account, f"mapped to {' and '.join(self.code.several)} of JOOR: one of them is meant", fix)

    def code_name(self, kind: str, table: CodeTable, aims_id: str | None, where: str) -> CodeName | None:
        if not aims_id:
            return None
        found = table.by_id(aims_id)
        return CodeName(found.code, found.name) if self._take(kind, found, where) else None

    def billing(self, name: str) -> tuple[ConnectionAddress, ...]:
        """The customer's own address. Its code is the customer's, so that sending it again is the same address."""
        row = self.customer
        if not (row.address1.strip() or row.city.strip() or row.zip_code.strip()):
            return ()
        country = self._country(row.country_id, "bill-to")
        parts = (row.address1.strip(), row.address2.strip(), row.city.strip(), row.state.strip(), row.zip_code.strip())
        return (ConnectionAddress(self.code.code, name, row.phone.strip(), "", *parts, country),)

    def shipping(self, store: Store, name: str) -> ConnectionAddress:
        code = self.frame.stores.of(self.customer.account, self.code.code, store.code)
        country = self._country(store.country_id, f"store {store.code}")
        parts = (store.address1.strip(), store.address2.strip(), store.city.strip(), store.state.strip(), store.zip_code.strip())
        return ConnectionAddress(code, store.name.strip() or name, "", "", *parts, country)

    def price_types(self) -> tuple[PriceTypeName, ...]:
        labels, gaps = self.frame.labels.of(self.customer.currency, self.customer.price_level)
        for value, why in gaps:
            self._gap("price_label", value, why, self._label_fix(value, why))
        self.pairs |= {label.pair for label in labels if label.pair}
        return tuple(PriceTypeName(label.label, label.currency, label.currency if self.frame.retail else "") for label in labels)

    def _label_fix(self, value: str, why: str) -> str:
        if value == NO_CURRENCY:
            return f'joorsync sites set {self.site} --customer "fixed_price_labels=LABEL ON JOOR"'
        if " both " in why:
            return f"joorsync map list price-labels --site {self.site}; then take one out: joorsync map remove price-label LABEL"
        if value in self.frame.labels.fixed:
            return f"joorsync map set price-label {_quoted(value)} --aims CURRENCY --site {self.site}"
        return f'joorsync map set price-label "LABEL ON JOOR" --aims {_quoted(value) if "/" in value else value} --site {self.site}'

    def _country(self, country_id: str | None, where: str) -> str:
        """ISO codes are both systems' own; any other needs a pair, or that JOOR was seen to use it."""
        if not country_id:
            return ""
        found = self.frame.countries.by_id(country_id)
        row = self.frame.country_rows.get(country_id.lower())
        if not found.code and row is not None and len(row.code) == _ISO_TWO and " and " not in found.why:
            return row.code
        return found.code if self._take("country", found, f"country of the {where}") else ""

    def _take(self, kind: str, found: Found, where: str) -> bool:
        if found.code:
            self.pairs |= {found.pair} if found.pair else set()
            return True
        if self.frame.settings.missing_pair == "leave_out":
            self.notes.append(f"{where} {found.value} left out: {found.why}")
            return False
        target = kind.replace("_", "-")
        fix = f'joorsync map set {target} "CODE ON JOOR" --aims {_quoted(found.value)} --site {self.site}'
        self._gap(kind, found.value, f"{where} ({found.why})", fix)
        return False

    def _gap(self, kind: str, value: str, where: str, fix: str) -> None:
        if not any((gap.kind, gap.value) == (kind, value) for gap in self.gaps):
            self.gaps.append(Missing(kind, value, f"customer {self.customer.account}, {where}", fix))


def _quoted(text: str) -> str:
    """In double quotes as a POSIX shell reads them."""
    escaped = "".join(f"\\{char}" if char in '"\\$`' else char for char in text)
    return f'"{escaped}"'
