"""Rows to confirmed messages per second: our Relay (asynchronous confirms, mandatory) against stock dramatiq confirming one by one.

`relay` reads and stamps rows of PostgreSQL as well; `publisher` is its RabbitMQ half alone. The peers touch no database. `stock` is
dramatiq's RabbitmqBroker(confirm_delivery=True) with the classic queues it declares; `stock_quorum` is the same publishing code on a lane
of ours, whose quorum queue syncs each message to disk before it confirms.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from measuring.report import interleave, options, rates, ratio, show, timed
from measuring.servers import about_database, servers, site

from models.jobs import DataType, JobKind
from models.outbox import Ask, add_jobs
from producers.relay import BATCH, AmqpPublisher, Outgoing, Relay, declare_topology
from runtime.broker import LaneBroker, connect, lane_name, lanes_of
from runtime.clock import SystemClock
from runtime.db import Sessions

SITE = "bench"
KIND = JobKind.ORDERS_IMPORT
LANE = lane_name(DataType.ORDERS.value, SITE)
STOCK_QUEUE = "bench-stock"


@dataclass
class Race:
    """The contenders. Each round sends `size` messages and makes sure that they lie in the queue."""

    amqp_url: str
    sessions: Sessions
    site_id: int
    size: int

    def __post_init__(self) -> None:
        self.round = 0
        self.publisher = AmqpPublisher(self.amqp_url)
        self.stock = RabbitmqBroker(url=self.amqp_url, confirm_delivery=True, middleware=[])
        self.quorum = LaneBroker(self.amqp_url)
        self.stock.declare_queue(STOCK_QUEUE, ensure=True)
        self.publisher.publish([Outgoing(0, LANE, KIND.value)])  # connected
        self.quorum.enqueue(_message(LANE, 0))
        self._emptied(LANE)

    def relay(self) -> float:
        self.round += 1
        clock = SystemClock()
        with self.sessions() as session:
            asks = [Ask(KIND, f"{self.round}-{number}") for number in range(self.size)]
            add_jobs(session, self.site_id, asks, now=clock.now())
        relay = Relay(self.sessions, self.publisher, clock)

        def until_none_is_left() -> None:
            while relay.publish_due():
                pass

        return self._checked(LANE, timed(until_none_is_left))

    def publisher_alone(self) -> float:
        messages = [Outgoing(number, LANE, KIND.value) for number in range(self.size)]

        def in_batches() -> None:
            for start in range(0, self.size, BATCH):
                self.publisher.publish(messages[start : start + BATCH])

        return self._checked(LANE, timed(in_batches))

    def one_by_one(self, broker: dramatiq.Broker, queue: str) -> float:
        messages = [_message(queue, number) for number in range(self.size)]
        return self._checked(queue, timed(lambda: _enqueue(broker, messages)))

    def _checked(self, queue: str, seconds: float) -> float:
        found = self._emptied(queue)
        if found != self.size:
            raise AssertionError(f"{self.size} messages were confirmed and {found} lie in {queue}")
        return seconds

    def _emptied(self, queue: str) -> int:
        with contextlib.closing(connect(self.amqp_url)) as connection:
            return int(connection.channel().queue_purge(queue).method.message_count)

    def close(self) -> None:
        self.publisher.close()
        self.stock.close()
        self.quorum.close()


def _message(queue: str, number: int) -> "dramatiq.Message[object]":
    return dramatiq.Message(queue_name=queue, actor_name=KIND.value, args=(number,), kwargs={}, options={})


def _enqueue(broker: dramatiq.Broker, messages: Iterable["dramatiq.Message[object]"]) -> None:
    for message in messages:
        broker.enqueue(message)


@contextlib.contextmanager
def queues(amqp_url: str) -> Iterator[None]:
    """Our lanes, and none of the queues left behind."""
    declare_topology(amqp_url, [SITE])
    try:
        yield
    finally:
        with contextlib.closing(connect(amqp_url)) as connection:
            channel = connection.channel()
            for lane in (*lanes_of([SITE]), STOCK_QUEUE):
                for queue in (lane, f"{lane}.DQ", f"{lane}.XQ"):
                    channel.queue_delete(queue)


def main() -> None:
    given = options(__doc__.splitlines()[0], size=2000, of="messages a round", repeat=5)
    with (
        servers() as have,
        have.amqp() as amqp_url,
        have.database("postgresql") as url,
        queues(amqp_url),
        site(url, SITE) as (sessions, site_id),
    ):
        race = Race(amqp_url, sessions, site_id, given.size)
        try:
            seconds = interleave(
                {
                    "relay": race.relay,
                    "publisher": race.publisher_alone,
                    "stock": lambda: race.one_by_one(race.stock, STOCK_QUEUE),
                    "stock_quorum": lambda: race.one_by_one(race.quorum, LANE),
                },
                given.repeat,
            )
        finally:
            race.close()
        show(
            "relay",
            given,
            unit="messages",
            postgresql=about_database(sessions),
            contenders=rates(seconds, given.size),
            times_as_fast={
                "relay / stock": ratio(seconds["relay"], seconds["stock"]),
                "relay / stock_quorum": ratio(seconds["relay"], seconds["stock_quorum"]),
                "publisher / stock_quorum": ratio(seconds["publisher"], seconds["stock_quorum"]),
            },
        )


if __name__ == "__main__":
    main()
