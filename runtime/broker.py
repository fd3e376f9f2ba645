"""Lanes on a broker: RabbitMQ (quorum queues, one active consumer, one delivery in flight) or, embedded, in memory with the same limit.

Topology per lane `q` (DESIGN section 5): `q` quorum, single active consumer, delivery limit 20, dead-lettering to `q.XQ`; `q.DQ`
quorum without delivery limit; `q.XQ` quorum with a 30-day TTL. Works on RabbitMQ 3.10 to 4.x.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import dramatiq
import pika
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import dq_name, xq_name
from dramatiq.middleware import Middleware, Retries, TimeLimit
from dramatiq.worker import Worker
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

from models.errors import Unavailable
from models.jobs import DataType, JobKind

DELIVERY_LIMIT = 20
DEAD_TTL_MS = 30 * 24 * 3600 * 1000
#: A delayed message sits unacknowledged in a worker's memory; longer waits are `available_at` in SQL.
MAX_DELAY_MS = 5 * 60 * 1000
#: RabbitMQ takes an unacknowledged delivery back after 30 minutes; a message must be done well before.
TIME_LIMIT_MS = 20 * 60 * 1000
#: One delivery in flight per lane: JOOR wants the answer before the next request to the same endpoint.
LANE_PREFETCH = 1
DELAYED_PREFETCH = 100

#: The data types that have actors, in the order JOOR's credits are shared.
LANE_TYPES: tuple[DataType, ...] = tuple(dict.fromkeys(kind.data_type for kind in JobKind))


def lane_name(data_type: str, site_key: str) -> str:
    return f"{data_type}.{site_key}"


def lanes_of(site_keys: Iterable[str]) -> list[str]:
    return [lane_name(data_type.value, key) for key in site_keys for data_type in LANE_TYPES]


class SafeRetries(Retries):
    """Retries for what the runner could not even record (a database that is down).

    Stock dramatiq swallows a middleware error and acknowledges: a retry whose re-enqueue fails would be lost. Here it is failed
    instead, so that it reaches the dead-letter queue, or stays in its queue when the connection is gone.
    """

    def after_process_message(self, broker: Any, message: Any, *, result: Any = None, exception: BaseException | None = None) -> None:
        try:
            super().after_process_message(broker, message, result=result, exception=exception)  # type: ignore[no-untyped-call]  # dramatiq's
        except Exception:
            message.fail()
            raise


def lane_middleware() -> list[Middleware]:
    return [TimeLimit(time_limit=TIME_LIMIT_MS), SafeRetries(max_retries=4, min_backoff=2_000, max_backoff=60_000)]


def _guarded(message: "dramatiq.Message[Any]", delay: int | None) -> "dramatiq.Message[Any]":
    """Refuse long delays and strip tracebacks, which may quote secrets."""
    if delay is not None and delay > MAX_DELAY_MS:
        raise ValueError(f"a delay of {delay} ms belongs into available_at: the broker holds at most {MAX_DELAY_MS} ms")
    if "traceback" in message.options:
        options = {key: value for key, value in message.options.items() if key != "traceback"}
        message = message.copy(options=options)
        message.options.pop("traceback", None)
    return message


class _LanesOnly:
    """Declaring an actor declares no queue of its own: lanes are declared apart, because sites come and go while a worker runs."""

    actors: dict[str, Any]

    def declare_actor(self, actor: "dramatiq.Actor[Any, Any]") -> None:
        self.actors[actor.actor_name] = actor


class LaneBroker(_LanesOnly, RabbitmqBroker):
    """RabbitMQ with our topology, confirms on, and no delay that the broker should not hold."""

    def __init__(self, url: str) -> None:
        super().__init__(confirm_delivery=True, parameters=None, url=None, middleware=lane_middleware())
        self.parameters = connection_parameters(url)

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        return super().enqueue(_guarded(message, delay), delay=delay)

    def _declare_queue(self, queue_name: str) -> Any:
        declare_lane(self.connection, queue_name)

    def _declare_dq_queue(self, queue_name: str) -> None:
        """Declared with the lane."""

    def _declare_xq_queue(self, queue_name: str) -> None:
        """Declared with the lane."""


class MemoryLaneBroker(_LanesOnly, StubBroker):
    """The embedded default. The worker's prefetch of one holds per lane here too; jobs survive because the rows are the truth."""

    def __init__(self) -> None:
        super().__init__(middleware=lane_middleware())

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        self.declare_queue(message.queue_name)
        return super().enqueue(_guarded(message, delay), delay=delay)


class LaneWorker(Worker):
    """dramatiq's worker with one delivery in flight per lane, whatever the number of threads."""

    def __init__(self, broker: dramatiq.Broker, threads: int) -> None:
        super().__init__(broker, worker_threads=threads)
        self.queue_prefetch = LANE_PREFETCH
        self.delay_prefetch = DELAYED_PREFETCH

    def alive(self) -> bool:
        return all(thread.is_alive() for thread in (*self.workers, *self.consumers.values()))


def make_broker(amqp_url: str | None) -> "dramatiq.Broker":
    return LaneBroker(amqp_url) if amqp_url else MemoryLaneBroker()


def connection_parameters(url: str) -> pika.URLParameters:
    """AMQP URL with the time-outs that keep a publisher from hanging for ever under a memory alarm. The URL's own values win."""
    separator = "&" if "?" in url else "?"
    defaults = {"heartbeat": "30", "blocked_connection_timeout": "30", "socket_timeout": "10", "stack_timeout": "15"}
    missing = [f"{name}={value}" for name, value in defaults.items() if f"{name}=" not in url]
    try:
        return pika.URLParameters(url + separator + "&".join(missing) if missing else url)
    except Exception as error:
        raise Unavailable(
            f"AMQP_URL is not a usable amqp:// URL: {error}", fix=["Correct AMQP_URL (amqp://user:pass@host:5672/vhost)."]
        ) from None


def connect(url: str) -> BlockingConnection:
    """Raises Unavailable with words when RabbitMQ cannot be reached or refuses us."""
    try:
        return BlockingConnection(connection_parameters(url))
    except pika.exceptions.AMQPError as error:
        raise Unavailable(
            f"RabbitMQ cannot be reached ({type(error).__name__}: {error})",
            fix=["Start RabbitMQ, or correct AMQP_URL.", "Queued work is kept in the database and follows by itself."],
        ) from error


def declare_lane(connection: BlockingConnection, lane: str) -> None:
    """Make the three queues of a lane where they are missing. Existing ones are left as they are, so a user without configure rights
    can work on declared lanes, and a server upgrade that changes a default does not clash."""
    dead_letter = {"x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": xq_name(lane)}
    _declare(connection, xq_name(lane), {"x-queue-type": "quorum", "x-message-ttl": DEAD_TTL_MS})
    _declare(connection, lane, {**dead_letter, "x-single-active-consumer": True, "x-delivery-limit": DELIVERY_LIMIT})
    if _exists(connection, dq_name(lane)):
        return
    try:
        # RabbitMQ 4 limits deliveries to 20 unless told otherwise: a graceful restart, which returns held messages, would count.
        _declare(connection, dq_name(lane), {**dead_letter, "x-delivery-limit": -1})
    except pika.exceptions.ChannelClosedByBroker:
        # RabbitMQ 3 knows no -1; there a missing limit means none.
        _declare(connection, dq_name(lane), dead_letter)


def _declare(connection: BlockingConnection, queue: str, arguments: dict[str, Any]) -> None:
    if _exists(connection, queue):
        return
    channel = connection.channel()
    channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.close()


def _exists(connection: BlockingConnection, queue: str) -> bool:
    return _ready(connection, queue) is not None


def _ready(connection: BlockingConnection, queue: str) -> int | None:
    """Messages ready in a queue; None when there is no such queue."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).method.message_count)
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code == 404:
            return None
        raise
    finally:
        if channel.is_open:
            channel.close()


@dataclass(frozen=True)
class LaneDepth:
    """Messages in the broker; None where the queue does not exist."""

    ready: int | None
    delayed: int | None
    dead: int | None


def lane_depths(connection: BlockingConnection, lanes: Iterable[str]) -> dict[str, LaneDepth]:
    return {
        lane: LaneDepth(_ready(connection, lane), _ready(connection, dq_name(lane)), _ready(connection, xq_name(lane))) for lane in lanes
    }


def read_dead(connection: BlockingConnection, lane: str) -> Iterator[tuple[bytes, BlockingChannel, int]]:
    """Dead letters of a lane, one at a time: (body, channel, delivery tag). The caller acknowledges once the row is written."""
    if _ready(connection, xq_name(lane)) is None:
        return
    channel = connection.channel()
    while True:
        method, _, body = channel.basic_get(xq_name(lane))
        if method is None or body is None:
            break
        yield body, channel, method.delivery_tag
    channel.close()
