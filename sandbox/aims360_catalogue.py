"""What the pretend AIMS360 serves and on what evidence: every path, and every name that is ASSUMED (facts 11). GET /_catalogue."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """`grade` is the evidence grade of the path (0.1); `assumed` says that `assumed_names`, or what `note` says, are placeholders."""

    route: str
    grade: str
    assumed: bool = False
    item: str = ""  # of the assumption register
    assumed_names: tuple[str, ...] = ()
    note: str = ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CODE_NAMES = "A-02: a GUID, a code and a name per row"
CATALOGUE: tuple[Entry, ...] = (
    Entry("POST /authentication/v1/authentication/token", "P", note="status of a refused sign-in: switch auth_failure_status (A-14)"),
    Entry("GET /codes/v1.0/currencies", "C"),
    Entry("GET /codes/v1.0/divisions", "A", True, "A-01", _words("divisionID divisionCode divisionName divisionEnabled")),
    Entry("GET /codes/v1.0/seasons", "A", True, "A-02", _words("seasonID seasonCode seasonName"), CODE_NAMES),
    Entry("GET /codes/v1.0/terms", "A", True, "A-02", _words("termID termCode termName"), CODE_NAMES),
    Entry("GET /codes/v1.0/shipvias", "A", True, "A-02", _words("shipviaID shipviaCode shipviaName"), CODE_NAMES),
    Entry("GET /codes/v1.0/countries", "A", True, "A-02", _words("countryID countryCode countryName"), CODE_NAMES),
    Entry(
        "GET /codes/v1.0/discountReasons", "A", True, "A-02", _words("discountReasonID discountReasonCode discountReasonName"), CODE_NAMES
    ),
    Entry(
        "GET /codes/v1.0/orderStatusReasons",
        "A",
        True,
        "A-02",
        _words("orderStatusReasonID orderStatusReasonCode orderStatusReasonName"),
        CODE_NAMES,
    ),
    Entry("GET /salesreps/v1.0/salesreps", "A", True, "A-03", _words("salesRepID salesRepCode name active")),
    Entry(
        "GET /customers/v1.0/customers",
        "C",
        True,
        "9.1",
        _words("customerName status email phone termID shipviaID lastModifiedOn salesRepID currencyCode priceLevel customerGroup contact")
        + _words("address1 address2 city state zipCode countryID"),
        "path, customerID and customerAccount are known; the other names are UNKNOWN (switch customer_fields: known leaves them out)",
    ),
    Entry(
        "POST /customers/v1.0/customer",
        "A",
        True,
        "A-07",
        _words("customerAccount customerName email phone termID shipviaID stores salesRepID currencyCode priceLevel customerGroup contact")
        + _words("address1 address2 city state zipCode countryID"),
    ),
    Entry(
        "GET /customers/v1.0/stores",
        "A",
        True,
        "A-04",
        _words("customerStoreID customerID store name address1 address2 address3 city state zipCode countryID active noShipment"),
        "how a store is added is UNKNOWN: the switch store_create_path names a path whose POST takes these names",
    ),
    Entry(
        "GET /StyleColors/v1.1/StyleColors",
        "C",
        True,
        "A-12",
        _words("colorDescription retailPrice divisionID seasonID active lastModifiedOn sizes.sizePosition"),
    ),
    Entry("GET /styles/V1.0/style/{styleID}", "C"),
    Entry("GET /styles/v1.0/prices", "A", True, "A-13", _words("styleColorID currencyCode priceLevel wholesalePrice retailPrice")),
    Entry("GET /warehouses/v1.0/warehouses", "C", True, "8.3", ("active",), "active or not exists in the ERP; the name is UNKNOWN"),
    Entry(
        "GET /wip/v1.0/PurchaseOrders",
        "C",
        True,
        "A-11",
        _words("purchaseOrderNo status vendor stylePOLines.styleColorID stylePOLines.warehouseID stylePOLines.inWarehouseDate")
        + _words("stylePOLines.xFactoryDate stylePOLines.sizes stylePOLines.sizes.sizeName stylePOLines.sizes.openQuantity"),
    ),
    Entry("GET /wip/v1.0/purchaseorder/{number}", "C", True, "A-11", note="the names of the list, lines included"),
    Entry("GET /wip/v1.0/CutTickets", "A", True, "A-10", note="the pretend brand has no cut tickets: always empty"),
    Entry(
        "GET /inventory/v1.0/inventory",
        "A",
        True,
        "A-08",
        _words("styleColorID warehouseID sizes.sizeName sizes.onHand sizes.allocated sizes.ots"),
    ),
    Entry(
        "GET /orders/v1.0/orders",
        "C",
        True,
        "A-06",
        _words("orderID thirdPartyOrderID customerPurchaseOrder status start complete divisionID lastModifiedOn lineItems.styleColorID")
        + _words("lineItems.warehouseID lineItems.price lineItems.lineItemDiscountPercentage lineItems.lineNote lineItems.sizes")
        + _words("lineItems.allocations.sizeName lineItems.allocations.allocatedQuantity"),
    ),
    Entry(
        "POST /orders/v1.0/order",
        "C",
        True,
        "A-05",
        ("store.customerStoreID",),
        "required members, and refusal by customer state, division and repeated style-colour, are ASSUMED (switches)",
    ),
    Entry("POST /reports/v1.0/reports/exportdata", "P", True, "9.4", note="the columns of every view are ASSUMED: switch aqua_columns"),
    Entry("POST /reports/v1.0/exportdata", "P", True, "9.4", note="the older page's path"),
    Entry("GET /jobsmanagement/odata/v1.0/backgroundjob", "P"),
    Entry("GET /jobsmanagement/v1.0/backgroundjob/{id}", "C"),
    Entry("POST /jobsmanagement/v1.0/backgroundjob/{id}/rerun", "P"),
    Entry(
        "GET /documentmanagement/odata/v1.0/aimsdocument",
        "P",
        True,
        "9.3, 9.9",
        note="the names are known; that category Images holds pictures of styles, and the form of their aimsReference "
        "(switch image_reference_separator), is ASSUMED; a bare array as in the sample, or the envelope (switch document_list)",
    ),
    Entry("GET /documentmanagement/v1.0/aimsdocument/{documentId}", "P"),
    Entry("GET /documentmanagement/v1.0/aimsdocument/{documentId}/{anonymousToken}", "P"),
)


def catalogue(absent: list[str]) -> list[dict[str, Any]]:
    """The entries as JSON; `absent` lists routes a switch has taken away."""
    gone = {route.lower() for route in absent}
    return [asdict(entry) | {"served": entry.route.lower() not in gone} for entry in CATALOGUE]


def find_route(method: str, segments: list[str]) -> tuple[Entry | None, dict[str, str], bool]:
    """The entry a request is for, its path values, and whether the path exists for another method. Paths match case-insensitively."""
    other_method = False
    for entry in CATALOGUE:
        wanted_method, _, path = entry.route.partition(" ")
        values = _match(path.strip("/").split("/"), segments)
        if values is not None and wanted_method == method:
            return entry, values, False
        other_method = other_method or values is not None
    return None, {}, other_method


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    values = {}
    for wanted, found in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            values[wanted.strip("{}")] = found
        elif wanted.lower() != found.lower():
            return None
    return values
