"""Jobs: one row is the request, the outbox entry and the record of what became of it. The message in RabbitMQ carries only its id."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Text, text
from sqlmodel import Field, SQLModel

from models.columns import BigKey, Json, UtcDateTime


class DataType(StrEnum):
    CUSTOMERS = "customers"
    STYLES = "styles"
    LINESHEETS = "linesheets"
    IMAGES = "images"
    INVENTORY = "inventory"
    ORDERS = "orders"


class JobKind(StrEnum):
    """`<data type>.<verb>`; also the name of the dramatiq actor that does it."""

    ORDERS_SCAN = "orders.scan"
    ORDERS_IMPORT = "orders.import"
    ORDERS_CONFIRM = "orders.confirm"  # write SUCCESS / FAILED back to JOOR
    STYLES_SCAN = "styles.scan"  # read AIMS360's styles, remember them, add an export per style that differs
    STYLES_EXPORT = "styles.export"  # one AIMS360 style -> its JOOR cards
    STYLES_REMOVE = "styles.remove"  # one card, colour or size off JOOR; key IDENTIFIER[|COLOUR[|SIZE]]
    STYLES_MATCH = "styles.match"  # pair styles that people made on JOOR; propose the doubtful ones
    LINESHEETS_SYNC = "linesheets.sync"  # one linesheet: season, window, members; key is its code
    IMAGES_SCAN = "images.scan"  # list the images of the source, add an export per style that differs
    IMAGES_EXPORT = "images.export"  # one AIMS360 style's images
    CUSTOMERS_SCAN = "customers.scan"  # read AIMS360's customers, remember them, add an export per customer that differs
    CUSTOMERS_EXPORT = "customers.export"  # one AIMS360 customer -> its JOOR connection, until JOOR shows it
    CUSTOMERS_MATCH = "customers.match"  # read JOOR's connections; pair equal codes, propose the doubtful ones
    CUSTOMERS_LISTS = "customers.lists"  # read both systems' code lists; pair equal codes, propose equal names
    CUSTOMERS_CODE = "customers.code"  # write an AIMS360 account into a JOOR connection that has no code
    CUSTOMERS_STORE = "customers.store"  # add an accepted ship-to to an AIMS360 customer
    INVENTORY_SCAN = "inventory.scan"  # read AIMS360, apply the rules, store the wanted positions
    INVENTORY_PUSH = "inventory.push"  # send the positions that differ

    @property
    def data_type(self) -> DataType:
        return DataType(self.value.split(".", 1)[0])


class JobState(StrEnum):
    """DESIGN section 4. Who must act: nobody, except where said."""

    QUEUED = "queued"  # waits for the relay (from available_at on)
    PUBLISHED = "published"  # a message is in the broker
    RUNNING = "running"  # claimed, lease_until tells until when
    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    RETRYING = "retrying"  # transient; tried again at available_at
    WAITING = "waiting"  # until available_at; no attempt spent
    BLOCKED = "blocked"  # a person maps or decides; saving the pair re-queues
    UNKNOWN = "unknown"  # a create whose outcome nobody saw; looked up at available_at, never re-sent blind
    FAILED = "failed"  # a person retries or dismisses
    CANCELLED = "cancelled"


#: Not started, so asking again is the same request: the coalescing index covers these.
PENDING = (JobState.QUEUED, JobState.PUBLISHED, JobState.RETRYING, JobState.WAITING, JobState.BLOCKED, JobState.UNKNOWN)
#: Put back into the queue by itself once available_at has come.
DUE = (JobState.RETRYING, JobState.WAITING, JobState.UNKNOWN)
CLAIMABLE = (JobState.QUEUED, JobState.PUBLISHED)
ENDED = (JobState.SUCCEEDED, JobState.UNCHANGED, JobState.FAILED, JobState.CANCELLED)

PENDING_SQL = "state IN ('queued','published','retrying','waiting','blocked','unknown')"


class Run(SQLModel, table=True):
    """Everything one request caused: a click, a schedule tick, a script call."""

    __tablename__ = "run"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    site_id: int | None = Field(default=None, foreign_key="site.id", index=True)
    data_type: str = Field(max_length=20)
    reason: str = Field(default="", max_length=200)
    requested_by: str = Field(default="", max_length=100)
    dry_run: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Job(SQLModel, table=True):
    __tablename__ = "job"
    __table_args__ = (
        Index(
            "uq_job_pending",
            "site_id",
            "kind",
            "key",
            "dry_run",
            unique=True,
            sqlite_where=text(PENDING_SQL),
            postgresql_where=text(PENDING_SQL),
        ),
        Index("ix_job_due", "state", "available_at"),  # the relay and the rescue loop
        Index("ix_job_lane", "site_id", "data_type", "state", "id"),  # siblings of a batch, backlog per lane, the jobs page
        Index("ix_job_run", "run_id", "state"),
        Index("ix_job_key", "key"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    site_id: int = Field(foreign_key="site.id")
    data_type: str = Field(max_length=20)
    kind: str = Field(max_length=40)
    key: str = Field(default="", max_length=200)  # business key: JOOR order id, style number, "" for the whole site
    payload: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    dry_run: bool = False
    run_id: int | None = Field(default=None, sa_column=Column(BigKey, ForeignKey("run.id")))

    state: str = Field(default=JobState.QUEUED, max_length=12)
    wanted_at: datetime = Field(sa_type=UtcDateTime)  # the latest time somebody asked
    available_at: datetime = Field(sa_type=UtcDateTime)  # not before
    relay_token: str | None = Field(default=None, max_length=36)  # a relay has it in hand until relay_until
    relay_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = Field(default=None, max_length=100)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0  # spent tries; waiting spends none
    max_attempts: int = 8

    error_kind: str | None = Field(default=None, max_length=20)
    error_whose: str | None = Field(default=None, max_length=10)
    error_summary: str | None = Field(default=None, sa_column=Column(Text))
    error_fix: list[str] | None = Field(default=None, sa_column=Column(Json))
    error_field: str | None = Field(default=None, max_length=200)
    remote_message: str | None = Field(default=None, sa_column=Column(Text))
    blocked_on: list[dict[str, str]] | None = Field(default=None, sa_column=Column(Json))  # Missing rows

    note: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    sent: int = 0
    counts: dict[str, int] | None = Field(default=None, sa_column=Column(Json))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))  # a dry run's preview
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dismissed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attempt(SQLModel, table=True):
    """One try of a job. Written before calling out, finished after; one left open tells where a process died."""

    __tablename__ = "attempt"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    job_id: int = Field(sa_column=Column(BigKey, ForeignKey("job.id", ondelete="CASCADE"), nullable=False, index=True))
    number: int
    worker: str = Field(max_length=100)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = Field(default=None, max_length=20)  # a JobState value, or "lost"
    error_kind: str | None = Field(default=None, max_length=20)
    summary: str | None = Field(default=None, sa_column=Column(Text))
    remote_message: str | None = Field(default=None, sa_column=Column(Text))
    calls: int = 0
    credits: int = 0
    exchanges: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(Json))  # redacted: method, path, status, ids
    seconds: str | None = Field(default=None, sa_column=Column(String(20)))
