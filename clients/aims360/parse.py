"""AIMS360 rows into types. Fields that the contract calls ASSUMED are needed only where a wrong guess would cost money."""

from clients.aims360.rows import Row
from clients.aims360.types import CodeKind, CodeRow, Customer, OrderRow, PriceRow, SizeRow, Store, StyleColor, Warehouse


def code_row(row: Row, kind: CodeKind) -> CodeRow:
    code = row.text(f"{kind}.code", needed=True)
    return CodeRow(row.text(f"{kind}.id", needed=True), code, row.text(f"{kind}.name") or code, row.flag(f"{kind}.enabled", absent=True))


def warehouse(row: Row) -> Warehouse:
    return Warehouse(
        row.text("warehouse.id", needed=True), row.text("warehouse.name", needed=True), row.flag("warehouse.active", absent=True)
    )


def customer(row: Row) -> Customer:
    return Customer(
        id=row.text("customer.id", needed=True),
        account=row.text("customer.account", needed=True),
        name=row.text("customer.name"),
        email=row.text("customer.email"),
        phone=row.text("customer.phone"),
        status=row.text("customer.status") or "Active",
        contact=row.text("customer.contact"),
        term_id=row.text_or_none("customer.term_id"),
        ship_via_id=row.text_or_none("customer.ship_via_id"),
        sales_rep_id=row.text_or_none("customer.sales_rep_id"),
        currency=row.text("customer.currency"),
        price_level=row.text("customer.price_level"),
        group=row.text("customer.group"),
        address1=row.text("customer.address1"),
        address2=row.text("customer.address2"),
        city=row.text("customer.city"),
        state=row.text("customer.state"),
        zip_code=row.text("customer.zip_code"),
        country_id=row.text_or_none("customer.country_id"),
        last_modified=row.moment("customer.last_modified"),
        raw=row.raw,
    )


def store(row: Row) -> Store:
    return Store(
        id=row.text("store.id", needed=True),
        customer_id=row.text("store.customer_id"),
        code=row.text("store.code"),
        name=row.text("store.name"),
        address1=row.text("store.address1"),
        address2=row.text("store.address2"),
        city=row.text("store.city"),
        state=row.text("store.state"),
        zip_code=row.text("store.zip_code"),
        country_id=row.text("store.country_id"),
        active=row.flag("store.active", absent=True),
        no_shipment=row.flag("store.no_shipment", absent=False),
    )


def style_color(row: Row) -> StyleColor:
    return StyleColor(
        id=row.text("style_color.id", needed=True),
        style_id=row.text("style_color.style_id"),
        style=row.text("style_color.style", needed=True),
        color=row.text("style_color.color", needed=True),
        color_description=row.text("style_color.color_description"),
        description=row.text("style_color.description"),
        wholesale_price=row.money("style_color.wholesale_price"),
        retail_price=row.money("style_color.retail_price"),
        division_id=row.text_or_none("style_color.division_id"),
        season_id=row.text_or_none("style_color.season_id"),
        active=row.flag("style_color.active", absent=True),
        sizes=_sizes(row.rows("style_color.sizes")),
        last_modified=row.moment("style_color.last_modified"),
        body_code=row.text("style_color.body_code"),
        body_description=row.text("style_color.body_description"),
        brand_name=row.text("style_color.brand_name"),
        origin_country=row.text("style_color.origin_country"),
        raw=row.raw,
    )


def _sizes(rows: list[Row]) -> tuple[SizeRow, ...]:
    """By AIMS360's positions when every size has a whole number; else as served, the place being the position (facts 8.4, A-12)."""
    given = all(row.text("size.position").removesuffix(".0").isdecimal() for row in rows)
    sizes = [
        SizeRow(row.text("size.name", needed=True), row.text_or_none("size.upc"), row.count("size.position") if given else place)
        for place, row in enumerate(rows, start=1)
    ]
    return tuple(sorted(sizes, key=lambda size: size.position))


def price(row: Row) -> PriceRow:
    """An amount in an unknown currency, or under an unknown name, must not become a price: those fields are needed."""
    row.needed("price.wholesale")
    return PriceRow(
        style_color_id=row.text("price.style_color_id", needed=True),
        currency=row.text("price.currency", needed=True),
        level=row.text("price.level"),
        wholesale=row.money("price.wholesale"),
        retail=row.money("price.retail"),
    )


def order_row(row: Row) -> OrderRow:
    return OrderRow(
        order=row.text("order_row.order", needed=True),
        third_party_order_id=row.text_or_none("order_row.third_party_order_id"),
        customer_purchase_order=row.text_or_none("order_row.customer_purchase_order"),
        customer_account=row.text_or_none("order_row.customer_account"),
        status=row.text_or_none("order_row.status"),
        entered=row.day("order_row.entered"),
        raw=row.raw,
    )
