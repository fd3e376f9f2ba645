"""What a flow is given and what it gives back. A flow is a plain function; the runner alone turns its answer into job state."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlmodel import Session

from clients.aims360.client import AimsClient
from clients.joor.catalogue import Catalogue
from clients.joor.client import JoorClient
from models.errors import Outcome, SyncError
from models.jobs import DataType, JobKind
from models.settings import CustomerSettings, ImageSettings, InventorySettings, LinesheetSettings, OrderSettings, Schedule, StyleSettings
from runtime.clock import Clock


@dataclass(frozen=True)
class JobView:
    """The part of a job row that a flow may see."""

    id: int
    site_id: int
    kind: JobKind
    key: str
    payload: dict[str, Any]
    dry_run: bool
    run_id: int | None
    attempts: int  # tries spent before this one


@dataclass(frozen=True)
class SiteView:
    """A site as it stood when the job was claimed, its settings parsed."""

    id: int
    key: str
    name: str
    aims_tenant: str  # digest of AIMS360 URL and account; the key of cached lookups
    divisions: tuple[str, ...]  # AIMS360 division codes
    orders: OrderSettings
    inventory: InventorySettings
    styles: StyleSettings
    schedule: Schedule
    linesheets: LinesheetSettings = field(default_factory=LinesheetSettings)
    images: ImageSettings = field(default_factory=ImageSettings)
    customers: CustomerSettings = field(default_factory=CustomerSettings)
    is_sandbox: bool = False  # private addresses may be called
    alone: bool = True  # the one site of its AIMS360 tenant

    def syncs(self, data_type: DataType) -> bool:
        """Whether the data type is switched on: a flow asks for work of another one only then."""
        return data_type.value not in self.schedule.off


def _no_catalogue() -> Catalogue:
    raise TypeError("this context has no catalogue")


@dataclass(frozen=True)
class Context:
    """One job's surroundings. `session()` opens a short transaction and commits it on leaving; never hold one across a remote call."""

    site: SiteView
    clock: Clock
    session: Callable[[], AbstractContextManager[Session]]
    joor: JoorClient
    aims: AimsClient
    log: structlog.stdlib.BoundLogger
    catalogue: Callable[[], Catalogue] = _no_catalogue  # the site's route to JOOR's styles, linesheets and images
    hit: Callable[[str], None] = lambda _name: None  # failpoints: ctx.hit("after_http_before_record")
    beat: Callable[[], None] = lambda: None  # a long flow calls this between steps: raises when it should stop

    def with_runner(self, *, hit: Callable[[str], None], beat: Callable[[], None]) -> "Context":
        return replace(self, hit=hit, beat=beat)


Flow = Callable[[JobView, Context], Outcome]
BatchFlow = Callable[[Sequence[JobView], Context], dict[int, Outcome | SyncError]]


@dataclass(frozen=True)
class FlowSpec:
    """How the runner treats a kind. Exactly one of `run` and `run_batch` is set."""

    kind: JobKind
    run: Flow | None = None
    run_batch: BatchFlow | None = None
    batch_size: int = 1
    lease_seconds: int = 120
    max_attempts: int = 8
    endpoints: tuple[str, ...] = field(default_factory=tuple)  # breaker keys this kind depends on
    writes: bool = True  # to a remote system: a production site's gates hold it back (models.gates)
