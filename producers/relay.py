"""From committed rows to messages: publish with confirms and the mandatory flag, many in flight, then stamp.

A crash in between publishes twice; that is harmless, because claiming a job is a conditional update. Several relays are safe.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import dramatiq
import pika
import pika.exceptions
import structlog
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.errors import SyncError, Unavailable
from models.jobs import DUE, Job, JobState
from models.limits import LanePause
from models.sites import Site
from runtime.broker import connect, connection_parameters, declare_lane, lane_name, lanes_of
from runtime.clock import Clock
from runtime.db import Sessions

RESERVE_SECONDS = 60
BATCH = 500
CONFIRM_SECONDS = 30.0
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Outgoing:
    job_id: int
    lane: str
    kind: str

    def encode(self) -> bytes:
        return dramatiq.Message(queue_name=self.lane, actor_name=self.kind, args=(self.job_id,), kwargs={}, options={}).encode()


class Publisher(Protocol):
    def publish(self, messages: Sequence[Outgoing]) -> set[int]:
        """Job ids whose message is safely in the broker. Raises Unavailable when the broker cannot be reached."""

    def close(self) -> None: ...


class MemoryPublisher:
    """Into the in-memory broker of this process."""

    def __init__(self, broker: "dramatiq.Broker") -> None:
        self._broker = broker

    def publish(self, messages: Sequence[Outgoing]) -> set[int]:
        for message in messages:
            self._broker.enqueue(dramatiq.Message.decode(message.encode()))
        return {message.job_id for message in messages}

    def close(self) -> None:
        """Nothing to close."""


class AmqpPublisher:
    """One connection in its own thread; confirms arrive while further messages are on their way.

    pika's blocking adapter waits for each confirm, so this is the one place that uses its asynchronous one.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._ready = threading.Event()
        self._settled = threading.Event()
        self._failure: str | None = None
        self._pending: dict[int, int] = {}  # delivery tag -> job id
        self._confirmed: set[int] = set()
        self._returned: dict[int, str] = {}  # job id -> lane that does not exist
        self._next_tag = 1

    def publish(self, messages: Sequence[Outgoing]) -> set[int]:
        """Messages for a lane that does not exist yet come back unroutable: the lane is made and they are sent once more."""
        if not messages:
            return set()
        with self._lock:
            confirmed = self._round(messages)
            unroutable = [message for message in messages if message.job_id in self._returned]
            if unroutable:
                self._make_lanes({message.lane for message in unroutable})
                confirmed |= self._round(unroutable)
            return confirmed

    def _round(self, messages: Sequence[Outgoing]) -> set[int]:
        connection = self._open()
        self._settled.clear()
        self._pending, self._confirmed, self._returned = {}, set(), {}
        connection.ioloop.add_callback_threadsafe(lambda: self._send(messages))
        settled = self._settled.wait(CONFIRM_SECONDS)
        confirmed, failure = set(self._confirmed) - set(self._returned), self._failure
        if not settled or failure:
            self._shut()
            if not confirmed:
                raise _unreachable(failure or f"no confirm within {CONFIRM_SECONDS:.0f} s (a memory or disk alarm blocks publishers)")
        return confirmed

    def close(self) -> None:
        with self._lock:
            self._shut()

    # -- below, all but _open, _shut and _make_lanes runs in the connection's thread -------------------------------------

    def _open(self) -> SelectConnection:
        if self._connection is not None and self._channel is not None and self._channel.is_open:
            return self._connection
        self._shut()
        self._ready.clear()
        self._failure = None
        connection = self._connection = SelectConnection(
            connection_parameters(self._url),
            on_open_callback=lambda opened: opened.channel(on_open_callback=self._channel_open),
            on_open_error_callback=lambda _, error: self._fail(str(error) or type(error).__name__),
            on_close_callback=lambda _, reason: self._fail(str(reason)),
        )
        threading.Thread(target=self._loop, args=(connection,), name="relay-amqp", daemon=True).start()
        if not self._ready.wait(CONFIRM_SECONDS) or self._failure:
            failure = self._failure
            self._shut()
            raise _unreachable(failure or "no answer")
        return connection

    def _loop(self, connection: SelectConnection) -> None:
        try:
            connection.ioloop.start()
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}")

    def _channel_open(self, channel: Channel) -> None:
        self._channel = channel
        self._next_tag = 1
        channel.add_on_return_callback(self._on_return)
        channel.add_on_close_callback(lambda _, reason: self._fail(str(reason)))
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._ready.set())

    def _send(self, messages: Sequence[Outgoing]) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            self._fail("the channel closed")
            return
        for message in messages:
            self._pending[self._next_tag] = message.job_id
            self._next_tag += 1
        for message in messages:
            properties = pika.BasicProperties(delivery_mode=2, message_id=str(message.job_id))
            channel.basic_publish("", message.lane, message.encode(), properties, mandatory=True)

    def _on_return(self, _channel: Channel, method: "pika.spec.Basic.Return", properties: pika.BasicProperties, _body: bytes) -> None:
        """Unroutable. RabbitMQ confirms it all the same, so it is taken out of the confirmed ones."""
        self._returned[int(properties.message_id or 0)] = str(method.routing_key)

    def _on_confirm(self, frame: "pika.frame.Method[pika.spec.Basic.Ack]") -> None:
        tag, acked = frame.method.delivery_tag, isinstance(frame.method, pika.spec.Basic.Ack)
        tags = [known for known in self._pending if known <= tag] if frame.method.multiple else [tag]
        for known in tags:
            job_id = self._pending.pop(known, None)
            if acked and job_id is not None:
                self._confirmed.add(job_id)
        if not self._pending:
            self._settled.set()

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._channel = None
        self._ready.set()
        self._settled.set()

    def _shut(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.ioloop.add_callback_threadsafe(lambda: connection.close() if connection.is_open else connection.ioloop.stop())

    def _make_lanes(self, lanes: set[str]) -> None:
        connection = connect(self._url)
        try:
            for lane in lanes:
                declare_lane(connection, lane)
        finally:
            connection.close()


def _unreachable(reason: str) -> Unavailable:
    return Unavailable(
        f"RabbitMQ did not take the messages: {reason}",
        fix=["Nothing to do for the work itself: it is stored and follows by itself.", "Check that RabbitMQ runs and AMQP_URL is right."],
    )


class Relay:
    """Publishes due rows. `publish_due` does one round; `run` loops until stopped, woken by `wake` and once a second anyway."""

    def __init__(self, sessions: Sessions, publisher: Publisher, clock: Clock, *, after_publish: Callable[[], None] = lambda: None) -> None:
        self._sessions = sessions
        self._publisher = publisher
        self._clock = clock
        self._after_publish = after_publish
        self._log = structlog.get_logger("relay")

    def publish_due(self, *, run_id: int | None = None, limit: int = BATCH) -> int:
        """Reserve up to `limit` due rows, publish, stamp the confirmed ones. Returns how many. Raises Unavailable."""
        token = str(uuid.uuid4())
        outgoing = self._reserve(token, run_id, limit)
        if not outgoing:
            return 0
        try:
            confirmed = self._publisher.publish(outgoing)
        except Unavailable:
            self._give_back(token)
            raise
        self._after_publish()
        self._stamp(token, confirmed)
        return len(confirmed)

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        trouble = False
        while not stop.is_set():
            wake.clear()
            try:
                published = self.publish_due()
                if trouble:
                    self._log.info("the broker takes messages again")
                    trouble = False
            except SyncError as error:
                if not trouble:
                    self._log.warning("messages are delayed; the rows are kept and follow by themselves", reason=error.summary)
                trouble, published = True, 0
            if published < BATCH:
                wake.wait(POLL_SECONDS)

    def _reserve(self, token: str, run_id: int | None, limit: int) -> list[Outgoing]:
        """Take due rows in hand for RESERVE_SECONDS, so that two relays rarely publish the same row.

        Rows whose time has come go back to `queued` in the same statement: a worker may only claim what is queued or published.
        """
        now = self._clock.now()
        with self._sessions() as session:
            due = _due_rows(now).limit(limit).with_for_update(skip_locked=True, of=Job)
            if run_id is not None:
                due = due.where(col(Job.run_id) == run_id)
            taken = session.execute(
                update(Job)
                .where(col(Job.id).in_(due))
                .values(state=JobState.QUEUED, relay_token=token, relay_until=now + timedelta(seconds=RESERVE_SECONDS))
                .returning(col(Job.id), col(Job.kind), col(Job.data_type), col(Job.site_id))
                .execution_options(synchronize_session=False)
            ).all()
            keys = {row[0]: row[1] for row in session.execute(select(col(Site.id), col(Site.key)))} if taken else {}
        rows = sorted(taken, key=lambda row: row.id)
        return [Outgoing(row.id, lane_name(row.data_type, keys[row.site_id]), row.kind) for row in rows]

    def _stamp(self, token: str, confirmed: set[int]) -> None:
        now = self._clock.now()
        with self._sessions() as session:
            session.execute(
                update(Job)
                .where(col(Job.id).in_(confirmed), col(Job.state) == JobState.QUEUED, col(Job.relay_token) == token)
                .values(state=JobState.PUBLISHED, published_at=now, relay_token=None, relay_until=None)
                .execution_options(synchronize_session=False)
            )
            self._release(session, token)

    def _give_back(self, token: str) -> None:
        with self._sessions() as session:
            self._release(session, token)

    @staticmethod
    def _release(session: Session, token: str) -> None:
        session.execute(
            update(Job)
            .where(col(Job.relay_token) == token)
            .values(relay_token=None, relay_until=None)
            .execution_options(synchronize_session=False)
        )


def _due_rows(now: datetime) -> "SelectOfScalar[int | None]":
    """Ids of rows to publish: their time has come, nobody has them in hand, and neither their site nor their lane is held."""
    held = (
        select(LanePause.id)
        .where(
            col(LanePause.site_id) == col(Job.site_id),
            col(LanePause.data_type) == col(Job.data_type),
            or_(col(LanePause.until).is_(None), col(LanePause.until) > now),
        )
        .exists()
    )
    states = [state.value for state in (JobState.QUEUED, *DUE)]
    return (
        select(col(Job.id))
        .join(Site, and_(col(Site.id) == col(Job.site_id), col(Site.paused_at).is_(None)))
        .where(
            col(Job.state).in_(states),
            col(Job.available_at) <= now,
            or_(col(Job.relay_until).is_(None), col(Job.relay_until) <= now),
            ~held,
        )
        .order_by(col(Job.id))
    )


def declare_topology(url: str, site_keys: Sequence[str]) -> list[str]:
    """Declare every lane of these sites on RabbitMQ. Returns the lanes. Raises Unavailable."""
    lanes = lanes_of(site_keys)
    connection = connect(url)
    try:
        for lane in lanes:
            declare_lane(connection, lane)
    finally:
        connection.close()
    return lanes
