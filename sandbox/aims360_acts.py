"""What people do to styles, colours, sizes, prices and pictures inside AIMS360. Each act moves `lastModifiedOn` or `lastUploaded`."""

import base64
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.aims360_world import World
from sandbox.brand import Picture, Size, StyleColor
from sandbox.stock_draw import upc
from sandbox.stock_pictures import SMALLEST, picture_name

Body = dict[str, Any]
FIRST_ADDED_UPC = 900_000_000  # above all generated ones


class Nonsense(Exception):
    """A control request that cannot be carried out; answered 400 (404 for something that does not exist) with the reason."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def allow(body: Body, *names: str) -> None:
    if unknown := sorted(set(body) - set(names)):
        raise Nonsense(f"unknown: {', '.join(unknown)}; there are {', '.join(names)}")


def one_color(world: World, body: Body) -> StyleColor:
    color = world.color(body["style"], body["color"])
    if color is None:
        raise Nonsense(f"no style {body['style']} in {body['color']}", 404)
    return color


def change_style_color(world: World, body: Body, _: str) -> Body:
    """Change one colour of `style`, or all of them when no `color` is given: active, wholesale and retail (own currency), description,
    color_description, and `prices` in other currencies: {"EUR": {"wholesale": "99.50", "retail": "248.00"}}, null to take one away."""
    allow(body, "style", "color", "active", "wholesale", "retail", "prices", "description", "color_description")
    colors = [one_color(world, body)] if "color" in body else world.styles.get(body["style"], [])
    if not colors:
        raise Nonsense(f"no style {body['style']}", 404)
    amounts = {name: Decimal(str(body[name])) for name in ("wholesale", "retail") if name in body}
    prices = _prices(body.get("prices", {}))
    if prices.keys() & {world.currencies()[color.division_id] for color in colors}:
        raise Nonsense("prices in the own currency are set as wholesale and retail")
    for color in colors:
        color.active = bool(body.get("active", color.active))
        color.wholesale = amounts.get("wholesale", color.wholesale)
        color.retail = amounts.get("retail", color.retail)
        color.description = body.get("description", color.description)
        color.color_description = body.get("color_description", color.color_description)
        known = {**color.other_prices, **prices}
        color.other_prices = {currency: amounts for currency, amounts in known.items() if amounts is not None}
        color.last_modified = world.now()
    return {"style_color_id": colors[0].id, "style_color_ids": [color.id for color in colors]}


def _prices(given: Body) -> dict[str, tuple[Decimal, Decimal] | None]:
    return {
        currency: None if row is None else (Decimal(str(row["wholesale"])), Decimal(str(row["retail"]))) for currency, row in given.items()
    }


def add_color(world: World, body: Body, _: str) -> Body:
    """A new colour of a known style, like its first one but for what is given: color_description, wholesale, retail, sizes (names). Every
    size gets a UPC of its own."""
    allow(body, "style", "color", "color_description", "wholesale", "retail", "sizes")
    siblings = world.styles.get(body["style"], [])
    if not siblings or world.color(body["style"], body["color"]):
        raise Nonsense(f"no style {body['style']}, or it has {body['color']} already", 404 if not siblings else 400)
    first = siblings[0]
    names = body.get("sizes", [size.name for size in first.sizes])
    taken = {size.upc for color in world.brand.style_colors for size in color.sizes}
    free = (number for number in range(FIRST_ADDED_UPC, FIRST_ADDED_UPC + 10**8) if upc(number) not in taken)
    color = replace(
        first,
        id=str(uuid.uuid4()),
        color=str(body["color"]),
        color_description=str(body.get("color_description", body["color"])),
        wholesale=Decimal(str(body.get("wholesale", first.wholesale))),
        retail=Decimal(str(body.get("retail", first.retail))),
        sizes=[Size(str(name), upc(next(free))) for name in names],
        active=True,
        other_prices=dict(first.other_prices),
        last_modified=world.now(),
    )
    world.brand.style_colors.append(color)
    world.know(color)
    return {"style_color_id": color.id, "upcs": {size.name: size.upc for size in color.sizes}}


def remove_sku(world: World, body: Body, _: str) -> Body:
    """One size of one style-colour disappears, its stock and open purchase-order units with it."""
    allow(body, "style", "color", "size")
    color = one_color(world, body)
    kept = [size for size in color.sizes if size.name != body["size"]]
    if len(kept) == len(color.sizes):
        raise Nonsense(f"no size {body['size']}", 404)
    color.sizes = kept
    color.last_modified = world.now()
    for key in [key for key in world.brand.stock if key[:2] == (color.id, body["size"])]:
        del world.brand.stock[key]
    for order in world.brand.purchase_orders:
        for line in order.lines:
            if line.style_color_id == color.id and line.open_by_size.pop(body["size"], None) is not None:
                order.last_modified = world.now()
    return {"sizes": [size.name for size in kept]}


def add_image(world: World, body: Body) -> Body:
    """A picture of `style`, or of its `color`; `name` is STYLE_COLOR_n.jpg with the next n unless given, `content` (Base64) is drawn unless
    given, `scope` is Public unless given."""
    allow(body, "style", "color", "name", "scope", "content")
    style, color = str(body["style"]), str(body.get("color", ""))
    number = 1 + sum((picture.style, picture.color) == (style, color) for picture in world.brand.pictures)
    picture = Picture(
        id=str(uuid.uuid4()),
        name=picture_name(style, color, number),
        style=style,
        color=color,
        form="jpeg",
        shade=number,
        size=SMALLEST,
        uploaded=world.now(),
        anonymous_token=uuid.uuid4().hex,
    )
    _change(picture, body)
    world.brand.pictures.append(picture)
    return {"id": picture.id, "name": picture.name}


def change_image(world: World, body: Body, document_id: str) -> Body:
    """Give a picture another `name`, `scope` or `content` (Base64), or `redraw` it in other colours; or `remove` it."""
    allow(body, "name", "scope", "content", "redraw", "remove")
    picture = world.picture(document_id)
    if picture is None:
        raise Nonsense(f"no picture {document_id}", 404)
    if body.get("remove"):
        for pictures in (world.brand.pictures, world.brand.awkward_pictures):
            pictures[:] = [kept for kept in pictures if kept is not picture]
        return {"removed": document_id}
    _change(picture, body)
    if body.get("redraw"):
        picture.shade += 1
        if picture.content is not None:
            picture.content, picture.size = None, SMALLEST
    picture.uploaded = world.now()
    return {"id": picture.id, "name": picture.name, "size": picture.size}


def _change(picture: Picture, body: Body) -> None:
    if body.get("scope", "Public") not in ("Public", "PeopleInOrganization", "Private"):
        raise Nonsense("scope is Public, PeopleInOrganization or Private")
    if "content" in body:
        picture.content = base64.b64decode(body["content"], validate=True)
        picture.size = len(picture.content)
    picture.name = str(body.get("name", picture.name))
    picture.scope = body.get("scope", picture.scope)
