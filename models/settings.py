"""Settings per site. Payloads are validated here before they are stored; table models do not validate.

Option values that AIMS360's own screens offer are UNKNOWN; these are ours.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StyleSettings(_Settings):
    """`card`: one JOOR style card per style, or one per style and colour (then style_identifier = style + separator + colour)."""

    card: Literal["style", "style_color"] = "style"
    identifier_separator: str = "-"


class OrderSettings(_Settings):
    """How JOOR orders become AIMS360 orders."""

    statuses: Literal["approved", "shipped", "both"] = "both"
    go_live: date | None = None  # orders approved before this day (UTC) are ignored
    overlap_minutes: int = Field(default=10, ge=0)
    page_size: int = Field(default=50, ge=1)  # JOOR's own default; its maximum is UNKNOWN
    division_rule: Literal["fixed", "order", "style"] = "style"
    fixed_division: str | None = None  # AIMS360 division code, for division_rule "fixed"
    several_divisions: Literal["split", "refuse"] = "split"
    import_status: Literal["Open", "Hold"] = "Hold"
    quantity_rule: Literal["packs", "units"] = "packs"  # what item_quantity counts when item_multiplier > 1 (UNKNOWN; JOOR facts 8.5)
    new_customer: Literal["create", "hold"] = "hold"
    price_rule: Literal["joor", "joor_unit", "aims"] = "joor"  # item_price + adjustment | item_unit_price | AIMS360 wholesale
    discount_rule: Literal["aims_discount", "fold_into_price"] = "aims_discount"
    total_difference: Literal["show", "hold"] = "hold"
    total_tolerance: Decimal = Decimal("0.01")
    notes: dict[str, str] = Field(
        default_factory=lambda: {"order_comments": "notes", "order_internal_comments": "note2", "order_delivery_name": "note1"}
    )  # JOOR order field -> AIMS360 header field
    cancel_date_note: bool = True  # AIMS360's order has no cancel date: say it in shippingInstructions
    default_warehouse: str | None = None  # AIMS360 warehouse for orders that name none
    season_rule: Literal["order", "none"] = "order"
    confirm_export: bool = True  # write SUCCESS / FAILED back to JOOR

    @model_validator(mode="after")
    def _fixed_needs_a_division(self) -> "OrderSettings":
        if self.division_rule == "fixed" and not self.fixed_division:
            raise ValueError("division_rule 'fixed' needs fixed_division (an AIMS360 division code)")
        return self


class InventorySettings(_Settings):
    """How AIMS360 stock becomes JOOR inventory. Units are pieces."""

    source: Literal["aqua", "rest"] = "aqua"
    aqua_source: str = "Warehouse Inventory Details by Size"
    aqua_view: str = "Style/Inventory Items With OTS(i)"
    columns: dict[str, str] = Field(default_factory=dict)  # our field -> column name of the tenant's view; see clients.aims360.contract
    immediate: bool = True
    future: bool = True
    arithmetic: Literal["given", "computed"] = "given"  # take the OTS column, or compute from on hand
    subtract_allocated: bool = True
    subtract_pick_tickets: bool = True
    subtract_open_orders: bool = True
    subtract_wip_allocated: bool = True
    ignore_negative_stock: bool = True
    wip_date: Literal["in_warehouse", "ex_factory"] = "in_warehouse"
    lead_days: int = Field(default=0, ge=0)  # added to the date chosen by wip_date
    future_quantity: Literal["arriving", "cumulative"] = "arriving"  # what JOOR expects in a date bucket is UNKNOWN
    horizon_days: int | None = Field(default=365, ge=0)
    safety_stock: int = Field(default=0, ge=0)  # pieces kept back per (SKU, JOOR warehouse)
    percentage: int = Field(default=100, ge=0, le=100)  # share of what is left, rounded down
    cap: int | None = Field(default=None, ge=0)
    minimum_to_show: int = Field(default=0, ge=0)  # less than this is shown as 0
    divisions: list[str] | None = None  # None: the site's own divisions
    seasons: list[str] | None = None
    include_inactive: bool = False
    batch_size: int = Field(default=1000, ge=1)  # items per bulk-inventory call; JOOR's maximum is UNKNOWN
    full_push_days: int | None = Field(default=7, ge=1)  # everything again, changed or not

    @model_validator(mode="after")
    def _something_to_send(self) -> "InventorySettings":
        if not (self.immediate or self.future):
            raise ValueError("immediate and future are both off: nothing would be sent; switch one on or pause the inventory lane")
        return self


class Schedule(_Settings):
    """Minutes between scans per data type; None switches the schedule off."""

    orders_minutes: int | None = Field(default=1, ge=1)  # reading costs 1 credit; 15 is what AIMS360's own module does
    inventory_minutes: int | None = Field(default=15, ge=1)
