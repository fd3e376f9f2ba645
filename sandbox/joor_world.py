"""What the pretend JOOR remembers: accounts, tokens, credits, inventory, export states; and the switches for what nobody could read.

Source of every behaviour: the JOOR fact sheet; its section is named where a function rests on it. ASSUMED and UNKNOWN things are a switch
or carry the word.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.brand import Brand, JoorAccount, JoorStyle
from sandbox.faults import Memory
from sandbox.joor_assets import Assets
from sandbox.joor_catalogue import Catalogue, SkuKey
from sandbox.joor_quota import Credits

DEFAULT_SWITCHES: dict[str, Any] = {
    "credit_quota": True,  # 2.1
    "credit_size": 300,
    "credit_window": 300,  # seconds
    "throttle_headers": False,  # invented monitoring headers; the real names are UNKNOWN
    "retry_after": False,  # whether a 429 carries Retry-After is UNKNOWN
    "order_paths": "both",  # both | order | orders
    "list_nesting": "orders.orders",  # orders.orders | orders.order | orders | order
    "single_as_object": False,  # a list of one arrives as the object itself
    "empty_list": "",  # "" | []
    "numbers": "string",  # string | number
    "response_code_type": "string",  # string | number
    "last_next_start": "",  # next_start on the last page is UNKNOWN: "" | 0 | any value
    "overwrite_scope": "account",  # account | warehouses
    "overwrite_clears_dates": False,  # 7.3: no integration can remove a dated bucket; true reads "replaces" to the letter
    "unknown_warehouse": "ignore",  # ignore | error | default
    "required_fields": [],  # checked by sync=1 reads (8.2)
    "v4_update_modifies": True,  # ASSUMED: a v4 change of an order's fields (not of its export state) moves date_modified
    "token_seconds": 36000,
    "job_delay": 2,  # polls until a bulk job is finished (4.6)
    "failed_records": [],  # keys (style identifiers, customer codes) that fail inside a bulk job without a word
    "customer_match": "manual",  # manual, or hours until Data Services have made a new customer's connection by themselves (3.2)
    "connection_validation": "silent",  # silent | ignore: what a code or price type JOOR does not have does to its record (3.1, 3.5)
    "connection_put": "allow",  # allow | absent: PUT of one connection has a path (3.3), its body is ASSUMED
    "sku_matrix": "explicit",  # explicit | auto: who makes the colour x size combinations a call leaves out (4.7, the docs disagree)
    "catalogue_errors": [],  # [{"path", "match", "status", "message"}]: items whose JSON holds `match` fail on paths that hold `path`
    "catalogue_paging": "none",  # none | pages; paging of v4 catalogue reads is UNKNOWN (4.7)
    "error_details": "keys",  # keys | documented: only a price's DUPLICATED is known to name what failed (1.5)
    "color_code_required": True,  # a colour's external_id, as public code found (4.7)
    "trait_status_scope": "value",  # value | sku; ASSUMED: INACTIVE counts for that colour or size of the whole card (4.5)
    "collection_action_param": "action",  # the name of the query parameter is UNKNOWN (5.2)
    "collection_recreate": "allow",  # allow | refuse: whether external_id is unique among collections is UNKNOWN
    "missing_items": "remove",  # remove | keep: what REPLACE_ITEMS does to the items when the update names none
    "asset_fetch": "loopback",  # loopback | no: fetch pictures from this machine only, or take every address unseen (6.2)
    "video_assets": False,  # a premium feature (2.2)
}

DEFAULT_WAREHOUSE = "Default"  # used when an item names none (7.2)
IMMEDIATE = "IMMEDIATE"


@dataclass
class Fetched:
    """What came of fetching a picture: its bytes, or why there are none."""

    body: bytes = b""
    problem: str = ""


@dataclass
class Grant:
    """A v4 token: the accounts its user may name, until when."""

    accounts: set[str]
    expires_at: datetime


@dataclass
class Job:
    """A v2 bulk job: its records are applied when it is finished (3.4, 4.6). `refused` is what nobody is told: (key, reason)."""

    id: int
    records: list[Any]
    created: datetime
    modified: datetime
    call: int
    polls: int = 0
    status: str = "queued"  # queued | started | finished
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Pending:
    """A new customer before JOOR Data Services (3.2): no API call shows it. A rejected one stays here for ever."""

    fields: dict[str, Any]  # of the newest record
    since: datetime
    rejected: bool = False


@dataclass
class Account:
    """One JOOR account in use: the seeded record plus what calls have changed."""

    key: str
    record: JoorAccount
    catalogue: Catalogue
    inventory: dict[tuple[SkuKey, str, str], int] = field(default_factory=dict)  # (sku, warehouse, date or IMMEDIATE) -> units
    made_to_order: set[SkuKey] = field(default_factory=set)
    export_description: dict[int, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)  # orders changed after their last export
    v4_fields: dict[int, dict[str, Any]] = field(default_factory=dict)  # order fields v2 does not show (tracking number)
    jobs: dict[int, Job] = field(default_factory=dict)  # of styles
    connection_jobs: dict[int, Job] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)  # by customer code
    assets: Assets = field(default_factory=Assets)

    def forget_stock(self, gone: set[SkuKey]) -> None:
        """SKUs that are no more have no inventory."""
        for bucket in [bucket for bucket in self.inventory if bucket[0] in gone]:
            del self.inventory[bucket]
        self.made_to_order -= gone

    def forget_card(self, style: JoorStyle) -> None:
        """A deleted card has no stock, is on no linesheet and has no pictures (the last two are ASSUMED). Orders still name it."""
        self.forget_stock({(style.style_identifier, sku.color_code, sku.size) for sku in style.skus})
        for linesheet in self.record.linesheets:
            linesheet.items.pop(style.style_identifier, None)
        for asset in self.assets.of(style.style_identifier):
            self.assets.remove(asset)
        self.catalogue.remove_style(style)

    def export_state(self, order_id: int) -> str:
        return self.record.export_state.get(order_id, "UNDEFINED")

    def modified_since_export(self, order_id: int) -> bool:
        """Exported with success, and changed since (8.1, export_status=4)."""
        exported_at = self.record.exported_at.get(order_id)
        if exported_at is None or self.export_state(order_id) != "SUCCESS":
            return False
        modified = parse_time(str(self.record.orders[order_id].get("date_modified") or ""))
        return order_id in self.touched or (modified is not None and modified > exported_at)

    def set_export_state(self, order_id: int, state: str, description: str, now: datetime) -> None:
        self.record.export_state[order_id] = state
        self.export_description[order_id] = description
        if state == "SUCCESS":
            modified = parse_time(str(self.record.orders[order_id].get("date_modified") or ""))
            self.record.exported_at[order_id] = max(now, modified) if modified else now
            self.touched.discard(order_id)

    def touch(self, order_id: int, now: datetime) -> None:
        """The order was edited: a later `date_modified` (whole seconds, so a flag tells edits within one second of an export)."""
        self.record.orders[order_id]["date_modified"] = iso(now)
        if order_id in self.record.exported_at:
            self.touched.add(order_id)


class World:
    """All JOOR accounts of one brand and what they share. Used with the listener's lock held; not thread-safe by itself."""

    def __init__(self, brand: Brand, memory: Memory, switches: dict[str, Any] | None = None) -> None:
        self.memory = memory
        self.switches = {**DEFAULT_SWITCHES, **(switches or {})}
        now = memory.clock.now()
        self.accounts = {key: Account(key, record, Catalogue(record, now)) for key, record in brand.accounts.items()}
        self.grants: dict[str, Grant] = {}
        self.credits = Credits()
        self.fetched: dict[int, dict[str, Fetched]] = {}  # call number -> address -> what the call's pictures turned out to be
        self.awkward = {order_id for order_ids in brand.cases.values() for order_id in order_ids}

    def now(self) -> datetime:
        return self.memory.clock.now()

    def choice(self, switch: str, *values: str) -> str:
        """A switch that has a closed list of values. Raises ValueError (served as a bug of the sandbox) when set to anything else."""
        value = str(self.switches[switch])
        if value not in values:
            raise ValueError(f"switch {switch} is {value!r}; it takes {', '.join(values)}")
        return value

    def by_account_id(self, account_id: str) -> Account | None:
        return next((account for account in self.accounts.values() if account.record.account_id == account_id), None)

    def by_v2_token(self, token: str) -> Account | None:
        return next((account for account in self.accounts.values() if account.record.token == token), None)

    def effect(self, effect: str, account: Account, key: str, **detail: Any) -> None:
        self.memory.effect("joor", effect, key, account=account.key, **detail)


def parse_time(text: str) -> datetime | None:
    """An ISO 8601 time as aware UTC (UTC is ASSUMED when it names no zone); None when it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()
