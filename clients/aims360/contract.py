"""Every AIMS360 path and field name we rely on, with its evidence (facts: aims360-api.md; grades 0.1). Grade A is ASSUMED, with its A-id.

A site's TOML file replaces values: the first go-live proves or corrects them (`joorsync check --contract`).
"""

from collections.abc import Mapping
from typing import Any

from clients.contract import ContractTable, Entry, section

_HOSTS = "apiwest.aims360.rest,apieast.aims360.rest,apieast1.aims360.rest,api.aims360.rest"

_PATHS = (
    Entry("path.token", "/authentication/v1/authentication/token", "P", "3.1"),
    Entry("path.currencies", "/codes/v1.0/currencies", "C", "8.1"),
    Entry("path.divisions", "/codes/v1.0/divisions", "A", "A-01"),
    Entry("path.seasons", "/codes/v1.0/seasons", "A", "A-02"),
    Entry("path.terms", "/codes/v1.0/terms", "A", "A-02"),
    Entry("path.ship_vias", "/codes/v1.0/shipvias", "A", "A-02"),
    Entry("path.countries", "/codes/v1.0/countries", "A", "A-02"),
    Entry("path.sales_reps", "/salesreps/v1.0/salesreps", "A", "A-03"),
    Entry("path.discount_reasons", "/codes/v1.0/discountReasons", "A", "A-02"),
    Entry("path.order_status_reasons", "/codes/v1.0/orderStatusReasons", "A", "A-02"),
    Entry("path.warehouses", "/warehouses/v1.0/warehouses", "C", "8.3"),
    Entry("path.customers", "/customers/v1.0/customers", "C", "9.1"),
    Entry("path.customer_create", "/customers/v1.0/customer", "A", "A-07", "it may not exist: then customers are made by hand"),
    Entry("path.stores", "/customers/v1.0/stores", "A", "A-04", "or $expand=stores on customers"),
    Entry("path.store_create", "", "UNKNOWN", "7, 9.2", "no route to add a store is known: empty means that a person adds it"),
    Entry("path.style_colors", "/StyleColors/v1.1/StyleColors", "C", "9.3"),
    Entry("path.style", "/styles/V1.0/style/{styleID}", "C", "9.3", "one plain object, no envelope"),
    Entry("path.prices", "/styles/v1.0/prices", "A", "A-13", "price levels and other currencies; it may not exist"),
    Entry("path.documents", "/documentmanagement/odata/v1.0/aimsdocument", "P", "9.9"),
    Entry("path.document", "/documentmanagement/v1.0/aimsdocument/{documentId}", "P", "9.9"),
    Entry("path.purchase_orders", "/wip/v1.0/PurchaseOrders", "C", "9.6"),
    Entry("path.cut_tickets", "/wip/v1.0/CutTickets", "A", "A-10", "read only when wip.cut_tickets is yes"),
    Entry("path.orders", "/orders/v1.0/orders", "C", "9.8"),
    Entry("path.order_create", "/orders/v1.0/order", "C", "9.7"),
    Entry("path.inventory", "/inventory/v1.0/inventory", "A", "A-08", "the Aqua view is the default source"),
    Entry("path.aqua_export", "/reports/v1.0/reports/exportdata", "P", "9.9", "an older page has /reports/v1.0/exportdata"),
    Entry(
        "path.job", "/jobsmanagement/odata/v1.0/backgroundjob", "P", "9.9", "/jobsmanagement/v1.0/backgroundjob/{id} is the single form (C)"
    ),
)

_OPTIONS = (
    Entry(
        "hosts.extra", _HOSTS, "P", "1, 9.9", "comma list; publish links may be on the other region's host. Used for *.aims360.rest tenants"
    ),
    Entry("paging.size", "250", "C", "4.2", "maximum UNKNOWN"),
    Entry("aqua.scope", "Private", "P", "9.9", "Private | PeopleInOrganization; never Public"),
    Entry("aqua.format", "JSON", "P", "9.9", "JSON | CSV"),
    Entry("wip.filter", "type eq 'Style'", "C", "9.6", "add the tenant's open status here when it proves filterable"),
    Entry("wip.expand", "stylePOLines", "C", "9.6"),
    Entry("wip.closed_statuses", "Closed,Completed,Cancelled,Canceled", "P", "9.6", "skipped when the purchase order shows its status"),
    Entry("wip.cut_tickets", "no", "A", "A-10", "yes reads cut tickets as work in process, too"),
    Entry("wip.cut_expand", "styleCutLines", "A", "A-10"),
    Entry("wip.allocations", "orders", "C", "4.1, 9.6", "orders: ask for allocations, one call per open purchase order; or none"),
    Entry("inventory.expand", "", "A", "A-08", "sizes, if the tenant's rows come without them"),
    Entry("images.category", "Images", "A", "9.3, 9.9", "the category exists (P); that pictures of styles lie there is unverified"),
    Entry("images.reference_separator", "|", "A", "9.9", "STYLE or STYLE|COLOR in aimsReference, split at the last one; empty: only STYLE"),
    Entry("images.name_separator", "_", "A", "9.9", "STYLE_COLOR_n.jpg or STYLE_n.jpg: n orders the pictures; other names have no place"),
)


def _codes(kind: str, prefix: str, grade: str, source: str) -> tuple[Entry, ...]:
    suffixes = (("id", "ID"), ("code", "Code"), ("name", "Name"), ("enabled", "Enabled"))
    return tuple(Entry(f"{kind}.{name}", f"{prefix}{suffix}", grade, source) for name, suffix in suffixes)


_CODES = (
    *_codes("currency", "currency", "C", "8.1"),
    *_codes("division", "division", "A", "A-01"),
    *_codes("season", "season", "A", "A-02"),
    *_codes("term", "term", "A", "A-02"),
    *_codes("ship_via", "shipvia", "A", "A-02"),
    *_codes("country", "country", "A", "A-02"),
    *_codes("discount_reason", "discountReason", "A", "A-02"),
    *_codes("order_status_reason", "orderStatusReason", "A", "A-02"),
)

_ROWS = (
    Entry("sales_rep.id", "salesRepID", "A", "A-03"),
    Entry("sales_rep.code", "salesRepCode", "A", "A-03"),
    Entry("sales_rep.name", "name", "A", "A-03"),
    Entry("sales_rep.enabled", "active", "A", "A-03"),
    Entry("warehouse.id", "warehouseID", "I", "8.3"),
    Entry("warehouse.name", "warehouseName", "C", "8.3"),
    Entry("warehouse.active", "active", "A", "8.3", "the ERP has the state, its field is UNKNOWN"),
    Entry("customer.id", "customerID", "I", "9.1"),
    Entry("customer.account", "customerAccount", "C", "9.1"),
    Entry("customer.name", "customerName|name", "A", "9.1", "UNKNOWN"),
    Entry("customer.email", "email", "A", "9.1", "UNKNOWN"),
    Entry("customer.phone", "phone", "A", "9.1", "UNKNOWN"),
    Entry("customer.status", "status|customerStatus", "A", "9.1", "UNKNOWN; Active, Inactive, No Shipment"),
    Entry("customer.contact", "contact|contactName", "A", "9.1", "UNKNOWN"),
    Entry("customer.term_id", "termID", "A", "9.1", "UNKNOWN; the name orders use"),
    Entry("customer.ship_via_id", "shipviaID", "A", "9.1", "UNKNOWN; the name orders use"),
    Entry("customer.sales_rep_id", "salesRepID", "A", "9.1", "UNKNOWN; the name orders use"),
    Entry("customer.currency", "currencyCode", "A", "9.1", "UNKNOWN; the name of currencies"),
    Entry("customer.price_level", "priceLevel", "A", "9.1", "UNKNOWN"),
    Entry("customer.group", "customerGroup|group", "A", "9.1", "UNKNOWN"),
    Entry("customer.address1", "address1", "A", "9.1", "UNKNOWN; bill-to, the names orders use"),
    Entry("customer.address2", "address2", "A", "9.1", "UNKNOWN"),
    Entry("customer.city", "city", "A", "9.1", "UNKNOWN"),
    Entry("customer.state", "state", "A", "9.1", "UNKNOWN"),
    Entry("customer.zip_code", "zipCode", "A", "9.1", "UNKNOWN"),
    Entry("customer.country_id", "countryID", "A", "9.1", "UNKNOWN"),
    Entry("customer.last_modified", "lastModifiedOn", "A", "4.3", "filterable with ge by analogy"),
    Entry("store.id", "customerStoreID", "A", "A-04"),
    Entry("store.customer_id", "customerID", "A", "A-04"),
    Entry("store.code", "store", "A", "A-04"),
    Entry("store.name", "name", "A", "A-04"),
    Entry("store.address1", "address1", "A", "A-04"),
    Entry("store.address2", "address2", "A", "A-04"),
    Entry("store.city", "city", "A", "A-04"),
    Entry("store.state", "state", "A", "A-04"),
    Entry("store.zip_code", "zipCode", "A", "A-04"),
    Entry("store.country_id", "countryID", "A", "A-04"),
    Entry("store.active", "active", "A", "A-04"),
    Entry("store.no_shipment", "noShipment", "A", "A-04"),
    Entry("style_color.id", "styleColorID", "C", "9.3"),
    Entry("style_color.style_id", "styleID", "C", "9.3"),
    Entry("style_color.style", "style", "C", "9.3"),
    Entry("style_color.color", "color", "C", "9.3"),
    Entry("style_color.description", "description", "C", "9.3"),
    Entry("style_color.wholesale_price", "wholesalePrice", "C", "9.3"),
    Entry("style_color.sizes", "sizes", "C", "9.3", "with $expand"),
    Entry("style_color.color_description", "colorDescription", "A", "A-12"),
    Entry("style_color.retail_price", "retailPrice", "A", "A-12"),
    Entry("style_color.division_id", "divisionID", "A", "A-12"),
    Entry("style_color.season_id", "seasonID", "A", "A-12"),
    Entry("style_color.active", "active", "A", "A-12"),
    Entry("style_color.last_modified", "lastModifiedOn", "A", "A-12, 4.3", "filterable with ge by analogy"),
    Entry("style_color.body_code", "bodyCode", "C", "9.3"),
    Entry("style_color.body_description", "bodyDescription", "C", "9.3"),
    Entry("style_color.brand_name", "brandName", "C", "9.3"),
    Entry("style_color.origin_country", "originCountryName", "C", "9.3"),
    Entry("size.name", "sizeName", "C", "9.3"),
    Entry("size.upc", "upc", "C", "9.3"),
    Entry("size.position", "sizePosition", "A", "A-12"),
    Entry("price.style_color_id", "styleColorID", "A", "A-13"),
    Entry("price.currency", "currencyCode", "A", "A-13"),
    Entry("price.level", "priceLevel", "A", "A-13"),
    Entry("price.wholesale", "wholesalePrice", "A", "A-13"),
    Entry("price.retail", "retailPrice", "A", "A-13"),
    Entry("document.id", "documentGUID", "P", "9.9"),
    Entry("document.name", "documentName", "P", "9.9"),
    Entry("document.category", "category", "P", "9.9"),
    Entry("document.reference", "aimsReference", "P", "9.9", "what it holds for a picture is ASSUMED: images.reference_separator"),
    Entry("document.uri", "downloadUri", "P", "9.9"),
    Entry("document.size", "fileSize", "P", "9.9", "bytes"),
    Entry("document.uploaded", "lastUploaded", "P", "9.9"),
    Entry("document.scope", "accessScope", "P", "9.9", "Public, Private, PeopleInOrganization"),
    Entry("wip.type", "type", "C", "9.6"),
    Entry(
        "wip.reference",
        "purchaseOrder|purchaseOrderNo|purchaseOrderNumber|cutTicket|cutNumber|number",
        "A",
        "9.6",
        "UNKNOWN; Aqua says PurchaseOrderNo",
    ),
    Entry("wip.status", "status", "A", "9.6", "UNKNOWN"),
    Entry("wip.lines", "stylePOLines|styleCutLines", "C", "9.6", "of cut tickets: A-10"),
    Entry("wip.style_color_id", "styleColorID", "A", "A-11"),
    Entry("wip.warehouse_id", "warehouseID", "A", "A-11"),
    Entry("wip.in_warehouse_date", "inWarehouseDate", "A", "A-11"),
    Entry("wip.x_factory_date", "xFactoryDate", "A", "A-11"),
    Entry("wip.sizes", "sizes", "A", "A-11"),
    Entry("wip.size_name", "sizeName", "A", "A-11"),
    Entry("wip.open_quantity", "openQuantity", "A", "A-11"),
    Entry("wip.allocated", "allocatedQuantity|allocated", "A", "9.5", "the ERP has allocated WIP, its field is UNKNOWN"),
    Entry("allocation.lines", "lineItems", "C", "9.6, 9.8"),
    Entry("allocation.allocations", "allocations", "C", "9.6, 9.8"),
    Entry("allocation.reference", "wipReference", "C", "9.6"),
    Entry("allocation.style_color_id", "styleColorID", "C", "9.7"),
    Entry("allocation.size_name", "sizeName", "A", "9.6", "UNKNOWN"),
    Entry("allocation.quantity", "allocatedQuantity|allocatedqty", "A", "9.6", "UNKNOWN; an Aqua report says Allocatedqty"),
    Entry("inventory.style_color_id", "styleColorID", "A", "A-08"),
    Entry("inventory.warehouse_id", "warehouseID", "A", "A-08"),
    Entry("inventory.sizes", "sizes", "A", "A-08"),
    Entry("inventory.size_name", "sizeName", "A", "A-08"),
    Entry("inventory.on_hand", "onHand", "A", "A-08"),
    Entry("inventory.allocated", "allocated", "A", "A-08"),
    Entry("inventory.ots", "ots", "A", "A-08"),
    Entry("order_row.order", "order", "C", "9.8"),
    Entry("order_row.third_party_order_id", "thirdPartyOrderID", "A", "A-06", "filterable with eq: A-06"),
    Entry("order_row.customer_purchase_order", "customerPurchaseOrder", "A", "A-06", "filterable with eq: A-06"),
    Entry("order_row.customer_account", "customerAccount", "C", "9.8"),
    Entry("order_row.status", "status", "A", "A-06"),
    Entry("order_row.entered", "entered", "C", "9.8"),
)

#: Create body: the names are C (9.7) unless noted.
_BODY = (
    Entry("order.customer_id", "customerID", "C", "9.7"),
    Entry("order.division_id", "divisionID", "C", "9.7"),
    Entry("order.season_id", "seasonID", "C", "9.7"),
    Entry("order.term_id", "termID", "C", "9.7"),
    Entry("order.ship_via_id", "shipviaID", "C", "9.7", "lower-case v"),
    Entry("order.status", "status", "C", "9.7"),
    Entry("order.third_party_order_id", "thirdPartyOrderID", "C", "9.7", "uniqueness enforcement UNKNOWN"),
    Entry("order.customer_purchase_order", "customerPurchaseOrder", "C", "9.7"),
    Entry("order.entered", "entered", "C", "9.7"),
    Entry("order.start", "start", "C", "9.7"),
    Entry("order.complete", "complete", "C", "9.7"),
    Entry("order.store", "store", "C", "9.7"),
    Entry("order.store_id", "customerStoreID", "A", "A-05", "the same source also says storeStoreID"),
    Entry("order.address", "address", "C", "9.7"),
    Entry("order.discounts", "discounts", "C", "9.7"),
    Entry("order.line_item_discount", "lineItemDiscount", "C", "9.7"),
    Entry("order.discount_type", "discountType", "C", "9.7"),
    Entry("order.discount_net", "NET", "C", "9.7"),
    Entry("order.discount_line", "LINEITEMDISCOUNT", "C", "9.7"),
    Entry("order.net_discount_percentage", "netDiscountPercentage", "C", "9.7"),
    Entry("order.lines", "lineItems", "C", "9.7"),
    Entry("order.line_style_color_id", "styleColorID", "C", "9.7"),
    Entry("order.line_warehouse_id", "warehouseID", "C", "9.7"),
    Entry("order.line_price", "price", "C", "9.7"),
    Entry("order.line_note", "lineNote", "C", "9.7"),
    Entry("order.line_discount_percentage", "lineItemDiscountPercentage", "C", "9.7", "with discount type LINEITEMDISCOUNT (I)"),
    Entry("order.line_sizes", "sizes", "C", "9.7"),
    Entry("order.line_size_name", "sizeName", "C", "9.7"),
    Entry("order.line_quantity", "orderQuantity", "C", "9.7"),
    Entry("order.answer_number", "order", "C", "9.7", "string; other members UNKNOWN"),
    Entry("new_customer.account", "customerAccount", "A", "A-07"),
    Entry("new_customer.name", "customerName", "A", "A-07"),
    Entry("new_customer.email", "email", "A", "A-07"),
    Entry("new_customer.phone", "phone", "A", "A-07"),
    Entry("new_customer.address", "address", "A", "A-07"),
    Entry("new_customer.term_id", "termID", "A", "A-07"),
    Entry("new_customer.ship_via_id", "shipviaID", "A", "A-07"),
    Entry("new_store.customer_id", "customerID", "A", "9.2", "by analogy with the stores' rows (A-04)"),
    Entry("new_store.code", "store", "A", "9.2", "by analogy with the stores' rows (A-04)"),
    Entry("new_store.address", "", "A", "9.2", "an object around the address; empty: its fields, named as in orders, beside the code"),
)

#: Columns of the tenant's Aqua view "inventory by size" (9.4: UNKNOWN, and tenants edit views). A site's inventory setting `columns`
#: overrides these; spelling is compared without case, spaces and underscores.
_AQUA = tuple(
    Entry(f"aqua_stock.{name}", column, "A", "9.4", "columns of the view are UNKNOWN")
    for name, column in (
        ("style", "Style"),
        ("color", "Color"),
        ("size", "Size|SizeName"),
        ("warehouse", "Warehouse|WarehouseName"),
        ("style_color_id", "StyleColorID"),
        ("upc", "UPC|UPCNumber"),
        ("division", "Division|DivisionCode"),
        ("season", "Season|SeasonCode"),
        ("on_hand", "OnHand|Stock|QtyOnHand"),
        ("allocated", "Allocated|AllocatedStock|StockAllocated"),
        ("pick_tickets", "PickTickets|PickTicket|PickTicketQty"),
        ("open_orders", "OpenOrders|OpenOrder|OpenOrderQty"),
        ("ots", "OTS|OTSi|OTS(i)|OpenToSell"),
    )
)


class Contract(ContractTable):
    """`contract["path.orders"]`, `contract.names("customer.name")`; entries and their evidence in `contract.entries`."""

    system = "aims360"
    entries = (*_PATHS, *_OPTIONS, *_CODES, *_ROWS, *_BODY, *_AQUA)

    @classmethod
    def load(cls, overrides: Mapping[str, Any]) -> "Contract":
        """From a parsed TOML file: the `[aims360]` table, or keys outside any table. Raises NotPossible for unknown keys."""
        return cls(section(overrides, "aims360", default=True))
