"""Which contract entries a site cannot work without, by the data types that are switched on and how they are set up. Pure."""

from collections.abc import Callable

from models.jobs import DataType
from workers.sync import SiteView

_ORDERS, _CUSTOMERS = (DataType.ORDERS,), (DataType.CUSTOMERS,)
_BOTH = (DataType.ORDERS, DataType.CUSTOMERS)
_INVENTORY = (DataType.INVENTORY,)
_STYLES = (DataType.STYLES,)


def _code_table(kind: str, path: str, types: tuple[DataType, ...]) -> dict[str, tuple[DataType, ...]]:
    return {path: types, f"{kind}.id": types, f"{kind}.code": types}


def _all(prefix: str, names: str, types: tuple[DataType, ...]) -> dict[str, tuple[DataType, ...]]:
    return {f"{prefix}.{name}": types for name in names.split()}


#: Entries of which a wrong value stops a data type, or lets it do something wrong. All others have a fallback, or only leave a text out.
_NEEDED: dict[str, tuple[DataType, ...]] = {
    **_code_table("division", "path.divisions", (DataType.ORDERS, DataType.STYLES, DataType.INVENTORY, DataType.CUSTOMERS)),
    **_code_table("season", "path.seasons", (DataType.ORDERS, DataType.STYLES)),
    **_code_table("term", "path.terms", _BOTH),
    **_code_table("ship_via", "path.ship_vias", _BOTH),
    **_code_table("country", "path.countries", _BOTH),
    **_code_table("sales_rep", "path.sales_reps", _CUSTOMERS),
    **_code_table("currency", "path.currencies", _STYLES),
    **_all("path", "customers", _BOTH),
    **_all("customer", "id account status", _BOTH),
    **_all("customer", "name term_id ship_via_id sales_rep_id currency address1 city zip_code country_id", _CUSTOMERS),
    **_all("path", "stores", _BOTH),
    **_all("store", "id customer_id code name address1 city zip_code country_id active no_shipment", _BOTH),
    **_all("path", "warehouses", (DataType.ORDERS, DataType.INVENTORY)),
    **_all("warehouse", "id name", (DataType.ORDERS, DataType.INVENTORY)),
    **_all("path", "style_colors", (DataType.ORDERS, DataType.STYLES)),
    **_all("style_color", "id style color sizes", (DataType.ORDERS, DataType.STYLES)),
    **_all("style_color", "division_id", (DataType.ORDERS, DataType.STYLES)),
    **_all("style_color", "season_id active", _STYLES),
    **_all("size", "name", (DataType.ORDERS, DataType.STYLES)),
    **_all("path", "prices", _STYLES),
    **_all("price", "style_color_id currency level wholesale", _STYLES),
    **_all("path", "purchase_orders", _INVENTORY),
    **_all("wip", "reference lines style_color_id warehouse_id in_warehouse_date sizes size_name open_quantity", _INVENTORY),
    **_all("path", "cut_tickets", _INVENTORY),
    **_all("allocation", "lines allocations reference style_color_id size_name quantity", _INVENTORY),
    **_all("path", "inventory", _INVENTORY),
    **_all("inventory", "style_color_id warehouse_id sizes size_name on_hand", _INVENTORY),
    **_all("path", "orders", _ORDERS),
    **_all("order_row", "order third_party_order_id", _ORDERS),
}
_JOOR_NEEDED: dict[str, tuple[DataType, ...]] = {"path.orders": _ORDERS, "path.order": _ORDERS, "path.connections": _CUSTOMERS}

#: Parts that only some settings use, by the longest matching beginning of the key.
_ONLY_IF: dict[str, Callable[[SiteView], bool]] = {
    "path.prices": lambda site: site.styles.price_source == "price_list",
    "price.": lambda site: site.styles.price_source == "price_list",
    "path.purchase_orders": lambda site: site.inventory.future,
    "wip.": lambda site: site.inventory.future,
    "allocation.": lambda site: site.inventory.future and site.inventory.subtract_wip_allocated,
    "path.cut_tickets": lambda _site: False,  # the option wip.cut_tickets is off until a person has seen the path
    "path.inventory": lambda site: site.inventory.source == "rest",
    "inventory.": lambda site: site.inventory.source == "rest",
    "path.sales_reps": lambda site: site.customers.sales_reps,
    "sales_rep.": lambda site: site.customers.sales_reps,
    "customer.sales_rep_id": lambda site: site.customers.sales_reps,
    "customer.term_id": lambda site: site.customers.terms,
    "customer.ship_via_id": lambda site: site.customers.ship_vias,
    "customer.currency": lambda site: site.customers.price_labels == "customer",
}


def needed_by(system: str, key: str, site: SiteView) -> tuple[str, ...]:
    """The data types that need the entry; () when none does."""
    types = (_JOOR_NEEDED if system == "joor" else _NEEDED).get(key, ())
    if system == "aims360" and any(key.startswith(beginning) and not applies(site) for beginning, applies in _ONLY_IF.items()):
        return ()
    return tuple(kind.value for kind in types if site.syncs(kind))
