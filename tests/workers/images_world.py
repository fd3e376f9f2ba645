"""A shop window with memory, a cupboard of pictures, and a site between them, for the image flows."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from PIL import Image
from sqlmodel import col, select

from clients.aims360.types import ImageDocument
from clients.joor.types import ImageDraft
from models import Job, Site
from models.catalogue import CardState, ImageSent, StyleCard
from models.errors import Outcome, Rejected, SyncError, Unavailable, WaitUntil
from models.jobs import JobKind, JobState
from models.settings import ImageSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from producers import images as producer
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.images import EXPORT, SCAN
from workers.sync import Context, JobView, SiteView

NOW = datetime(2031, 9, 1, 8, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process died here."""


def jpeg(shade: int, size: tuple[int, int] = (66, 90), form: str = "JPEG") -> bytes:
    """Another picture for another shade."""
    out = io.BytesIO()
    Image.new("RGB", size, (shade * 37 % 256, shade * 91 % 256, shade % 256)).save(out, form)
    return out.getvalue()


class Cupboard:
    """AIMS360's documents. `away`: document ids that cannot be had now; `during` runs once, at the next fetch."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[ImageDocument, bytes]] = {}
        self.away: set[str] = set()
        self.lists = 0
        self.fetched: list[str] = []

    def put(self, style: str, color: str, n: int, content: bytes, *, public: bool = False, id: str = "", name: str = "") -> str:
        """A picture stored (again). Returns its document id."""
        key = id or "_".join(filter(None, (style, color, str(n))))
        uploaded = NOW + timedelta(minutes=len(self.fetched) + len(self.files))
        old = self.files.get(key)
        if old is not None:
            uploaded = (old[0].uploaded or NOW) + timedelta(hours=1)
        uri = f"https://documents.test/{key}"
        document = ImageDocument(
            key, name or f"{key}.jpg", f"{style}|{color}" if color else style, uri, len(content), uploaded, public, style, color, n
        )
        self.files[key] = (document, content)
        return key

    def images(self) -> Iterator[ImageDocument]:
        assert not in_transaction(), "AIMS360 was called with a transaction open"
        self.lists += 1
        yield from [document for document, _ in self.files.values()]

    def image_bytes(self, document: ImageDocument, max_bytes: int) -> bytes:
        assert not in_transaction(), "AIMS360 was called with a transaction open"
        self.fetched.append(document.id)
        if document.id in self.away:
            raise Unavailable(f"AIMS360, fetching image {document.name}: HTTP 503")
        if document.id not in self.files:
            raise Rejected(f"AIMS360, fetching image {document.name}: the document is not there (any more)")
        return self.files[document.id][1]


class Window:
    """JOOR's pictures with memory, as the facts have them: style images add up, names that v4 is given are unique, v2 overwrites a colour's
    picture and a swatch. `refuse` words by part of a file name; `answers` run before a call and may raise; `silent`: names left out of
    answers."""

    def __init__(self, cupboard: Cupboard, *, route: str = "v4") -> None:
        self._cupboard = cupboard
        self.route = route
        self.shown: dict[tuple[str, str, str], list[tuple[str, bytes]]] = {}  # (card, level, colour) -> (file name, content)
        self.calls: list[tuple[bool, list[ImageDraft]]] = []
        self.refuse: dict[str, str] = {}
        self.silent: set[str] = set()
        self.answers: list[Callable[[], None]] = []
        self.at_most_one_way = True

    @property
    def bulk_urls(self) -> bool:
        return self.route == "v4"

    def send_images(self, images: Sequence[ImageDraft], *, replace: bool) -> dict[int, str | None]:
        assert not in_transaction(), "JOOR was called with a transaction open"
        assert images
        if self.answers:
            self.answers.pop(0)()
        self.calls.append((replace, list(images)))
        if replace:
            for card in {image.identifier for image in images if image.level == "style"}:
                self.shown.pop((card, "style", ""), None)
        return {index: self._take(image) for index, image in enumerate(images) if image.filename not in self.silent}

    def _take(self, image: ImageDraft) -> str | None:
        assert (image.url is None) != (image.content is None)
        assert len(image.filename) <= 69
        assert image.joor_id
        words = next((words for part, words in self.refuse.items() if part in image.filename), None)
        if words:
            return words
        place = self.shown.setdefault((image.identifier, image.level, image.color), [])
        if image.url is not None:
            if any(image.filename == name for each in self.shown.values() for name, _ in each):
                return f"filename {image.filename} is in use; it must be unique"
            content = self._cupboard.files[image.url.rpartition("/")[2]][1]
        else:
            content = image.content or b""
            if image.level != "style":
                place.clear()
        place.append((image.filename, content))
        return None

    def at(self, card: str, level: str, color: str = "") -> list[bytes]:
        return [content for _, content in self.shown.get((card, level, color), [])]

    def counts(self) -> dict[tuple[str, str, str], int]:
        return {place: len(each) for place, each in self.shown.items() if each}


class World:
    """One site. `scan` and `work` run flows as the runner would; a batch takes every export that waits."""

    def __init__(self, url: str, *, route: str = "v4", **settings: Any) -> None:
        self.engine = make_engine(url)
        self.session = session_factory(self.engine)
        self.clock = FrozenClock(NOW)
        self.aims = Cupboard()
        self.joor = Window(self.aims, route=route)
        self.settings = ImageSettings(**settings)
        self.die_at: tuple[str, int] | None = None  # failpoint and its nth hit
        self.hits: Counter[str] = Counter()
        with self.session() as session:
            session.add(
                Site(
                    key="us",
                    is_sandbox=True,
                    joor_api_url="https://joor.test",
                    aims_api_url="https://aims.test",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )

    def close(self) -> None:
        self.engine.dispose()

    def card(self, style: str, *colors: str, identifier: str = "", color: str = "", on_joor: bool = True, by_hand: bool = False) -> None:
        skus = [{"color_code": code, "color_name": code, "size": "M", "color_order": at} for at, code in enumerate(colors)]
        with self.session() as session:
            session.add(
                StyleCard(
                    site_id=1,
                    identifier=identifier or style,
                    style=style,
                    color=color,
                    number=style,
                    state=CardState.ON_JOOR if on_joor else CardState.WANTED,
                    by_hand=by_hand,
                    joor_id=f"id-{identifier or style}" if on_joor else None,
                    sent={"product": {}, "skus": skus, "prices": {}},
                    created_at=NOW,
                )
            )

    def ask(self, **more: Any) -> JobView:
        with self.session() as session:
            run = producer.request(session, "us", clock=self.clock, **more)
            return view(session.exec(select(Job).where(Job.run_id == run.id)).one())

    def scan(self, **more: Any) -> Outcome:
        return self._one(self.ask(**more))

    def sync(self, **more: Any) -> dict[str, Outcome | SyncError]:
        """A scan and the exports it asks for."""
        self.scan(**more)
        return self.work()

    def work(self) -> dict[str, Outcome | SyncError]:
        """One batch of every export that waits; by style. Jobs that did not end wait again."""
        with self.session() as session:
            kind = JobKind.IMAGES_EXPORT.value
            rows = session.exec(select(Job).where(Job.kind == kind, Job.state == JobState.QUEUED).order_by(col(Job.id))).all()
            jobs = [view(row) for row in rows]
        return self.export(jobs) if jobs else {}

    def export(self, jobs: Sequence[JobView]) -> dict[str, Outcome | SyncError]:
        self.clock.advance(1)
        assert EXPORT.run_batch is not None
        answers = EXPORT.run_batch(jobs, self._context())
        assert set(answers) == {job.id for job in jobs}
        for job in jobs:
            if not isinstance(answers[job.id], Unavailable | WaitUntil):
                self._end(job)
        return {job.key: answers[job.id] for job in jobs}

    def named(self, *styles: str, dry_run: bool = False, **payload: Any) -> dict[str, Outcome | SyncError]:
        """Exports that know of no scan."""
        return self.export(
            [JobView(9000 + at, 1, JobKind.IMAGES_EXPORT, style, payload, dry_run, None, 0) for at, style in enumerate(styles)]
        )

    def _one(self, job: JobView) -> Outcome:
        self.clock.advance(1)
        assert SCAN.run is not None
        outcome = SCAN.run(job, self._context())
        self._end(job)
        return outcome

    def _end(self, job: JobView) -> None:
        with self.session() as session:
            row = session.get(Job, job.id)
            if row is not None:
                row.state = JobState.SUCCEEDED

    def _context(self) -> Context:
        return Context(
            site=SiteView(
                1, "us", "US", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule(), images=self.settings,
                is_sandbox=True,
            ),
            clock=self.clock,
            session=self.session,
            joor=cast(Any, None),
            aims=cast(Any, self.aims),
            log=structlog.get_logger(),
            catalogue=lambda: cast(Any, self.joor),
            hit=self._hit,
        )  # fmt: skip

    def _hit(self, name: str) -> None:
        self.hits[name] += 1
        if self.die_at == (name, self.hits[name]):
            raise Killed(name)

    def ledger(self) -> list[ImageSent]:
        with self.session() as session:
            return list(session.exec(select(ImageSent).order_by(col(ImageSent.identifier), col(ImageSent.level), col(ImageSent.place))))

    def row(self, card: str, level: str, color: str = "", place: int = 1) -> ImageSent:
        with self.session() as session:
            return session.get_one(ImageSent, (1, card, level, color, place))

    def exports(self) -> list[Job]:
        with self.session() as session:
            query = select(Job).where(Job.kind == JobKind.IMAGES_EXPORT.value, Job.state == JobState.QUEUED)
            return list(session.exec(query.order_by(col(Job.key))))

    def forget_calls(self) -> None:
        self.joor.calls.clear()
        self.aims.fetched.clear()
        self.aims.lists = 0
        self.hits.clear()

    @property
    def sent(self) -> list[str]:
        """Level, colour and card of every picture in every call since `forget_calls`."""
        return [f"{image.level} {image.color} {image.identifier}".replace("  ", " ") for _, images in self.joor.calls for image in images]


def view(job: Job) -> JobView:
    return JobView(job.id or 0, job.site_id, JobKind(job.kind), job.key, job.payload or {}, job.dry_run, job.run_id, job.attempts)
