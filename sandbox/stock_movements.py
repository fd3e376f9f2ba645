"""What lies in the pretend brand's warehouses, what is on the way, and what is promised: stock, purchase orders, orders already open."""

from datetime import datetime, timedelta

from sandbox.brand import Brand, OpenOrderLine, POLine, PurchaseOrder, Stock, StyleColor
from sandbox.stock_draw import Draw, days_after

FIRST_ORDER_NUMBER = 120_001  # 6 digits, as in the sample of AIMS360 facts 9.7; orders created later count on from the seeded ones


def add_movements(brand: Brand, now: datetime) -> None:
    stocked = [color for color in brand.style_colors if color.kind == "Inventory"]
    _add_stock(brand, stocked)
    active = [color for color in stocked if color.active]
    if active:
        _add_purchase_orders(brand, active, now)
        _add_open_orders(brand, active, now)
        _add_orders_on_wip(brand)


def _add_stock(brand: Brand, stocked: list[StyleColor]) -> None:
    draw = Draw(brand.seed, "stock")
    shares = {brand.warehouses[0].id: 1.0, brand.warehouses[1].id: 0.6, brand.warehouses[2].id: 0.5, brand.warehouses[3].id: 0.02}
    for color in stocked:
        for warehouse, share in shares.items():
            if not draw.chance(share):
                continue
            for size in color.sizes:
                brand.stock[color.id, size.name, warehouse] = _units(draw)


def _units(draw: Draw) -> Stock:
    kind = draw.weighted(["some", "none", "negative"], [88, 10, 2])
    if kind == "none":
        return Stock(0)
    if kind == "negative":  # counted or shipped wrongly; real warehouses have it
        return Stock(-draw.number(1, 9))
    on_hand = draw.number(1, 180)
    return Stock(on_hand, pick_tickets=min(on_hand, draw.number(1, 12)) if draw.chance(0.08) else 0)


def _add_purchase_orders(brand: Brand, active: list[StyleColor], now: datetime) -> None:
    draw = Draw(brand.seed, "purchase orders")
    for number in range(max(5, len(active) // 12)):
        status = {0: "Open", 1: "Open", 2: "Completed", 3: "Cancelled"}.get(number) or draw.weighted(["Open", "Completed"], [85, 15])
        arrival = draw.number(10, 150)
        lines = [_po_line(brand, draw, color, now, arrival, status == "Open") for color in draw.some(active, draw.number(2, 7))]
        if number == 0:
            lines[-1].in_warehouse_date = lines[-1].x_factory_date = None  # served as the empty date, 1899-12-30
        vendor = draw.one(["Porto Mills", "Tirupur Knits", "Bursa Tekstil"])
        brand.purchase_orders.append(PurchaseOrder(str(50_001 + number), vendor, status, draw.past(now, 60), lines))


def _po_line(brand: Brand, draw: Draw, color: StyleColor, now: datetime, arrival: int, is_open: bool) -> POLine:
    in_warehouse = days_after(now, arrival + draw.one([0, 0, 0, 7, 14]))
    quantities = {size.name: draw.number(1, 12) * 10 if is_open else 0 for size in color.sizes}
    warehouse = draw.one(brand.warehouses[:3])
    return POLine(color.id, warehouse.id, in_warehouse, in_warehouse - timedelta(days=draw.number(14, 35)), quantities)


def _add_open_orders(brand: Brand, active: list[StyleColor], now: datetime) -> None:
    """Orders that stood in AIMS360 before; a part of each is allocated to stock on hand, and the stock row counts it as allocated."""
    draw = Draw(brand.seed, "open orders")
    for number in range(max(5, len(active) // 15)):
        order, complete = str(FIRST_ORDER_NUMBER + number), days_after(now, draw.number(-10, 120))
        warehouse = draw.one(brand.warehouses[:3])
        division = draw.one(active).division_id  # an AIMS360 order is of one division
        for color in draw.some([color for color in active if color.division_id == division], draw.number(1, 4)):
            for size in draw.some(color.sizes, draw.number(1, 4)):
                line = OpenOrderLine(order, color.id, warehouse.id, size.name, draw.number(1, 12), complete)
                stock = brand.stock.get((color.id, size.name, warehouse.id))
                if stock and draw.chance(0.5):
                    line.allocated = max(0, min(line.quantity, stock.on_hand - stock.allocated - stock.pick_tickets))
                    stock.allocated += line.allocated
                brand.open_orders.append(line)


def _add_orders_on_wip(brand: Brand) -> None:
    """One order for a purchase order in four, allocated to its first line, in the part of it that is promised."""
    draw = Draw(brand.seed, "orders on wip")
    number = 1 + max(int(line.order) for line in brand.open_orders)
    for purchase_order in brand.purchase_orders[::4]:
        line = purchase_order.lines[0]
        if purchase_order.status != "Open" or line.in_warehouse_date is None:
            continue
        complete = line.in_warehouse_date + timedelta(days=10)
        for size, open_units in line.open_by_size.items():
            units = draw.number(1, open_units)
            brand.open_orders.append(
                OpenOrderLine(str(number), line.style_color_id, line.warehouse_id, size, units, complete, units, purchase_order.number)
            )
        number += 1
