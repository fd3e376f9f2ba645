"""The catalogue: what AIMS360 said of a style, what JOOR was told of each card, linesheet and image."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime


class StyleSource(SQLModel, table=True):
    """One AIMS360 style of a site as it was last read: exports, linesheet rules and previews work from it without asking again.

    `rows` are the style-colours (JSON of `clients.aims360.types.StyleColor`, exact numbers as text), `prices` rows of other price levels.
    An older reading never overwrites a newer one (`read_at`). `gone`: a whole reading did not have the style any more.
    """

    __tablename__ = "style_source"
    __table_args__ = (Index("ix_style_source_season", "site_id", "season"),)

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    style: str = Field(primary_key=True, max_length=100)
    division: str = Field(default="", max_length=40)  # codes
    season: str = Field(default="", max_length=40)
    active: bool = True
    gone: bool = False
    rows: list[dict[str, Any]] = Field(sa_column=Column(Json, nullable=False))
    prices: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(Json))
    details: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))  # GET of the single style, where a site's fields need it
    digest: str = Field(max_length=64)  # of rows, prices and details
    exported_digest: str | None = Field(default=None, max_length=64)  # digest and configuration that the last complete export saw
    read_at: datetime = Field(sa_type=UtcDateTime)


class CardState(StrEnum):
    WANTED = "wanted"  # nothing was sent yet
    SENDING = "sending"  # a call for it may be on its way: what JOOR holds is in doubt until it has been looked up
    ON_JOOR = "on_joor"
    REMOVED = "removed"


class StyleCard(SQLModel, table=True):
    """One JOOR style card. Its key is the style identifier; `color` is "" for a card with all colours of the style.

    A digest is the fingerprint of the part that JOOR was last told and confirmed; None: not known, so it is sent. `ids` holds JOOR's ids:
    {"skus": {"COLOUR|SIZE": id}, "prices": {"COLOUR|SIZE|LABEL|CURRENCY": id}}. `sent` is the draft JOOR has, part by part
    ({"product": .., "skus": .., "prices": ..}), `pending` a bulk job of the v2 route that is not finished
    ({"job": id, "parts": [..], "digests": {..}, "since": iso time}).
    """

    __tablename__ = "style_card"
    __table_args__ = (Index("ix_style_card_style", "site_id", "style"),)

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    identifier: str = Field(primary_key=True, max_length=100)
    style: str = Field(max_length=100)
    color: str = Field(default="", max_length=60)
    number: str = Field(default="", max_length=100)  # style number as JOOR shows it
    name: str = Field(default="", max_length=200)
    state: str = Field(default=CardState.WANTED, max_length=10)
    by_hand: bool = False  # a person had made it on JOOR before it was paired or adopted
    joor_id: str | None = Field(default=None, max_length=100)
    product_digest: str | None = Field(default=None, max_length=64)
    skus_digest: str | None = Field(default=None, max_length=64)
    prices_digest: str | None = Field(default=None, max_length=64)
    ids: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    sent: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    pending: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


#: What a `StyleField` may fill. With a prefix also a trait of JOOR by its name ("trait:Fabrication Name"), a trait's code
#: ("trait_code:Division"), a style tag ("tag:GROUP/NAME"). `rules.style_fields` says what each means; commands refuse any other.
STYLE_TARGETS = ("name", "number", "description", "order_minimum", "color_name", "category", "case_pack")
STYLE_TARGET_PREFIXES = ("trait:", "trait_code:", "tag:")


class StyleField(SQLModel, table=True):
    """Where a JOOR field of a style comes from, where it differs from the default: an AIMS360 field (any property of the style-colour row,
    or `division`, `season`, ...), else a constant; `fallback` stands in for an empty value. See `rules.style_fields` for the targets."""

    __tablename__ = "style_field"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    joor_field: str = Field(primary_key=True, max_length=100)
    aims_field: str = Field(default="", max_length=100)
    constant: str = Field(default="", max_length=500)
    fallback: str = Field(default="", max_length=500)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    updated_by: str = Field(default="", max_length=100)


class Linesheet(SQLModel, table=True):
    """A linesheet that we keep on JOOR (v4 collection, v2 delivery). `code` is its external id there and never changes.

    `rule` is a `models.settings.LinesheetRule`: which styles belong to it. Without ship_start and ship_complete it is immediate. `dropped`
    lists AIMS360 STYLE or STYLE|COLOUR that a person took off although the rule has them. `joor_id` None: not made yet (or in doubt when
    `sending`).
    """

    __tablename__ = "linesheet"
    __table_args__ = (UniqueConstraint("site_id", "code", name="uq_linesheet"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    code: str = Field(max_length=50)
    name: str = Field(max_length=100)
    season_code: str = Field(default="", max_length=40)
    season_name: str = Field(default="", max_length=100)
    season_year: int | None = None
    ship_start: str | None = Field(default=None, max_length=10)  # YYYY-MM-DD: a ship date has no time zone
    ship_complete: str | None = Field(default=None, max_length=10)
    cancel_date: str | None = Field(default=None, max_length=10)
    minimum_window: int | None = None  # days
    rule: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    dropped: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    active: bool = True
    joor_id: str | None = Field(default=None, max_length=100)
    season_id: str | None = Field(default=None, max_length=100)
    sending: bool = False
    header_digest: str | None = Field(default=None, max_length=64)
    items_digest: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(default="", max_length=100)
    synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LinesheetItem(SQLModel, table=True):
    """A card that we put on a linesheet. `by_hand`: a person had put it there before us, so it is never taken off by us."""

    __tablename__ = "linesheet_item"

    linesheet_id: int = Field(foreign_key="linesheet.id", primary_key=True)
    identifier: str = Field(primary_key=True, max_length=100)
    joor_id: str | None = Field(default=None, max_length=100)
    by_hand: bool = False
    order_number: int | None = None
    excluded: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))  # colours left out
    added_at: datetime = Field(sa_type=UtcDateTime)


class ImageLevel(StrEnum):
    STYLE = "style"
    COLOR = "color"
    SWATCH = "swatch"


class ImageSent(SQLModel, table=True):
    """One image that JOOR holds for a card. `place` is 1.. within (card, level, colour). `digest` is of the bytes as the source had them;
    None: a call went out and its end was not recorded. `source_version` (size, time or ETag) spares fetching what has not changed."""

    __tablename__ = "image_sent"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    identifier: str = Field(primary_key=True, max_length=100)
    level: str = Field(primary_key=True, max_length=10)
    color: str = Field(primary_key=True, default="", max_length=60)
    place: int = Field(primary_key=True)
    digest: str | None = Field(default=None, max_length=64)
    source: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))  # document id, path or URL
    source_version: str = Field(default="", max_length=200)
    filename: str = Field(default="", max_length=100)  # as we named it; v2 appends a random text
    route: str = Field(default="", max_length=10)  # url | bytes
    refused: str | None = Field(default=None, sa_column=Column(Text))  # JOOR's words, or ours; offered again when the source changes
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
