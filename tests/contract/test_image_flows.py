"""The image flows over real HTTP: pictures out of the pretend AIMS360 into the pretend JOOR, by every way there is."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import structlog
from sqlmodel import col, select

from clients.joor.types import PARTS, CardIds, CardWork, PriceDraft, SkuDraft, StyleDraft
from models import Job, Site
from models.catalogue import CardState, ImageSent, StyleCard
from models.errors import Outcome, Synced, SyncError, Unchanged
from models.jobs import JobKind, JobState
from models.settings import ImageSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from rules.style_parts import parts_of
from runtime.clock import SystemClock
from runtime.db import Sessions, make_engine, session_factory
from tests.contract.conftest import Sandbox
from workers.images import EXPORT, SCAN
from workers.sync import Context, JobView, SiteView

RUNS = itertools.count(1)
WAYS = {"v4 by address": ("v4", True), "v4 as bytes": ("v4", False), "v2 as bytes": ("v2", True)}


@dataclass
class Town:
    sandbox: Sandbox
    sessions: Sessions
    context: Context
    identifiers: dict[str, str]  # by style

    def sync(self) -> dict[str, Outcome | SyncError]:
        assert SCAN.run is not None
        assert EXPORT.run_batch is not None
        SCAN.run(JobView(1, 1, JobKind.IMAGES_SCAN, "", {}, False, None, 0), self.context)
        with self.sessions() as session:
            rows = session.exec(select(Job).where(Job.state == JobState.QUEUED).order_by(col(Job.id))).all()
            jobs = [JobView(row.id or 0, 1, JobKind(row.kind), row.key, row.payload or {}, False, None, 0) for row in rows]
            for row in rows:
                row.state = JobState.SUCCEEDED
        answers = EXPORT.run_batch(jobs, self.context) if jobs else {}
        return {job.key: answers[job.id] for job in jobs}

    def shown(self) -> Counter[tuple[str, str, str]]:
        rows = self.sandbox.get("joor", "/_state", what="assets", account="us")["assets"]
        mine = set(self.identifiers.values())
        return Counter((row["product"], row["color"] or "", row["type"]) for row in rows if row["product"] in mine)

    def ledger(self) -> list[ImageSent]:
        with self.sessions() as session:
            return list(session.exec(select(ImageSent)))

    def writes(self, during: Callable[[], object]) -> int:
        before = max((call["seq"] for call in self.sandbox.get("joor", "/_calls")["calls"]), default=0)
        during()
        return sum(call["method"] != "GET" for call in self.sandbox.get("joor", "/_calls", since_seq=before)["calls"])


@pytest.fixture(params=sorted(WAYS))
def town(request: pytest.FixtureRequest, sandbox: Sandbox, joor: Any, aims: Any, sqlite_url: str) -> Iterator[Town]:
    """A card of our own for each of five styles that have pictures."""
    route, public = WAYS[request.param]
    client, reader = joor(with_v4=route == "v4", contract={"bulk_style.poll_first": "0.01", "bulk_style.poll_longest": "0.02"}), aims()
    site = SiteView(
        1, "us", "US", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(route=route), Schedule(),
        images=ImageSettings(urls_public=public), is_sandbox=True,
    )  # fmt: skip
    colors: dict[str, set[str]] = {}
    for document in reader.images():
        colors.setdefault(document.style, set()).update(filter(None, [document.color]))
    styles = [style for style in sorted(colors) if colors[style] and style != "NO-SUCH"][:5]
    identifiers = {style: f"{style}-IMG{next(RUNS)}" for style in styles}
    catalogue = client.catalogue(site)
    ids: dict[str, CardIds] = {}
    drafts = {style: draft(identifiers[style], sorted(colors[style])) for style in styles}
    for saved in catalogue.save_styles([CardWork(each, CardIds(), frozenset(PARTS)) for each in drafts.values()], lambda names: None):
        ids |= {one.identifier: one.ids for one in saved}
    engine = make_engine(sqlite_url)
    sessions = session_factory(engine)
    now = datetime.now(UTC)
    with sessions() as session:
        session.add(
            Site(
                key="us",
                is_sandbox=True,
                joor_api_url="https://joor.test",
                aims_api_url="https://aims.test",
                created_at=now,
                updated_at=now,
            )
        )
        session.flush()
        for style, each in drafts.items():
            card = StyleCard(
                site_id=1, identifier=each.identifier, style=style, number=each.number, state=CardState.ON_JOOR, created_at=now
            )
            card.joor_id, card.sent = ids[each.identifier].joor_id, parts_of(each)
            session.add(card)
    context = Context(site, SystemClock(), sessions, client, reader, structlog.get_logger(), catalogue=lambda: client.catalogue(site))
    yield Town(sandbox, sessions, context, identifiers)
    engine.dispose()


def draft(identifier: str, colors: list[str]) -> StyleDraft:
    price = (PriceDraft("US Dollars", "USD", Decimal("10.00"), Decimal("25.00")),)
    skus = tuple(SkuDraft(code, code, "M", color_order=at, size_order=1, prices=price) for at, code in enumerate(colors, 1))
    return StyleDraft(identifier, identifier, f"Pictures {identifier}", skus=skus)


def test_pictures_reach_joor_once_and_are_not_sent_again(town: Town) -> None:
    outcomes = town.sync()
    assert sorted(outcomes) == sorted(town.identifiers)
    assert all(isinstance(outcome, Synced) for outcome in outcomes.values()), outcomes
    on_joor = [row for row in town.ledger() if row.refused is None]
    assert all(row.digest for row in on_joor)
    expected = Counter((row.identifier, row.color, "swatch" if row.level == "swatch" else "image") for row in on_joor)
    assert town.shown() == expected
    assert town.writes(town.sync) == 0
    assert town.shown() == expected


def test_everything_again_leaves_no_picture_twice(town: Town) -> None:
    town.sync()
    before = town.shown()
    assert EXPORT.run_batch is not None
    jobs = [JobView(100 + at, 1, JobKind.IMAGES_EXPORT, style, {"full": True}, False, None, 0) for at, style in enumerate(town.identifiers)]
    assert all(isinstance(outcome, Synced | Unchanged) for outcome in EXPORT.run_batch(jobs, town.context).values())
    assert town.shown() == before
