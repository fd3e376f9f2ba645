"""v4 products and the lists they refer to: traits, categories, price types (fact sheet 4.7). A product is v2's style, a card."""

from decimal import Decimal
from typing import Any

from sandbox.brand import JoorStyle
from sandbox.joor_envelope import v4_answer
from sandbox.joor_records import JoorPriceType
from sandbox.joor_reference import CATEGORIES, CATEGORY_IDS, TRAIT_IDS, TRAITS, trait_name
from sandbox.joor_v4_items import Item, Refusal, answer_each, objects, paged, text, whole
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

LONGEST_IDENTIFIER = 100


def traits(world: World, _: Account, request: Request) -> Response:
    """GET /v4/traits."""
    return v4_answer(paged(world, TRAITS, request))


def categories(world: World, _: Account, request: Request) -> Response:
    """GET /v4/categories."""
    return v4_answer(paged(world, CATEGORIES, request))


def price_types(world: World, account: Account, request: Request) -> Response:
    """GET /v4/price_types. Keys as those inside a price (4.7), ASSUMED."""
    return v4_answer(paged(world, [price_type_fields(row) for row in account.record.price_types], request))


def price_type_fields(row: JoorPriceType) -> dict[str, str]:
    return {"id": row.id, "name": row.label, "currency_code": row.currency, "retail_currency_code": row.retail_currency}


def products(world: World, account: Account, request: Request) -> Response:
    """GET /v4/products: every card that is not deleted, in the order they were made (ASSUMED)."""
    return v4_answer([_shown(style) for style in paged(world, account.catalogue.styles(), request)])


def create(world: World, account: Account, request: Request) -> Response:
    """POST /v4/products/bulk_create. An identifier that is there already is DUPLICATED."""

    def one(item: Item) -> Item:
        style = _new(account, item)
        _fill(style, item)
        style.created = style.modified = world.now()
        account.catalogue.add_style(style)
        world.effect("product_created", account, style.style_identifier, via="v4", call=request.call)
        return _shown(style)

    return answer_each(world, request, one)


def _new(account: Account, item: Item) -> JoorStyle:
    """ASSUMED: a product without an identifier goes by its external id, else by JOOR's id, in v2; and its external id is v2's number."""
    identifier = text(item, "product_identifier", longest=LONGEST_IDENTIFIER) or text(item, "external_id")
    if identifier and account.catalogue.style(identifier):
        raise Refusal(f"Product with product_identifier {identifier} already exists", "DUPLICATED")
    style_id = account.catalogue.new_style_id()
    identifier = identifier or str(style_id)
    number = text(item, "external_id") or identifier
    return JoorStyle(style_id, number, identifier, text(item, "name", required=True), Decimal(0), [], external_id=text(item, "external_id"))


def update(world: World, account: Account, request: Request) -> Response:
    """POST /v4/products/bulk_update, by JOOR's `id`. Only the fields sent change; a list sent takes the old one's place (ASSUMED).
    `external_id` is not listed for updates and passes without effect (ASSUMED)."""

    def one(item: Item) -> Item:
        style = product(account, text(item, "id", required=True))
        before = _shown(style)
        trial = JoorStyle(style.style_id, style.style_number, style.style_identifier, style.name, style.price, [])
        _fill(trial, item)  # raises before anything has changed
        _keep_identifier(style, item)
        _fill(style, item)
        if "name" in item:
            style.name = text(item, "name", required=True)
        changed = [name for name, value in _shown(style).items() if before[name] != value]
        style.modified = world.now()
        world.effect("product_updated", account, style.style_identifier, changed=changed, via="v4", call=request.call)
        return _shown(style)

    return answer_each(world, request, one)


def product(account: Account, product_id: str) -> JoorStyle:
    """The card of a JOOR product id. Raises Refusal."""
    style = account.catalogue.by_style_id.get(product_id)
    if style is None:
        raise Refusal(f"Product {product_id} not found")
    return style


def _keep_identifier(style: JoorStyle, item: Item) -> None:
    """An update may repeat the identifier. That it cannot change it is ASSUMED: it is the key of the card."""
    wanted = text(item, "product_identifier")
    if wanted and wanted != style.style_identifier:
        raise Refusal(f"product_identifier of product {style.style_id} is {style.style_identifier} and cannot become {wanted}")


def _fill(style: JoorStyle, item: Item) -> None:
    """Take over the optional fields that were sent. Raises Refusal for what JOOR does not know."""
    if "name" in item and not text(item, "name").strip():
        raise Refusal("name is required")
    if "category_ids" in item:
        style.category_ids = _category_ids(item)
    if "product_trait_values" in item:
        style.traits = _traits(item)
    if "tags" in item:
        style.tags = [{str(name): str(value) for name, value in row.items() if value is not None} for row in objects(item, "tags")]
    if "description" in item:
        style.description = text(item, "description")
    if "order_minimum" in item:
        style.order_minimum = whole(item, "order_minimum")


def _category_ids(item: Item) -> list[str]:
    listed = item["category_ids"] or []
    if not isinstance(listed, list):
        raise Refusal("category_ids must be an array of strings")
    unknown = [str(category_id) for category_id in listed if str(category_id) not in CATEGORY_IDS]
    if unknown:
        raise Refusal(f"Category {', '.join(unknown)} not found")
    return [str(category_id) for category_id in listed]


def _traits(item: Item) -> dict[str, tuple[str, str]]:
    found = {}
    for row in objects(item, "product_trait_values"):
        name = trait_name("product", text(row, "trait_id"), text(row, "trait_name"))
        if not name:
            raise Refusal(f"Trait {text(row, 'trait_id') or text(row, 'trait_name')} not found")
        found[name] = (text(row, "value", required=True), text(row, "external_id"))
    return found


def _shown(style: JoorStyle) -> dict[str, Any]:
    """The four keys public code reads, then the fields of the request as JOOR would give them back (ASSUMED)."""
    return {
        "id": str(style.style_id),
        "name": style.name,
        "external_id": style.external_id or style.style_number,
        "product_identifier": style.style_identifier,
        "description": style.description,
        "order_minimum": style.order_minimum,
        "category_ids": list(style.category_ids),
        "product_trait_values": [
            {"trait": {"id": TRAIT_IDS["product", name], "name": name}, "value": value, "external_id": external_id}
            for name, (value, external_id) in style.traits.items()
        ],
        "tags": [dict(tag) for tag in style.tags],
    }
