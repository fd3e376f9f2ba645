"""Worker, relay, rescue loop and timetable in this process: `joorsync up`, `joorsync demo` and `enqueue --wait` without services."""

import threading
from types import TracebackType
from typing import Self

from console.process import Process, Running
from producers.main import Background
from producers.relay import AmqpPublisher, MemoryPublisher, Publisher
from producers.rescue import lost_messages
from runtime.broker import make_broker


class Inline:
    """`with Inline(process):` work is done while the block runs. Without AMQP_URL over the in-memory broker, else over RabbitMQ."""

    def __init__(self, process: Process, *, with_timetable: bool = False) -> None:
        self._process = process
        self._with_timetable = with_timetable
        self._stop = threading.Event()
        self._worker: Running | None = None
        self._background: Background | None = None
        self._publisher: Publisher | None = None

    def __enter__(self) -> Self:
        process, settings = self._process, self._process.settings
        self._broker = make_broker(settings.amqp_url)
        if settings.embedded:
            with process.sessions() as session:
                lost_messages(session, process.clock.now(), [], every=True)  # this broker's memory is new
        self._worker = process.work.start(process, self._broker, self._stop)
        self._publisher = AmqpPublisher(settings.amqp_url) if settings.amqp_url else MemoryPublisher(self._broker)
        self._background = Background(settings, process.sessions, self._publisher, process.clock, self._stop)
        self._background.start(with_timetable=self._with_timetable)
        return self

    def alive(self) -> bool:
        """False when a thread that should live has died."""
        return bool(self._worker and self._worker.alive() and self._background and self._background.alive())

    def wake(self) -> None:
        """Let the relay look at once."""
        if self._background is not None:
            self._background.wake.set()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self.wake()
        if self._worker is not None:
            self._worker.stop()
        if self._background is not None:
            self._background.join()
        if self._publisher is not None:
            self._publisher.close()
        self._broker.close()
