"""What every command has in hand: settings, clock, who asks. The database is opened when a command first needs it."""

import getpass
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

from sqlalchemy import Engine

from models.audit import AuditEntry
from models.errors import NotPossible, SyncError
from producers.relay import AmqpPublisher, Relay
from runtime.clock import Clock
from runtime.db import Sessions, make_engine, session_factory
from runtime.migrate import refuse_newer, state, upgrade
from runtime.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing that `joorsync check` looked at. `reached` is False when a remote system or a service did not answer.

    `open`: nothing is wrong, but something is left for a person (a reminder). `detail` is more of the same for programs.
    """

    area: str
    ok: bool
    summary: str
    fix: Sequence[str] = ()
    reached: bool = True
    open: bool = False
    detail: Mapping[str, Any] | None = None

    @property
    def state(self) -> Literal["ok", "FAIL", "open"]:
        return "FAIL" if not self.ok else "open" if self.open else "ok"


class Running(Protocol):
    """A worker in this process."""

    def alive(self) -> bool: ...

    def stop(self) -> None: ...


class WorkerSide(Protocol):
    """The workers' part of commands, given by `console.cli`: the other modules of the console never import workers or clients."""

    def address(self, url: str, sandbox: bool) -> str:
        """The checked URL of a remote system. Raises NotPossible."""

    def contract(self, overrides: Mapping[str, Any]) -> None:
        """Raises NotPossible for contract overrides that name unknown entries."""

    def missing_secrets(self, names: Sequence[str]) -> list[str]:
        """Which secrets a site with these still needs before it can work."""

    def probe(self, process: "Process", site_id: int, contract: bool) -> list[Finding]:
        """Ask both remote systems of a site, read-only."""

    def observe(self, process: "Process", site_id: int, what: str, key: str) -> dict[str, Any]:
        """What a sandbox account shows of one thing (`workers.observe`). Raises SyncError."""

    def start(self, process: "Process", broker: Any, stop: threading.Event) -> Running:
        """Worker threads on this broker."""


@dataclass
class Process:
    """`actor` is written into audit rows."""

    settings: Settings
    clock: Clock
    work: WorkerSide
    actor: str

    @cached_property
    def engine(self) -> Engine:
        with_threads = self.settings.worker_threads + 4  # an inline worker shares it
        return make_engine(self.settings.database_url, pool_size=with_threads)

    @cached_property
    def sessions(self) -> Sessions:
        """Raises NotPossible when the database is not at the version of the code, Unavailable when it cannot be reached."""
        found = state(self.engine)
        refuse_newer(self.engine)
        if found != "current":
            raise NotPossible(f"The database is not migrated ({found}): {self.where}", fix=["Run: joorsync migrate"])
        return session_factory(self.engine)

    @cached_property
    def reading(self) -> Sessions:
        """For listings: does not wait for writers. Raises as `sessions` does."""
        assert self.sessions is not None  # opening it looks at the version
        return session_factory(self.engine, read_only=True)

    def prepare(self) -> None:
        """Embedded: bring the database to this version. With services that is `joorsync migrate`, a step of its own."""
        if self.settings.embedded:
            upgrade(self.engine)

    @property
    def where(self) -> str:
        """The database, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def audit(self, action: str, subject: str, **more: Any) -> AuditEntry:
        """`more`: before, after, reason."""
        return AuditEntry(at=self.clock.now(), actor=self.actor, action=action, subject=subject[:250], **more)

    def publish(self) -> str | None:
        """Put due messages into RabbitMQ now. Returns why they are delayed; None when they are there, or the embedded relay will do it."""
        if self.settings.amqp_url is None:
            return None
        publisher = AmqpPublisher(self.settings.amqp_url)
        try:
            relay = Relay(self.sessions, publisher, self.clock)
            while relay.publish_due():
                pass
        except SyncError as error:
            return error.summary
        finally:
            publisher.close()
        return None

    def close(self) -> None:
        if "engine" in self.__dict__:
            self.engine.dispose()


def who() -> str:
    """The person at this terminal, as far as the system tells."""
    with suppress(OSError, KeyError):
        return (os.environ.get("SUDO_USER") or getpass.getuser())[:100]
    return f"uid {os.getuid()}"
