"""AIMS360 as the flows know it: one method per remote question. Paths and field names stand in `clients.aims360.contract`."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from clients.aims360 import parse
from clients.aims360.aqua import MAX_EXPORT_BYTES, AquaExport, Columns
from clients.aims360.auth import AimsCredentials, AimsToken
from clients.aims360.contract import Contract
from clients.aims360.customers import CustomerReader, CustomerWriter
from clients.aims360.images import ImageReader
from clients.aims360.odata import ODataReader
from clients.aims360.orders import OrderSearch, order_body
from clients.aims360.stock import from_rest, from_view
from clients.aims360.styles import StyleReader
from clients.aims360.types import (
    CodeKind,
    CodeRow,
    Customer,
    ImageDocument,
    NewCustomer,
    NewStore,
    OrderDraft,
    OrderRow,
    PriceRow,
    StockRow,
    Store,
    StyleColor,
    Warehouse,
    WipRow,
)
from clients.aims360.wip import WipReader
from clients.http import Http
from models.settings import InventorySettings
from runtime.clock import Clock, SystemClock

__all__ = ["AimsClient", "AimsCredentials", "Contract"]

_PATHS: dict[CodeKind, str] = {
    "division": "path.divisions",
    "season": "path.seasons",
    "term": "path.terms",
    "ship_via": "path.ship_vias",
    "country": "path.countries",
    "currency": "path.currencies",
    "sales_rep": "path.sales_reps",
    "discount_reason": "path.discount_reasons",
    "order_status_reason": "path.order_status_reasons",
}


class AimsClient:
    """One AIMS360 tenant. Thread-safe. Failures are those of `clients.failures`; NotPossible when the contract proves wrong.

    `tenant` names the tenant in cached lookups: a digest of base URL and user (or token), nothing that could be turned back.
    """

    def __init__(
        self,
        http: Http,
        *,
        credentials: AimsCredentials,
        contract: Contract | None = None,
        clock: Clock | None = None,
        export_wait_seconds: float = 600.0,
        max_export_bytes: int = MAX_EXPORT_BYTES,
    ) -> None:
        self.http = http
        self.contract = contract or Contract()
        self.tenant = tenant_of(http.base_url, credentials)
        self._auth = AimsToken(http, credentials, self.contract)
        self._reader = ODataReader(http, self._auth, self.contract)
        self._styles = StyleReader(http, self._auth, self._reader, self.contract)
        self._customers = CustomerReader(self._reader, self.contract, http.site)
        self._creates = CustomerWriter(http, self._auth, self.contract)
        self._images = ImageReader(http, self._auth, self._reader, self.contract)
        self._search = OrderSearch(self._reader, self.contract, http.site)
        self._wip = WipReader(self._reader, self.contract)
        self._clock: Clock = clock or SystemClock()
        self._aqua = AquaExport(http, self._auth, self.contract, self._clock, wait_seconds=export_wait_seconds, max_bytes=max_export_bytes)
        if (urlsplit(http.base_url).hostname or "").endswith(".aims360.rest") or self.contract["hosts.extra"] != Contract()["hosts.extra"]:
            for host in filter(None, (name.strip() for name in self.contract["hosts.extra"].split(","))):
                http.allow(host)

    def close(self) -> None:
        self.http.close()

    def clock_offset(self) -> timedelta | None:
        """AIMS360's clock minus ours by its last answer, zero where whole seconds and travel explain it; None before the first. No call."""
        return self.http.clock_offset(self._clock.now())

    # ---- lookups --------------------------------------------------------------------------------------------------------------------

    def codes(self, kind: CodeKind) -> list[CodeRow]:
        """A whole code table, disabled rows included."""
        rows = self._reader.rows(_PATHS[kind], f"reading {kind.replace('_', ' ')} codes", id_key=f"{kind}.id")
        return [parse.code_row(row, kind) for row in rows]

    def warehouses(self) -> list[Warehouse]:
        return [parse.warehouse(row) for row in self._reader.rows("path.warehouses", "reading warehouses", id_key="warehouse.id")]

    def probe(self, path_key: str, *, expand: str = "") -> list[dict[str, Any]] | None:
        """The raw rows of a list's first page, exact numbers as text, to look at their fields; None when AIMS360 has no such list (404,
        405) or the contract names none. Raises Rejected for an `expand` that is not understood."""
        rows = self._reader.first_page(path_key, f"probing {path_key}", expand=expand)
        return None if rows is None else [row.raw for row in rows]

    # ---- customers ------------------------------------------------------------------------------------------------------------------

    def customer(self, account: str) -> Customer | None:
        """By customer account, compared exactly."""
        return self._customers.one(account)

    def customers(self, since: datetime | None = None) -> Iterator[Customer]:
        """All, page by page, whatever their status; with `since` (aware; whole seconds) what changed then or later.

        That customers have a time of change to ask by is ASSUMED (facts 4.3). Where AIMS360 does not understand the question the call
        itself raises NotPossible naming `customer.last_modified`: read all, then. Raises ValueError for a time without a zone.
        """
        return self._customers.every(since)

    def stores(self, customer_id: str) -> list[Store]:
        """Ship-to addresses of a customer (A-04), inactive and no-shipment ones included."""
        return self._customers.stores(customer_id)

    def all_stores(self) -> Iterator[Store]:
        """Those of every customer (A-04), page by page. The call itself raises NotPossible when AIMS360 has no such list, does not give it
        whole, or does not say whose they are: read them customer by customer, then."""
        return self._customers.all_stores()

    @property
    def can_add_stores(self) -> bool:
        """Whether a call to add a store is known (contract `path.store_create`)."""
        return self._creates.can_add_stores

    def create_customer(self, new: NewCustomer) -> Customer:
        """ASSUMED to exist (A-07). Not repeatable. Raises NotPossible when AIMS360 has no such call, Rejected when the account exists."""
        return self._creates.create_customer(new)

    def create_store(self, new: NewStore) -> str:
        """The id of the new store (9.2: no such call is known, the body is ASSUMED). Not repeatable. Raises NotPossible with the clicks for
        a person when no call is known or AIMS360 has none."""
        return self._creates.create_store(new)

    # ---- goods ----------------------------------------------------------------------------------------------------------------------

    def style_colors(self, style: str, color: str | None = None) -> list[StyleColor]:
        """With sizes; active or not."""
        return self._styles.of_style(style, color)

    def all_style_colors(self, since: datetime | None = None) -> Iterator[StyleColor]:
        """The whole catalogue with sizes, page by page; with `since` (aware; whole seconds) what changed then or later.

        That style-colours have a time of change to ask by is ASSUMED (facts 4.3, A-12). Where AIMS360 does not understand the question the
        call itself raises NotPossible naming `style_color.last_modified`: read all, then. Raises ValueError for a time without a zone.
        """
        return self._styles.every(since)

    def style_details(self, style_id: str) -> dict[str, Any]:
        """What only the call for one style shows (`fabricContent`: facts 9.3), as AIMS360 spells it, exact numbers as text; {} when it has
        no such style."""
        return self._styles.details(style_id)

    def prices(self, style_color_ids: Sequence[str] | None = None) -> Iterator[PriceRow]:
        """Price levels and currencies (ASSUMED as a whole, A-13): of every style-colour, or of those named, one call each.

        The call itself raises NotPossible when AIMS360 has no such list. Amounts stay None where it gives none.
        """
        return self._styles.prices(style_color_ids)

    # ---- images ---------------------------------------------------------------------------------------------------------------------

    def images(self) -> Iterator[ImageDocument]:
        """The documents of category `images.category` (facts 9.9), page by page, whatever style they belong to.

        Two may have one name or one place, and a reference may name no style there is: that is for the caller to sort out.
        """
        return self._images.every()

    def image_bytes(self, document: ImageDocument, max_bytes: int) -> bytes:
        """The file as it lies there, unverified. Raises Rejected when it is gone or listed as larger than `max_bytes`; Unavailable when
        only reading it shows that it is larger."""
        return self._images.content(document, max_bytes)

    # ---- stock ----------------------------------------------------------------------------------------------------------------------

    def wip(self, *, with_allocations: bool = True) -> Iterator[WipRow]:
        """Open quantities of style purchase orders (field names ASSUMED, A-11); cut tickets too when contract `wip.cut_tickets` is yes.

        Zero quantities, and orders whose status is one of `wip.closed_statuses`, are left out. `with_allocations` asks the orders what is
        allocated (one call per purchase order, unless the lines say it themselves); without it `allocated` may be 0.
        """
        return self._wip.rows(with_allocations=with_allocations)

    def stock(self, settings: InventorySettings) -> Iterator[StockRow]:
        """Everything the source has. The result is complete and checked before the first row is given; it may be empty.

        Raises NotPossible naming column, view and setting when a needed column is missing; Rejected naming row and column for a bad value.
        """
        if settings.source == "rest":
            styles = {found.id: found for found in self.all_style_colors()}
            names = {found.id: found.name for found in self.warehouses()}
            rows = self._reader.rows("path.inventory", "reading inventory", expand=self.contract["inventory.expand"] or None)
            return iter(list(from_rest(rows, styles, names)))
        columns = Columns(settings.columns, self.contract, settings.aqua_view, self.http.site)
        return from_view(self._aqua.rows(settings.aqua_source, settings.aqua_view), settings, columns)

    # ---- orders ---------------------------------------------------------------------------------------------------------------------

    def find_orders(
        self, reference: str, *, customer_account: str | None = None, purchase_order: str | None = None, entered: date | None = None
    ) -> list[OrderRow]:
        """Orders that carry our reference (A-06). When AIMS360 does not understand that filter: by customer account and PO; then a row
        with third_party_order_id None is a candidate for a person. Empty only when a question that was understood found none;
        raises NotPossible when no question could be asked."""
        return self._search.find(reference, customer_account, purchase_order, entered)

    def order_body(self, draft: OrderDraft) -> dict[str, Any]:
        """Pure. Money stays Decimal up to serialisation; use `clients.jsontext.storable` to keep the body in a JSON column."""
        return order_body(draft, self.contract)

    def create_order(self, body: dict[str, Any]) -> str:
        """The new AIMS360 order number. Not repeatable: raises OutcomeUnknown whenever the order may exist although no number was seen."""
        what = f"creating order {body.get(self.contract['order.third_party_order_id'], '')}".strip()
        data, answer = self.http.json("POST", self.contract["path.order_create"], intent="create", what=what, json=body, auth=self._auth)
        wanted = self.contract["order.answer_number"].lower()
        number = next((value for key, value in data.items() if str(key).lower() == wanted), None) if isinstance(data, dict) else None
        if not isinstance(number, str | int) or isinstance(number, bool) or not str(number).strip():
            raise self.http.unreadable(answer, "create", what, "the answer names no order number")
        return str(number).strip()


def tenant_of(base_url: str, credentials: AimsCredentials) -> str:
    """The name of a tenant in cached lookups, without a client."""
    text = f"{base_url.rstrip('/')}|{credentials.username or credentials.token}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
