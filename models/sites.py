"""Sites: one JOOR account each, with its divisions, credentials and settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime


class Site(SQLModel, table=True):
    """One JOOR account. `key` is the short name in lanes and commands ("us"); settings columns hold the pydantic types of
    `models.settings`, dumped with mode="json"."""

    __tablename__ = "site"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=30, unique=True)
    name: str = Field(default="", max_length=100)
    is_sandbox: bool = False  # plain http and private addresses are allowed only then
    #: Id of the site whose sandbox account this is: with ledgers, lanes, credentials of its own; divisions are that site's.
    sandbox_of: int | None = None
    production_open: bool = False  # changed by `joorsync sites open|close` alone
    joor_api_url: str = Field(max_length=300)  # without /v2 or /v4
    joor_auth_url: str | None = Field(default=None, max_length=300)  # v4 token URL, for example https://atlas.jooraccess.com/auth/
    joor_account_id: str | None = Field(default=None, max_length=40)
    aims_api_url: str = Field(max_length=300)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_reason: str | None = Field(default=None, sa_column=Column(Text))
    style_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    linesheet_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}"))
    image_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}"))
    inventory_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    customer_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}"))
    report_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False, server_default="{}"))
    order_settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    schedule: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    contract_overrides: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))  # from the site's TOML file
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Division(SQLModel, table=True):
    """An AIMS360 division; belongs to exactly one site of its AIMS360 tenant."""

    __tablename__ = "division"
    __table_args__ = (UniqueConstraint("aims_api_url", "code", name="uq_division_one_site"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    aims_api_url: str = Field(max_length=300)
    code: str = Field(max_length=40)
    name: str = Field(default="", max_length=100)


class Credential(SQLModel, table=True):
    """One secret of a site, encrypted (MultiFernet). `name` is one of CREDENTIAL_NAMES."""

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("site_id", "name", name="uq_credential"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str = Field(max_length=40)
    ciphertext: str = Field(sa_column=Column(Text, nullable=False))
    updated_at: datetime = Field(sa_type=UtcDateTime)


#: joor.token is the v2 token; joor.client_id .. joor.password are the v4 password grant; aims.token replaces the AIMS360 password grant.
CREDENTIAL_NAMES = (
    "joor.token",
    "joor.client_id",
    "joor.client_secret",
    "joor.username",
    "joor.password",
    "aims.client_id",
    "aims.client_secret",
    "aims.username",
    "aims.password",
    "aims.token",
)
