"""Settings per site. Payloads are validated here before they are stored; table models do not validate.

Option values that AIMS360's own screens offer are UNKNOWN; these are ours.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from holidays import list_supported_countries
from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StyleSettings(_Settings):
    """How AIMS360 styles become JOOR style cards.

    `card`: one card per style, or one per style and colour (then style_identifier = style + separator + colour). The mode of a live
    catalogue is changed by `joorsync styles rekey`, never by itself.
    """

    card: Literal["style", "style_color"] = "style"
    identifier_separator: str = "-"
    different_prices: Literal["split", "refuse"] = "split"  # colours of one style with different prices, when card is "style"
    rekey: Literal["ask", "go"] = "ask"  # a style whose cards on JOOR would get other identifiers
    deactivate: Literal["ask", "go"] = "ask"  # a colour or size of open orders that would be taken away
    gone: Literal["report", "remove"] = "report"  # styles that AIMS360 no longer has, or that became inactive
    route: Literal["auto", "v4", "v2"] = "auto"  # auto: v4 where the site has its credentials
    division_field: Literal["auto", "always", "never"] = "auto"  # auto: only while this is the tenant's one site
    price_source: Literal["style_color", "price_list"] = "style_color"  # wholesalePrice of the row, or AIMS360's price levels (A-13)
    base_currency: str | None = None  # of wholesalePrice; None: the currency of the only price label
    currencies: list[str] | None = None  # None: those of the price labels that are mapped
    price_level: str = "Wholesale"  # of price_list, where a price label names none
    retail: bool = True  # send retail prices too
    seasons: list[str] | None = None  # AIMS360 codes; None: all
    include_inactive: bool = False
    details: bool = False  # one more AIMS360 read per style (fabricContent)
    overlap_minutes: int = Field(default=10, ge=0)  # of delta reads
    full_scan_hours: int = Field(default=24, ge=1)  # a whole reading at least so often: delta reads rest on an assumed field
    batch_size: int = Field(default=100, ge=1, le=100)  # styles per bulk call; JOOR's maximum is UNKNOWN
    single_up_to: int = Field(default=3, ge=0)  # so many waiting styles go one call chain each, as JOOR prefers; more go in bulk calls


class LinesheetRule(_Settings):
    """Which styles belong to a linesheet: those that meet every condition given, and the named ones. Codes are AIMS360's."""

    seasons: list[str] | None = None
    divisions: list[str] | None = None
    fields: dict[str, list[str]] = Field(default_factory=dict)  # AIMS360 field of the style-colour row (a delivery, a user code) -> values
    styles: list[str] = Field(default_factory=list)  # STYLE, in display order
    exclude: list[str] = Field(default_factory=list)  # STYLE|COLOUR or |COLOUR: colours left out
    order: Literal["listed", "style"] = "style"  # display order: as listed in `styles` (others after them), or by style number

    @property
    def by_condition(self) -> bool:
        return bool(self.seasons is not None or self.divisions is not None or self.fields)


class LinesheetSettings(_Settings):
    """Modes are no setting: items are only ever added or taken off by name (joor-api facts 4.4, 5.2)."""

    public: bool = True  # v2: visible to connections
    after_styles: bool = True  # a style that is new on JOOR, or has other colours or sizes, brings its linesheets up to date


class ImageSettings(_Settings):
    """Where images come from, and what becomes of them. `template` of a folder or URL source: {style} {color} {n}."""

    source: Literal["aims", "folder", "url", "none"] = "aims"
    template: str = "{style}_{color}_{n}.jpg"
    level: Literal["style", "color"] = "color"
    swatch: str = ""  # "": at colour level the first image is the swatch; else the {n} of the image that is ("swatch", "0")
    most: int = Field(default=8, ge=1, le=50)  # images per style, or per colour
    urls_public: bool = False  # JOOR can reach the source's URLs from the internet
    background: str = "#ffffff"  # behind transparent pictures
    after_styles: bool = True  # a style that is new on JOOR, or has a new colour, gets its images
    batch_size: int = Field(default=100, ge=1, le=1000)  # assets per v4 call; JOOR's maximum is UNKNOWN

    @model_validator(mode="after")
    def _template_fits(self) -> "ImageSettings":
        if self.source in ("folder", "url") and "{style}" not in self.template:
            raise ValueError("template needs {style}, for example /images/{style}_{color}_{n}.jpg")
        if self.source == "url" and "://" not in self.template:
            raise ValueError("the template of source 'url' is a full URL, for example https://cdn.example.com/{style}_{color}_{n}.jpg")
        return self


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
    account_prefix: str = Field(default="", max_length=10)  # account of a customer made for an order: prefix, letters of the name, digest
    account_letters: int = Field(default=4, ge=0, le=20)
    account_digest: int = Field(default=4, ge=4, le=16)  # hexadecimal digits, so that two retailers of one name get two accounts
    shipping_code: Literal["pairs", "unique"] = "unique"  # without a customer code: only by pairs, or also by a store only one customer has
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


class CustomerSettings(_Settings):
    """How AIMS360 customers become JOOR connections, and how long JOOR may take to match new ones (joor-api facts 3.2).

    `new`: only customers that a person names are sent as new ones, or every orderable customer that meets `fields`. Either way nothing new
    goes out before the site's mapping was reviewed (`joorsync customers review`).
    """

    new: Literal["named", "all"] = "named"
    fields: dict[str, list[str]] = Field(default_factory=dict)  # AIMS360 field of the customer row -> values: whose customers these are
    price_labels: Literal["customer", "fixed"] = "customer"  # by the customer's currency and price level, or always `fixed_price_labels`
    fixed_price_labels: list[str] = Field(default_factory=list)  # JOOR labels; also for customers of whom AIMS360 shows no currency
    terms: bool = True  # send payment methods
    ship_vias: bool = True  # send shipping methods
    sales_reps: bool = True
    groups: bool = True
    missing_pair: Literal["ask", "leave_out"] = "ask"  # a term, ship via or rep without a pair: wait for it, or send the customer without
    create_doors: bool = False  # shipping_create_doors of ship-tos
    write_code: bool = True  # after an order made a customer: enter its account on JOOR (else a task for a person)
    batch_size: int = Field(default=100, ge=1, le=1000)  # connections per bulk call; JOOR's maximum is UNKNOWN
    single_reads_up_to: int = Field(default=20, ge=0)  # so many waiting customers are looked at one by one; more by pages of the list
    match_days: dict[int, int] = Field(default_factory=lambda: {100: 2, 500: 3, 1000: 4, 1_000_000: 5})  # up to so many new: business days
    look_hours: int = Field(default=4, ge=1)  # between looks at customers that JOOR still matches, in business hours
    business_hours: str = "09:00-18:00"
    time_zone: str = "America/New_York"  # of JOOR Data Services (ASSUMED)
    holidays: str = "US"  # country whose public holidays are no business days (ASSUMED); "" for none
    overlap_minutes: int = Field(default=10, ge=0)  # of delta reads
    full_scan_hours: int = Field(default=24, ge=1)  # a whole reading at least so often: delta reads rest on an assumed field

    @model_validator(mode="after")
    def _usable(self) -> "CustomerSettings":
        _zone(self.time_zone)
        opens, closes = clock_hours(self.business_hours)
        if opens >= closes:
            raise ValueError("business_hours must begin before they end, for example 09:00-18:00")
        if self.holidays and self.holidays not in list_supported_countries():
            raise ValueError(
                f"there is no calendar of public holidays for {self.holidays!r}; give two letters, for example US or DE, or none"
            )
        if self.price_labels == "fixed" and not self.fixed_price_labels:
            raise ValueError("price_labels 'fixed' needs fixed_price_labels (JOOR's labels)")
        if not self.match_days or any(up_to < 1 or days < 1 for up_to, days in self.match_days.items()):
            raise ValueError("match_days gives business days per volume, for example {100: 2, 500: 3, 1000: 4, 1000000: 5}")
        return self


class ReportSettings(_Settings):
    """Who is told of errors, and when."""

    recipients: list[str] = Field(default_factory=list)  # e-mail addresses of the brand's contacts
    orders_at_once: bool = True
    digest: Literal["hourly", "daily", "off"] = "daily"
    digest_hour: int = Field(default=7, ge=0, le=23)  # of a daily digest, in `time_zone`
    time_zone: str = "UTC"
    quiet_hours: str | None = None  # HH:MM-HH:MM in `time_zone`: nothing is sent then, it follows after

    @model_validator(mode="after")
    def _usable(self) -> "ReportSettings":
        _zone(self.time_zone)
        if self.quiet_hours is not None:
            clock_hours(self.quiet_hours)
        wrong = [address for address in self.recipients if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", address)]
        if wrong:
            raise ValueError(f"recipients: {', '.join(wrong)} cannot be an e-mail address")
        return self


Scheduled = Literal["customers", "styles", "linesheets", "images", "inventory", "orders"]


class Schedule(_Settings):
    """When scans are asked for, per data type: every so many minutes, or by a cron line (five fields, in `time_zone`), which then rules.

    Neither: the data type is only synced when somebody asks. `off` switches data types off altogether: nothing is asked for, by nobody.
    """

    orders_minutes: int | None = Field(default=1, ge=1)  # reading costs 1 credit; 15 is what AIMS360's own module does
    inventory_minutes: int | None = Field(default=15, ge=1)
    styles_minutes: int | None = Field(default=None, ge=1)  # off until a person has seen the first preview
    linesheets_minutes: int | None = Field(default=None, ge=1)
    images_minutes: int | None = Field(default=None, ge=1)
    customers_minutes: int | None = Field(default=None, ge=1)
    orders_cron: str | None = None
    inventory_cron: str | None = None
    styles_cron: str | None = None
    linesheets_cron: str | None = None
    images_cron: str | None = None
    customers_cron: str | None = None
    time_zone: str = "UTC"  # of cron lines and quiet hours
    quiet_hours: str | None = None  # HH:MM-HH:MM: what falls due then is asked for when they end
    quiet_for: list[Scheduled] | None = None  # None: every data type but orders
    off: list[Scheduled] = Field(default_factory=list)

    @model_validator(mode="after")
    def _usable(self) -> "Schedule":
        _zone(self.time_zone)
        if self.quiet_hours is not None:
            clock_hours(self.quiet_hours)
        for name in get_args(Scheduled):
            line: Any = getattr(self, f"{name}_cron")
            if line is None:
                continue
            try:
                if len(line.split()) != 5:
                    raise CronSimError("a cron line has five fields: minute, hour, day of month, month, day of week")
                CronSim(line, _ANY_MOMENT)
            except CronSimError as error:
                raise ValueError(f"{name}_cron {line!r} cannot be used: {error}; for example '0 6 * * 1-5'") from None
        return self


_ANY_MOMENT = datetime(2026, 1, 1)  # noqa: DTZ001  # only to read a cron line


def clock_hours(text: str) -> tuple[time, time]:
    """ "22:00-06:00" as two times of day. Raises ValueError."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a span of hours, for example 22:00-06:00")
    first, second = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if first == second:
        raise ValueError(f"{text!r} begins and ends at the same time")
    return first, second


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise ValueError(f"time_zone {name!r} is not known, for example Europe/Berlin or UTC")
    return ZoneInfo(name)
