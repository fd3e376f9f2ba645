"""The producers' process: timetable, relay and rescue loop, each in a thread. The embedded mode runs the same three beside the worker."""

import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlmodel import col, select

from models.errors import SyncError
from models.outbox import WAKE_CHANNEL
from models.sites import Site
from producers import timetable
from producers.relay import AmqpPublisher, Publisher, Relay, declare_topology
from producers.rescue import Rescue
from runtime.clock import Clock, SystemClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.failpoints import Failpoints
from runtime.settings import Settings


class Background:
    """The three loops. `wake` makes the relay look at once."""

    def __init__(self, settings: Settings, sessions: Sessions, publisher: Publisher, clock: Clock, stop: threading.Event) -> None:
        failpoints = Failpoints(settings.failpoints, settings.failpoints_once)
        self.wake = threading.Event()
        self._stop = stop
        self._clock = clock
        self._sessions = sessions
        self._relay = Relay(sessions, publisher, clock, after_publish=lambda: failpoints.hit("after_publish_before_stamp"))
        self._rescue = Rescue(sessions, clock, settings.amqp_url, self.wake.set)
        self._loops: list[tuple[str, Callable[[], None]]] = [
            ("relay", lambda: self._relay.run(stop, self.wake)),
            ("rescue", lambda: self._rescue.run(stop)),
        ]
        if settings.database_url.startswith("postgresql"):
            self._loops.append(("listen", lambda: listen(settings.database_url, stop, self.wake)))

    def start(self, *, with_timetable: bool = True) -> "Background":
        if with_timetable:
            self._loops.append(("timetable", lambda: timetable.run(self._sessions, self._clock, self._stop, self.wake.set)))
        self._threads = [threading.Thread(target=loop, name=name, daemon=True) for name, loop in self._loops]
        for thread in self._threads:
            thread.start()
        return self

    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def join(self, timeout: float = 10.0) -> None:
        for thread in self._threads:
            thread.join(timeout)


def listen(database_url: str, stop: threading.Event, wake: threading.Event) -> None:
    """Wake the relay when PostgreSQL says that jobs were committed. Losing the connection costs only the relay's one-second poll."""
    log = structlog.get_logger("listen")
    while not stop.is_set():
        try:
            with psycopg.connect(database_url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
                connection.execute(f"LISTEN {WAKE_CHANNEL}")
                while not stop.is_set():
                    for _ in connection.notifies(timeout=2.0, stop_after=1):
                        wake.set()
        except psycopg.Error as error:
            log.warning("not listening for new jobs; the relay polls", reason=str(error).splitlines()[0] if str(error) else "")
            stop.wait(5.0)


def serve(settings: Settings, stop: threading.Event) -> int:
    """`joorsync producers`: until `stop`. Needs RabbitMQ; starts without it and waits for it. Exit code 1 when a loop died."""
    engine = make_engine(settings.database_url)
    sessions, log = session_factory(engine), structlog.get_logger("producers")
    if settings.amqp_url is None:
        raise SyncError("AMQP_URL is not set", fix=["Set AMQP_URL, or run everything in one process: joorsync up."])
    publisher = AmqpPublisher(settings.amqp_url)
    try:
        with sessions() as session:
            keys = session.exec(select(Site.key).order_by(col(Site.key))).all()
        lanes = declare_topology(settings.amqp_url, keys)
        log.info("producers started", lanes=lanes)
    except SyncError as error:
        log.warning("lanes are not declared yet; the relay does it with the first message", reason=error.summary)
    background = Background(settings, sessions, publisher, SystemClock(), stop).start()
    code = 0
    while not stop.wait(1.0):
        if not background.alive():
            log.critical("a loop of this process died; leaving so that a fresh one takes over")
            code = 1
            stop.set()
    background.join()
    publisher.close()
    engine.dispose()
    return code
